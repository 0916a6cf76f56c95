"""A cell that is parsed when something in it is asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

WORD = re.compile(r"[^\W\d]\w*")
_BINDERS = ("for ", "async ", "with ", "import ", "from ", "def ", "class ", "global ", "nonlocal ")
_CHANGES = (".append(", ".extend(", ".insert(", ".update(", ".add(", ".setdefault(")

Parse = Callable[[], tuple[str, Sequence[ast.stmt]]]


class CellIndex:
    """The words of a cell, and where code stands in it once it is parsed.

    `parse` reads the cell, broken or not, and gives its Python, line by line the same. Parsing is
    most of the time of a scan, and most cells have nothing to do with what is loaded.
    """

    __slots__ = ("calls", "number", "parse", "source", "units", "words")

    def __init__(self, number: int, source: str, parse: Parse) -> None:
        self.number = number
        self.source = source
        self.parse = parse
        self.words = frozenset(WORD.findall(source))
        # (first line, last line, node, site): the pieces of code in which calls are looked for
        self.units: list[tuple[int, int, ast.AST, Any]] = []
        # the name of a function or method -> its calls; None until somebody asks
        self.calls: dict[str, list[tuple[ast.Call, Any]]] | None = None

    def lines_with(self, pattern: re.Pattern[str]) -> list[int]:
        """The lines on which `pattern` matches, counted from 1."""
        found: list[int] = []
        line, place = 1, 0
        for match in pattern.finditer(self.source):
            line += self.source.count("\n", place, match.start())
            place = match.start()
            if not found or found[-1] != line:
                found.append(line)
        return found


def may_bind(text: str, name: str) -> bool:
    """Whether a statement may give `name` a value, told from its text; False is certain."""
    place = text.find(name)
    while place >= 0:
        start = text.rfind("\n", 0, place) + 1
        end = text.find("\n", place)
        before = text[start:place].lstrip()
        after = text[place + len(name) : end if end >= 0 else len(text)]
        if (
            "=" in after
            or not before
            or before.startswith(_BINDERS)
            or " for " in before
            or " as " in before
            or after.startswith(_CHANGES)
        ):
            return True
        place = text.find(name, place + len(name))
    return False
