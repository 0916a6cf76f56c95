"""The statements that every mint and every status runs, given to SQLite without anything in between."""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_NOTHING: Mapping[str, Any] = {}


class Prepared:
    """A statement that is put into SQL once; an insert gives its `columns`.

    SQLAlchemy takes several times as long to prepare an execution as SQLite takes to carry it out.
    On other databases, and where somebody listens to what the engine does, it is asked as always.
    The values are texts, numbers, bytes or None, as the driver takes them, and so are those of a row.
    """

    def __init__(self, statement: sa.Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._sql = ""
        self._fixed: list[tuple[str | None, Any]] = []
        self._row: Callable[[Any], Any] | None = None

    def all(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Sequence[Any]:
        """The rows, with an attribute for each column.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy does.
        """
        if not _is_plain(db):
            result = db.execute(self._statement, values)
            return result.all() if result.returns_rows else ()
        with _translated(self._statement, db):
            cursor = self._cursor(db, values)
            rows: list[Any] = cursor.fetchall()
        if self._row is None and rows:
            names = [described[0] for described in cursor.description]
            row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
            self._row = row._make
        return [self._row(row) for row in rows] if self._row else rows

    def inserted(self, db: sa.Connection, values: Mapping[str, Any]) -> int:
        """The number of the row that is inserted. Raises as `all`."""
        if not _is_plain(db):
            made: Any = db.execute(self._statement, values).inserted_primary_key
            return int(made[0])
        with _translated(self._statement, db):
            return int(self._cursor(db, values).lastrowid or 0)

    def first(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """The first row, or None. Raises as `all`."""
        rows = self.all(db, values)
        return rows[0] if rows else None

    def scalar(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """The first column of the first row, or None. Raises as `all`."""
        rows = self.all(db, values)
        return rows[0][0] if rows else None

    def _cursor(self, db: sa.Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        if not self._sql:
            self._compile(db)
        given = [value if name is None else values[name] for name, value in self._fixed]
        driver: Any = db.connection.driver_connection
        cursor: sqlite3.Cursor = driver.execute(self._sql, given)
        return cursor

    def _compile(self, db: sa.Connection) -> None:
        compiled: Any = self._statement.compile(  # type: ignore[attr-defined]
            dialect=db.dialect, column_keys=self._columns
        )
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
        self._fixed = [
            (name, None) if b.required else (None, b.effective_value) for name, b in binds
        ]
        # Last: another thread may look at it now.
        self._sql = str(compiled)


def _is_plain(db: sa.Connection) -> bool:
    return db.dialect.name == "sqlite" and not db.engine.dispatch.before_cursor_execute


@contextmanager
def _translated(statement: sa.Executable, db: sa.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            str(statement), None, error, sqlite3.Error, hide_parameters=True, dialect=db.dialect
        ) from error
