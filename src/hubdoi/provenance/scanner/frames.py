"""Data frames made of constants: their columns and rows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from .binding import Site
from .values import UNKNOWN, Alternative, Deferred, Items, Pairs, Settings, Table

if TYPE_CHECKING:
    from .evaluator import Evaluator

ROWS = frozenset({"iterrows", "itertuples", "to_dict", "iter_rows", "to_dicts", "rows"})
SAME = frozenset(
    "head tail sample query sort_values sort_index reset_index drop_duplicates dropna fillna copy "
    "sort filter set_index rename".split()
)
"""Methods that give a data frame with the same columns, or some of the same rows."""


def frame(evaluator: Evaluator, node: ast.Call, site: Site) -> Table | None:
    """The data frame that a call makes of constants; None when it is not known."""
    given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "data")]
    names = [*node.args[2:3], *(k.value for k in node.keywords if k.arg in ("columns", "schema"))]
    for argument in given[:1]:
        for value, _ in evaluator.evaluate(argument, site)[:1]:
            if isinstance(value, Pairs):
                return Table(value.entries, value.more)
            if isinstance(value, Items):
                return _of_rows(evaluator, value, names[0] if names else None, site)
    return None


def _of_rows(evaluator: Evaluator, rows: Items, names: ast.expr | None, site: Site) -> Table | None:
    columns: dict[Any, list[Deferred]] = {}
    known = [value for value, _ in (evaluator.evaluate(names, site) if names else [])[:1]]
    heads = evaluator.firsts(known[0].elements) if known and isinstance(known[0], Items) else []
    for element in rows.elements:
        row = evaluator.first(element)
        if isinstance(row, Pairs):
            for key, entry in row.entries:
                columns.setdefault(evaluator.first(key), []).append(entry)
        elif isinstance(row, Items) and heads:
            for head, entry in zip(heads, row.elements, strict=False):
                columns.setdefault(head, []).append(entry)
        elif len(heads) == 1:
            columns.setdefault(heads[0], []).append(element)
        else:
            return None
    whole = {name: Deferred(None, value=Items(c, rows.more)) for name, c in columns.items()}
    return Table.named(whole)


def rows_of(evaluator: Evaluator, table: Table, name: str) -> list[Alternative]:
    """What the method `name` gives of a data frame's rows."""
    heads: list[Any] = []
    columns: list[Items] = []
    for key, entry in table.entries:
        values = evaluator.forced(entry)
        heads.append(evaluator.first(key))
        whole = len(values) == 1 and isinstance(values[0][0], Items)
        columns.append(values[0][0] if whole else Items((), True))
    rows: list[Deferred] = []
    unknown = Deferred(None, value=UNKNOWN)
    for n in range(max((len(column.elements) for column in columns), default=0)):
        cells = [c.elements[n] if n < len(c.elements) else unknown for c in columns]
        row: Any
        if name in ("itertuples", "rows"):
            row = Settings(dict(zip(heads, cells, strict=True)), True)
        else:
            row = Pairs(
                (Deferred(None, value=head), cell) for head, cell in zip(heads, cells, strict=True)
            )
        if name == "iterrows":
            row = Items((Deferred(None, value=n), Deferred(None, value=row)))
        rows.append(Deferred(None, value=row))
    return [(Items(rows, any(column.more for column in columns)), {})]
