"""What the session of a kernel uses: the cells that were run, and values that it holds."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .scanner.cell import Cell
from .scanner.scan import scan
from .scanner.values import Deferred, Items, Pairs
from .use import Uses

_MAX_ITEMS = 1000
_MAX_DEPTH = 3
# What IPython makes of `!command`, `%magic line` and `%%magic` cells before it keeps them in `In`.
_MADE = re.compile(
    r"^(?P<before>[ \t]*(?:[\w., \[\]]+=[ \t]*)?)get_ipython\(\)\."
    r"(?P<what>system|getoutput|run_line_magic|run_cell_magic)(?P<given>\(.*\))[ \t]*$"
)


def uses_of_session(cells: Sequence[str], namespace: Mapping[str, Any]) -> Uses:
    """Which models and datasets the cells that were run load.

    `cells` are their sources in the order in which they were run, counted from 1 as `In` does;
    `namespace` is the user's. Where the code alone cannot tell, plain values in it do: texts, lists
    and dictionaries. Attributes are read without calling anything of theirs, and nothing is run.
    """
    documents = [
        Cell(number, _as_written(source), execution_count=number)
        for number, source in enumerate(cells, 1)
        if source
    ]
    found, unclear = scan(documents, outside=_reader(namespace))
    return Uses(tuple(found), tuple(unclear))


def _reader(namespace: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(dotted: str) -> Any:
        name, *attributes = dotted.split(".")
        try:
            value = namespace.get(name)
        except Exception:  # a mapping of a stranger's making
            return None
        for attribute in attributes:
            try:
                value = inspect.getattr_static(value, attribute)
            except (AttributeError, TypeError, ValueError):
                return None
        return _plain(value, 0)

    return read


def _plain(value: Any, depth: int) -> Any:
    """A text, or a container of texts, as the evaluator has them; None for anything else."""
    kind = type(value)
    if kind is str:
        return value
    if depth >= _MAX_DEPTH:
        return None
    if kind in (list, tuple, set, frozenset):
        found = [_plain(part, depth + 1) for part in list(value)[:_MAX_ITEMS]]
        return Items([Deferred(None, value=part) for part in found if part is not None])
    if kind is dict:
        pairs = []
        for key, part in list(value.items())[:_MAX_ITEMS]:
            entry = _plain(part, depth + 1)
            if type(key) in (str, int) and entry is not None:
                pairs.append((Deferred(None, value=key), Deferred(None, value=entry)))
        return Pairs(pairs)
    return None


def _as_written(source: str) -> str:
    """A cell as it was typed: IPython keeps magics as calls."""
    if "get_ipython()." not in source:
        return source
    stripped = source.strip()
    whole = _MADE.match(stripped) if "\n" not in stripped else None
    if whole and whole["what"] == "run_cell_magic":
        given = _literals(whole["given"])
        if len(given) == 3:
            return f"%%{given[0]} {given[1]}\n{given[2]}"
    return "\n".join(_line_as_written(line) for line in source.split("\n"))


def _line_as_written(line: str) -> str:
    made = _MADE.match(line)
    if made is None:
        return line
    given = _literals(made["given"])
    if made["what"] in ("system", "getoutput") and len(given) == 1 and "\n" not in given[0]:
        return f"{made['before']}!{given[0]}"
    if made["what"] == "run_line_magic" and len(given) == 2 and "\n" not in given[1]:
        return f"{made['before']}%{given[0]} {given[1]}"
    return line


def _literals(given: str) -> tuple[str, ...]:
    try:
        found = ast.literal_eval(f"{given[:-1]},)")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ()
    return found if all(isinstance(part, str) for part in found) else ()
