"""Statements that are compiled once, for those that every mint or every status runs.

SQLAlchemy takes some five times as long around a small statement as SQLite takes to run it: it looks
for the compiled form, makes a context and a result, and asks every listener. These keep their text
and run it on the DBAPI's own connection, within the same transaction.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError


class Prepared:
    """`statement`, of which each parameter has a name and each value is text or a number.

    Every run names the same parameters. Raises what SQLAlchemy raises.
    """

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._forms: dict[str, _Form] = {}

    def all(self, db: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows, each with its columns as attributes."""
        if db.dispatch.before_cursor_execute:
            # Whoever listens to statements hears of these as well.
            result = db.execute(self.statement, values)
            return list(result) if result.returns_rows else []
        form = self._forms.get(db.dialect.name) or self._form(db.dialect, values)
        connection: Any = db.connection.dbapi_connection
        try:
            cursor = connection.execute(form.sql, form.parameters(values))
            return form.rows(cursor)
        except db.dialect.loaded_dbapi.Error as error:
            raise _translated(db, form.sql, error) from error

    def first(self, db: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        return next(iter(self.all(db, values)), None)

    def scalar(self, db: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The first value of the first row, or None."""
        return next((row[0] for row in self.all(db, values)), None)

    def _form(self, dialect: sa.Dialect, values: Mapping[str, Any]) -> _Form:
        form = self._forms[dialect.name] = _Form(self.statement, dialect, list(values))
        return form


class _Form:
    """A statement as one dialect writes it."""

    def __init__(self, statement: Any, dialect: sa.Dialect, names: list[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.sql = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: list[str] | None = compiled.positiontup
        self._row: Any = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        known = {**self._fixed, **values} if self._fixed else values
        return known if self._order is None else [known[name] for name in self._order]

    def rows(self, cursor: Any) -> list[Any]:
        if cursor.description is None:
            return []
        if self._row is None:
            names = [column[0] for column in cursor.description]
            self._row = namedtuple("Row", names)  # type: ignore[misc]  # they are the statement's
        return [self._row(*row) for row in cursor.fetchall()]


def _translated(db: sa.Connection, sql: str, error: Exception) -> BaseException:
    """What SQLAlchemy makes of `error`; a connection that broke is not used again."""
    lost = db.dialect.is_disconnect(error, db.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if lost:
        db.invalidate(error)
    return DBAPIError.instance(
        sql,
        None,
        error,
        db.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=db.dialect,
    )
