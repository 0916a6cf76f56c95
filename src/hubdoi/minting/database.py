"""The databases under the ledger: one SQLite file here, PostgreSQL in `postgres`."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, MetaData, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from ..records.errors import InvalidInput, LedgerError
from .prepared import Prepared

BUSY_SECONDS = 30.0
"""How long a write waits for other writers, of this process and of others together."""
_READERS = 64
_BEGIN = Prepared(text("BEGIN"))
_BEGIN_WRITING = Prepared(text("BEGIN IMMEDIATE"))


class Database:
    """The SQLite file at `path`, made with mode 0600 if there is none.

    A transaction that has ended without an error survives the loss of power: the journal is WAL
    and `synchronous` is FULL. Writers of one process queue on a lock, writers of several processes
    wait for each other for up to 30 s.

    Raises:
        LedgerError: the file cannot be made, or is not a database.
    """

    is_postgres = False

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite gives its journal the mode of the database.
            os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise LedgerError(
                f"The database {path} cannot be opened ({error.strerror}); "
                "choose a directory that you can write to."
            ) from error
        self._begin(_engine(path))
        self._writer = threading.Lock()

    def _begin(self, engine: Engine) -> None:
        self.engine = engine
        _OPEN.add(self)
        self._open = threading.local()

    def insert(self, table: Table) -> Any:
        """An insert into `table` that may say what to do about a conflict, in this database's dialect."""
        return sqlite.insert(table)

    def together(self, first: Any, then: Any) -> tuple[Any, ...]:
        """An insert or delete and an insert, to be run in turn, or one statement that does both.

        Neither may need what the other did, and no parameter is named as a column is.
        """
        return first, then

    @contextmanager
    def transaction(self, *, wait: float | None = None) -> Iterator[Connection]:
        """A connection whose writes become durable together when the block ends.

        It waits for other writers for up to `wait` seconds, by default `BUSY_SECONDS`. A
        transaction inside another one of the same thread joins it. An exception that leaves the
        outermost block undoes everything.

        Raises:
            LedgerError: the database is full, read-only, locked or damaged. A violated constraint
                stays an `IntegrityError`: what it means is for the caller to say.
            InvalidInput: a number is beyond those of the database, or a text has what it cannot
                store: half of a surrogate pair, in PostgreSQL a null byte.
        """
        outer: Connection | None = getattr(self._open, "writing", None)
        if outer is not None:
            yield outer
            return
        with self.connecting(wait) as connection, connection.begin():
            # A transaction that reads first and writes later can fail half-way when another process
            # wrote in between; one that takes the write lock at once cannot.
            self._start(connection, _BEGIN_WRITING)
            self._open.writing = connection
            try:
                yield connection
            finally:
                self._open.writing = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database, however long the block lasts.

        Inside a transaction of the same thread it is that transaction's.

        Raises:
            LedgerError: the database cannot be read.
        """
        outer: Connection | None = getattr(self._open, "writing", None) or getattr(
            self._open, "reading", None
        )
        if outer is not None:
            yield outer
            return
        with self._reading() as connection, connection.begin():
            self._start(connection, _BEGIN)
            self._open.reading = connection
            try:
                yield connection
            finally:
                self._open.reading = None

    def glancing(self) -> AbstractContextManager[Connection]:
        """As `reading`, for one statement, which needs no transaction around it where that costs."""
        return self.reading()

    def single(self) -> AbstractContextManager[Connection]:
        """As `transaction`, for one statement, which is one by itself where a transaction costs."""
        return self.transaction()

    def create(self, metadata: MetaData) -> None:
        """Make the tables and indexes of `metadata` that do not exist yet."""
        with self.transaction() as connection:
            # One question instead of one for each table.
            present = set(inspect(connection).get_table_names())
            missing = [table for table in metadata.sorted_tables if table.name not in present]
            metadata.create_all(connection, missing, checkfirst=False)

    def close(self) -> None:
        """Close every connection; the last one folds the journal into the file."""
        self.engine.dispose()

    @contextmanager
    def connecting(self, wait: float | None = None) -> Iterator[Connection]:
        """A connection of its own, whatever this thread has open. Raises as `transaction`."""
        wait = BUSY_SECONDS if wait is None else wait
        until = monotonic() + wait
        if not self._writer.acquire(timeout=wait):
            raise LedgerError(_sentence(self.path, "locked"))
        try:
            with self._translate_errors(), self.engine.connect() as connection:
                left = until - monotonic()
                if left < BUSY_SECONDS - 1:
                    # It waited for writers of this process already.
                    connection.info["impatient"] = True
                    _let_wait(connection.connection, left)
                yield connection
        finally:
            self._writer.release()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._translate_errors(), self.engine.connect() as connection:
            yield connection

    def _start(self, connection: Connection, statement: Prepared) -> None:
        """Begin a transaction, which sqlite3 was told not to do by itself.

        A listener would do it as well, and then every statement would look for listeners.
        """
        statement.all(connection)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (DataError, OverflowError, UnicodeEncodeError):
            # Of the value, which may be a stranger's, nothing is said.
            raise InvalidInput(
                "A value is too large, or contains characters that the database cannot store; correct it."
            ) from None
        except DatabaseError as error:
            raise LedgerError(self._sentence(error.orig)) from error

    def _sentence(self, error: BaseException | None) -> str:
        return _sentence(self.path, error)


def _close_idle() -> None:
    """Close the connections that nobody uses: SQLite's are not for both sides of a fork.

    The parent would delete the journal at its end, into which the child goes on writing.
    """
    for database in list(_OPEN):
        database.engine.dispose()


_OPEN: WeakSet[Database] = WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_idle)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=_READERS,
        max_overflow=-1,
        # Every block ends its own transaction.
        pool_reset_on_return=None,
        # An exception never repeats the values of a statement: they are other people's.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkin", _check_in)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # sqlite3 would open transactions by its own rules, late and never immediate: switch that off.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _check_in(connection: sqlite3.Connection | None, record: Any) -> None:
    if record.info.pop("impatient", False) and connection is not None:
        _let_wait(connection, BUSY_SECONDS)


def _let_wait(connection: Any, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {max(1, int(seconds * 1000))}")


def _sentence(path: Path, error: BaseException | str | None) -> str:
    reason = str(error).lower()
    # In WAL mode even a reader needs a few pages beside the file.
    if "full" in reason or getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE":
        return f"There is no room left to write {path}; free some space and try again."
    if "readonly" in reason or "read-only" in reason:
        return f"{path} is read-only; make it writable or choose another directory."
    if "locked" in reason or "busy" in reason:
        return f"Another process is writing to {path}; wait until it has finished and try again."
    if "not a database" in reason:
        return f"{path} is not a database; move it away or choose another directory."
    if "malformed" in reason or "corrupt" in reason:
        return f"{path} is damaged; restore it from a copy or choose another directory."
    if "unable to open" in reason:
        return f"{path} cannot be opened; choose a directory that you can write to."
    return f"{path} cannot be used ({error}); choose another directory or try again."
