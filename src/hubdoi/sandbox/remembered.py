"""What was read from the sandbox's database, kept in memory for as long as nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from ..minting.database import Database

_MOST = 4096

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class NotInMemory(Exception):
    """The database has to be asked, where only memory may be."""


class SandboxDatabase(Database):
    """A database to which this process alone writes, so that it knows when something changes."""

    changes = 0
    """How many transactions that wrote have ended."""

    @property
    def version(self) -> int | None:
        """What this thread sees: the same number as long as it sees the same.

        None inside a transaction, whose changes nobody else sees and which may be undone.
        """
        if getattr(self._open, "writing", None) is not None:
            return None
        since: int | None = getattr(self._open, "since", None)
        return self.changes if since is None else since

    @contextmanager
    def only_memory(self) -> Iterator[None]:
        """Let nothing in this block wait for the database.

        Raises:
            NotInMemory: something in it has to.
        """
        self._open.only_memory = True
        try:
            yield
        finally:
            self._open.only_memory = False

    @contextmanager
    def connecting(self, wait: float | None = None) -> Iterator[Connection]:
        self._refuse_if_only_memory()
        with super().connecting(wait) as connection:
            driver: Any = connection.connection.driver_connection
            before = driver.total_changes
            try:
                yield connection
            finally:
                # Here no other transaction has begun: two never count as one.
                self.changes += driver.total_changes > before

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._refuse_if_only_memory()
        self._open.since = self.changes
        try:
            with super()._reading() as connection:
                yield connection
        finally:
            self._open.since = None

    def _refuse_if_only_memory(self) -> None:
        if getattr(self._open, "only_memory", False):
            raise NotInMemory


class Remembered(Generic[K, V]):
    """The answers of `read`, each read once until something in `database` changes."""

    def __init__(self, database: SandboxDatabase, read: Callable[[K], V]) -> None:
        self._database = database
        self._read = read
        self._known: tuple[int, dict[K, V]] = (0, {})

    def __call__(self, key: K) -> V:
        version = self._database.version
        if version is None:
            return self._read(key)
        seen, known = self._known
        if seen != version or len(known) >= _MOST:
            known = {}
            self._known = version, known
        if key not in known:
            known[key] = self._read(key)
        return known[key]
