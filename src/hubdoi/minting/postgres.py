"""PostgreSQL under the ledger: many processes, on many hosts, write at the same time."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import ArgumentError, DisconnectionError

from ..records.errors import InvalidInput, LedgerError, MissingLibrary
from .database import BUSY_SECONDS, Database
from .prepared import Prepared

_CONNECT_SECONDS = 5
# More threads that come back from the database at once take the interpreter from each other: 99 % of
# the statuses of a hundred readers came within half the time.
_GLANCES = 4
_IDLE_SECONDS = 30.0
"""A connection that was not used for so long is asked whether it is still there."""
# The number of the lock under which tables are made; any number that nobody else uses.
CREATE_LOCK = 0x687562646F69


class PostgresDatabase(Database):
    """The PostgreSQL database at `url`, an SQLAlchemy URL: ``postgresql+psycopg://user@host/name``.

    At most twice as many connections as `pool` are opened, and one that was opened is kept. Nothing is connected before it is used. A connection that a restart of the server broke is
    replaced.

    Raises:
        InvalidInput: the URL cannot be read.
        MissingLibrary: psycopg is not installed.
    """

    is_postgres = True

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self._begin(_engine(url, pool))
        self._turns = threading.Semaphore(_GLANCES)
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def insert(self, table: Table) -> Any:
        return postgresql.insert(table)

    def together(self, first: Any, then: Any) -> tuple[Any, ...]:
        return (then.add_cte(first.cte("first")),)

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        outer: Connection | None = getattr(self._open, "writing", None) or getattr(
            self._open, "reading", None
        )
        if outer is not None:
            yield outer
            return
        if not self._turns.acquire(timeout=BUSY_SECONDS):
            raise LedgerError(self._sentence(None))
        try:
            with self.single() as connection:
                yield connection
        finally:
            self._turns.release()

    @contextmanager
    def single(self) -> Iterator[Connection]:
        with self._translate_errors(), self._single.connect() as connection:
            yield connection

    def create(self, metadata: MetaData) -> None:
        with self.transaction() as connection:
            lock_tables(connection)
            metadata.create_all(connection)

    @contextmanager
    def connecting(self, wait: float | None = None) -> Iterator[Connection]:
        # Nobody waits here: there are many writers.
        with self._translate_errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._translate_errors(), self._snapshots.connect() as connection:
            yield connection

    def _start(self, connection: Connection, statement: Prepared) -> None:
        """Nothing to do: psycopg begins a transaction with its first statement."""

    def _sentence(self, error: BaseException | None) -> str:
        where = f"{self.engine.url.database} at {self.engine.url.host or 'the local socket'}"
        reason = (str(error).strip().splitlines() or [""])[0].lower()
        if "does not exist" in reason and "database" in reason:
            return f"The database {where} does not exist; create it with createdb, or check HUBDOI_GATEWAY_DATABASE."
        if "authentication failed" in reason or "no password supplied" in reason:
            return f"The database {where} does not accept the user name or password; check HUBDOI_GATEWAY_DATABASE."
        if "permission denied" in reason:
            return (
                f"The user of the database {where} may not do this ({reason}); grant it the right."
            )
        return f"The database {where} cannot be used now; nothing was lost, try again in a minute. If it stays so, check that the server runs and that HUBDOI_GATEWAY_DATABASE names it."


def lock_tables(connection: Connection) -> None:
    """Wait until nobody else makes or changes tables; the lock ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": CREATE_LOCK})


def _engine(url: str, pool: int) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed,
            pool_size=2 * pool,
            # One that is opened for a moment and closed again costs more than all that it is asked.
            max_overflow=0,
            # An exception never repeats the values of a statement: they are other people's.
            hide_parameters=True,
            connect_args={"connect_timeout": _CONNECT_SECONDS},
        )
        event.listen(engine, "checkout", _check_out)
        event.listen(engine, "checkin", _check_in)
        return engine
    except ArgumentError:
        raise InvalidInput(
            "HUBDOI_GATEWAY_DATABASE is not the URL of a database; it is written like postgresql+psycopg://user@host/name."
        ) from None
    except ImportError:
        raise MissingLibrary(
            "PostgreSQL requires extra packages: pip install 'hubdoi[gateway]'"
        ) from None


def _check_out(connection: Any, record: Any, _proxy: Any) -> None:
    """Refuse a connection whose server has gone, so that the pool opens another one.

    A server that stops closes its connections, which makes their sockets readable: to see that costs
    no round trip. What a firewall dropped in silence takes one.
    """
    try:
        if _is_readable(connection.fileno()):
            raise DisconnectionError
        if monotonic() - record.info.get("used", monotonic()) > _IDLE_SECONDS:
            connection.execute("SELECT 1")
            connection.rollback()
    except Exception as error:
        # Whatever is wrong with it, another one is opened.
        raise DisconnectionError from error


def _is_readable(socket: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([socket], [], [], 0)[0])
    asked = select.poll()
    asked.register(socket, select.POLLIN)
    return bool(asked.poll(0))


def _check_in(_connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()
