"""``hubdoi gateway drill``: show that a backup can be restored, while the gateway goes on."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import monotonic

import sqlalchemy as sa

from ..minting.database import Database
from ..minting.ledger_tables import amendments, versions
from ..minting.postgres import PostgresDatabase
from ..minting.user_ledger import data_directory
from ..records.errors import LedgerError
from ..records.findings import Finding, Findings
from .administration import OPERATOR
from .audit import AuditLog
from .backup import fill_from, write_to
from .database import migrate, open_database
from .settings import Settings
from .tables import audit

Contents = dict[str, tuple[int, int]]
"""For each table the number of its rows, and a digest of them in whatever order."""


def drill() -> Findings:
    """Back up, restore into a scratch database, compare every row, and remove it again.

    The scratch database is made beside that of the gateway, whose user needs the right to do so.

    Raises:
        LedgerError: the database cannot be read, or no scratch database can be made.
    """
    database = open_database(Settings.read().database, data_directory() / "gateway", pool=2)
    try:
        migrate(database, empty_only=True)
        with tempfile.TemporaryDirectory(prefix="hubdoi-drill-") as made:
            file = Path(made) / "backup"
            with _held(database) as (db, snapshot):
                before = _contents(db)
                write_to(database, file, snapshot)
            start = monotonic()
            with _scratch(database, Path(made)) as scratch:
                fill_from(scratch, file)
                taken = monotonic() - start
                with scratch.reading() as db:
                    after = _contents(db)
                found = [*_compared(before, after), _unfinished(scratch), _log_grows(scratch)]
            size = file.stat().st_size
        rows = sum(count for count, _ in after.values())
        failed = any(one.is_problem for one in found)
        summary = f"A backup of {size:,} bytes was restored in {taken:.1f} s: {rows:,} rows in {len(after)} tables, {'not' if failed else 'all'} as they were."
        AuditLog(database).add(OPERATOR, "backup drill", "database", summary)
    finally:
        database.close()
    return Findings(summary, found)


@contextmanager
def _held(database: Database) -> Iterator[tuple[sa.Connection, str | None]]:
    """One state of the database, which the backup sees as well; on PostgreSQL by its snapshot.

    On SQLite, writers wait meanwhile.
    """
    if database.is_postgres:
        with database.reading() as db:
            yield db, db.scalar(sa.text("SELECT pg_export_snapshot()"))
    else:
        with database.transaction() as db:
            yield db, None


@contextmanager
def _scratch(database: Database, directory: Path) -> Iterator[Database]:
    if not database.is_postgres:
        scratch = Database(directory / "scratch.db")
        try:
            yield scratch
        finally:
            scratch.close()
        return
    name = f"hubdoi_drill_{secrets.token_hex(4)}"
    url = database.engine.url.set(database=name).render_as_string(hide_password=False)
    try:
        _administer(database, f"CREATE DATABASE {name}")
    except LedgerError:
        raise LedgerError(
            "No scratch database can be made for the drill; give the user of the database the right with ALTER ROLE … CREATEDB."
        ) from None
    scratch = PostgresDatabase(url, pool=2)
    try:
        yield scratch
    finally:
        scratch.close()
        _administer(database, f"DROP DATABASE {name}")


def _administer(database: Database, statement: str) -> None:
    with database.connecting() as db:
        db.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(statement))


def _contents(db: sa.Connection) -> Contents:
    found = {}
    for name in sorted(sa.inspect(db).get_table_names()):
        count = digest = 0
        query = sa.select(sa.text("*")).select_from(sa.table(name))
        for row in db.execution_options(yield_per=1000).execute(query):
            count += 1
            digest += int.from_bytes(sha256(repr(tuple(row)).encode()).digest()[:16])
        found[name] = (count, digest % 2**128)
    return found


def _compared(before: Contents, after: Contents) -> Iterator[Finding]:
    for name in sorted({*before, *after}):
        here, there = before.get(name), after.get(name)
        if here == there and here is not None:
            yield Finding(name, "table", f"{here[0]:,} rows, all the same.", is_problem=False)
            continue
        counts = [f"{one[0]:,} rows" if one else "no table" for one in (here, there)]
        yield Finding(
            name,
            "table",
            f"{counts[0]} before and {counts[1]} after the restore, or other rows; compare the versions of PostgreSQL's programs and of its server, and keep the older backups.",
        )


def _unfinished(scratch: Database) -> Finding:
    with scratch.reading() as db:
        present = sa.inspect(db).get_table_names()
        count = sum(
            db.scalar(sa.select(sa.func.count()).select_from(table).where(is_open)) or 0
            for table, is_open in (
                (versions, versions.c.step != "linked"),
                (amendments, amendments.c.step == "intended"),
            )
            if table.name in present
        )
    sentence = f"{count} were not finished; a gateway on the restored database would go on with them, with the same DOIs."
    return Finding("mints", "unfinished", sentence, is_problem=False)


def _log_grows(scratch: Database) -> Finding:
    """Whether the restored database still refuses to change the audit log."""
    AuditLog(scratch).add(OPERATOR, "backup drill", "database")
    try:
        with scratch.transaction() as db:
            db.execute(audit.update().values(who="nobody"))
    except (LedgerError, sa.exc.DBAPIError):
        return Finding("audit log", "append-only", "It only grows, as before.", is_problem=False)
    return Finding(
        "audit log",
        "append-only",
        "The restored database lets entries be changed: its triggers are missing; restore with hubdoi gateway restore, and nothing else.",
    )
