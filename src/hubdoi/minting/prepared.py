"""The statements that every mint and every status runs, given to the driver without anything in between."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_NOTHING: Mapping[str, Any] = {}


class _Compiled(NamedTuple):
    """A statement for one kind of database; its `values` have a name, or are the same always."""

    sql: str
    values: list[tuple[str | None, Any]]
    returns: bool


class Prepared:
    """A statement that is put into SQL once for each kind of database; an insert gives its `columns`.

    SQLAlchemy takes several times as long to prepare an execution as the database takes to carry it
    out. Where somebody listens to what the engine does, it is asked as always.
    The values are texts, numbers, bytes or None, as the driver takes them, and so are those of a row.
    """

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self.statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}
        self._row: Callable[[Any], Any] | None = None

    def all(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Sequence[Any]:
        """The rows, with an attribute for each column.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy does.
        """
        if _is_heard(db):
            result = db.execute(self.statement, values)
            return result.all() if result.returns_rows else []
        with _translated(self.statement, db):
            cursor = self._cursor(db, values)
            rows: list[Any] = cursor.fetchall() if self._compiled[db.dialect.name].returns else []
        if self._row is None and rows:
            names = [described[0] for described in cursor.description]
            row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
            self._row = row._make
        return [self._row(row) for row in rows] if self._row else rows

    def inserted(self, db: sa.Connection, values: Mapping[str, Any]) -> int:
        """The number of the row that is inserted. Raises as `all`."""
        if _is_heard(db) or db.dialect.name != "sqlite":
            made: Any = db.execute(self.statement, values).inserted_primary_key
            return int(made[0])
        with _translated(self.statement, db):
            return int(self._cursor(db, values).lastrowid or 0)

    def first(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """The first row, or None. Raises as `all`."""
        rows = self.all(db, values)
        return rows[0] if rows else None

    def scalar(self, db: sa.Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """The first column of the first row, or None. Raises as `all`."""
        rows = self.all(db, values)
        return rows[0][0] if rows else None

    def _cursor(self, db: sa.Connection, values: Mapping[str, Any]) -> Any:
        compiled = self._compiled.get(db.dialect.name) or self._compile(db)
        given = [value if name is None else values[name] for name, value in compiled.values]
        driver: Any = db.connection.driver_connection
        return driver.execute(compiled.sql, given)

    def _compile(self, db: sa.Connection) -> _Compiled:
        dialect: Any = db.dialect
        if not dialect.positional:
            dialect = type(dialect)(paramstyle="format")
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._columns)
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
        fixed = [(name, None) if b.required else (None, b.effective_value) for name, b in binds]
        returns = not self.statement.is_dml or bool(compiled.effective_returning)
        self._compiled[dialect.name] = made = _Compiled(str(compiled), fixed, returns)
        return made


def _is_heard(db: sa.Connection) -> bool:
    return bool(db.engine.dispatch.before_cursor_execute)


@contextmanager
def _translated(statement: sa.Executable, db: sa.Connection) -> Iterator[None]:
    dialect: Any = db.dialect
    kind = dialect.loaded_dbapi.Error
    try:
        yield
    except kind as error:
        if dialect.is_disconnect(error, db.connection.driver_connection, None):
            db.invalidate(error)
        raise DBAPIError.instance(
            str(statement), None, error, kind, hide_parameters=True, dialect=dialect
        ) from error
