"""The gateway's database: opened, and brought to the present schema by Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from ..minting.database import Database
from ..minting.postgres import PostgresDatabase, lock_tables
from ..records.errors import InvalidInput, LedgerError

VERSION_TABLE = "gateway_schema"


def open_database(url: str | None, directory: Path, *, pool: int = 10) -> Database:
    """The database at `url`, an SQLAlchemy URL; without one SQLite in `directory`.

    Raises:
        InvalidInput: the URL is that of no database that a gateway can use.
        LedgerError: the file cannot be made.
    """
    if not url:
        return Database(directory / "gateway.db")
    kind = url.partition(":")[0].partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return PostgresDatabase(url, pool=pool)
    path = sa.make_url(url).database if kind == "sqlite" else None
    if not path or path == ":memory:":
        raise InvalidInput(
            "HUBDOI_GATEWAY_DATABASE is written like postgresql+psycopg://user@host/name or sqlite:////path/of/a/file.db."
        )
    return Database(Path(path))


CLOCKS = {
    "postgresql": sa.literal_column("extract(epoch FROM clock_timestamp())", sa.Float),
    "sqlite": sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Float),
}


def clock_of(db: sa.Connection | sa.Engine) -> sa.ColumnElement[float]:
    """Seconds since 1970, by the clock of the database, as a part of a statement."""
    return CLOCKS[db.dialect.name]


def now_in(db: sa.Connection) -> float:
    """Seconds since 1970, by the clock of the database."""
    return float(db.scalar(sa.select(clock_of(db))) or 0)


def migrate(database: Database, *, empty_only: bool = False) -> str:
    """Bring the schema to the present revision, and answer with that; one process does it at a time.

    With `empty_only`, a database that an older gateway made is left as it is.

    Raises:
        LedgerError: it needs a migration that was not asked for, or a newer hubdoi made it.
    """
    config = alembic_config()
    present = ScriptDirectory.from_config(config).get_current_head() or ""
    with database.transaction() as connection:
        lock_tables(connection)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = context.get_current_revision()
        if found == present:
            return present
        if found and empty_only:
            raise LedgerError(
                "The database was made by another version of hubdoi; back it up, then run: hubdoi gateway migrate"
            )
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise LedgerError(
                "The database was made by a newer hubdoi; upgrade with: pip install --upgrade 'hubdoi[gateway]'"
            ) from None
    return present


def alembic_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
