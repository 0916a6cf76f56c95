"""Back a gateway's database up, and restore it: ``hubdoi gateway backup``, ``restore``.

PostgreSQL's own programs do it on PostgreSQL; a SQLite file is copied while it is in use.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess  # nosec B404  # each call says what it runs
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from ..minting.database import Database
from ..minting.user_ledger import data_directory
from ..records import Message
from ..records.errors import InvalidInput, LedgerError
from .administration import OPERATOR
from .database import VERSION_TABLE, migrate, open_database
from .institution import Institution
from .settings import Settings

_SECONDS = 6 * 3600
_NEEDED = frozenset(
    {"HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "USER"}
)
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def backup(file: str) -> Message:
    """Write the whole database to the new `file`; the gateway may be running.

    Raises:
        InvalidInput: the file exists, or cannot be written.
        LedgerError: the database cannot be read.
    """
    path = Path(file)
    database = _database()
    try:
        with path.open("xb"):
            path.chmod(0o600)
    except FileExistsError:
        raise InvalidInput(f"{path} exists; name a new file.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None
    try:
        write_to(database, path)
    except BaseException:
        path.unlink()
        raise
    finally:
        database.close()
    return Message(f"{path} contains the whole database: {path.stat().st_size:,} bytes.", str(path))


def restore(file: str) -> Message:
    """Fill the database, which has to be empty, from `file`, and bring it to the present schema.

    Raises:
        InvalidInput: the file is no backup of a gateway.
        LedgerError: the database has something in it, or cannot be used.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise InvalidInput(f"{path} is not a file; name one that hubdoi gateway backup wrote.")
    database = _database()
    try:
        if _has_tables(database):
            raise LedgerError(
                "The database is not empty, and a restore would mix two; set HUBDOI_GATEWAY_DATABASE to an empty one."
            )
        fill_from(database, path)
    finally:
        database.close()
    return _adopted()


def write_to(database: Database, path: Path, snapshot: str | None = None) -> None:
    """Write all of `database`, or what a `snapshot` of PostgreSQL sees of it, to `path`.

    Raises:
        LedgerError: it cannot be read.
    """
    if database.is_postgres:
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
        of = (f"--snapshot={snapshot}",) if snapshot else ()
        _run(database, "pg_dump", *options, *of)
    else:
        _copy(database.path, path)


def fill_from(database: Database, path: Path) -> None:
    """Fill `database`, which is empty, from a backup, and bring it to the present schema.

    Raises:
        InvalidInput, LedgerError: the file is no backup, or the database cannot be written.
    """
    if database.is_postgres:
        options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        dbname = f"--dbname={database.engine.url.database}"
        _run(database, "pg_restore", *options, dbname, str(path))
    else:
        _fill(database, path)
    migrate(database)


def _adopted() -> Message:
    """Have what was not finished when the backup was made finished."""
    institution = Institution(Settings.read(), pool=2)
    try:
        found = institution.work.adopt()
        for doi, _, _ in institution.drafts.book.waiting():
            # Its draft may have been discarded since.
            institution.drafts.put(doi, "keep")
        waiting = len(institution.work.waiting())
        institution.audit.add(OPERATOR, "restored", "database")
    finally:
        institution.close()
    text = f"The database was restored; {waiting} mints and corrections are not finished. Now run: hubdoi gateway reconcile"
    return Message(text, {"unfinished": waiting, "adopted": found})


def _database() -> Database:
    return open_database(Settings.read().database, data_directory() / "gateway", pool=1)


def _has_tables(database: Database) -> bool:
    with database.reading() as db:
        return bool(sa.inspect(db).get_table_names())


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as a, closing(sqlite3.connect(target)) as b:
            a.backup(b)
        with target.open("rb") as written:
            os.fsync(written.fileno())
    except sqlite3.Error as error:
        raise LedgerError(f"{source} cannot be copied to {target}: {error}.") from None


def _fill(database: Database, path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as found:
            whole = found.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            tables = {row[0] for row in found.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        whole, tables = False, set()
    if not whole or VERSION_TABLE not in tables:
        raise InvalidInput(
            f"{path} is not a whole backup of a gateway on SQLite; name one that hubdoi gateway backup wrote."
        )
    database.close()
    _copy(path, database.path)


def _run(database: Database, program: str, *arguments: str) -> None:
    """A program of PostgreSQL on this database; its password is in the environment, not in sight.

    Raises:
        LedgerError: it is not there, or fails.
    """
    url = database.engine.url
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    given = {**query, "host": url.host or query.get("host"), "port": url.port or query.get("port")}
    variables = {
        _VARIABLES[name]: str(value)
        for name, value in given.items()
        if name in _VARIABLES and value
    }
    for name, value in (
        ("PGUSER", url.username),
        ("PGPASSWORD", url.password),
        ("PGDATABASE", url.database),
    ):
        if value:
            variables[name] = str(value)
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603  # PostgreSQL's own program, without a shell
            [_program(program), *arguments],
            env={**_surroundings(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LedgerError(f"{program} failed: {type(error).__name__}.") from None
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        raise LedgerError(f"{program} failed, and nothing was changed: {said}")


def _surroundings() -> dict[str, str]:
    """What PostgreSQL's programs need of the environment, without the gateway's secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _NEEDED or name.startswith(("PG", "LC_", "KRB5"))
    }


def _program(name: str) -> str:
    found = shutil.which(name)
    # Debian keeps a version's programs beside its server.
    others = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found and not others:
        raise LedgerError(
            f"{name} is not installed; install PostgreSQL's client programs (Debian: postgresql-client), of the server's version or newer."
        )
    return str(others[-1]) if others else str(found)
