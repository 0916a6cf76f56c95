"""A cell whose statements are parsed one by one, as something in them is asked for."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

WORD = re.compile(r"[^\W\d]\w*")
_LINE_END = re.compile("\n")
# A line at the margin begins a statement, unless it closes a bracket or goes on with a block.
_BEGINNING = re.compile(r"^(?=[^\s#)\]}])(?!(?:elif|else|except|finally)\b)", re.M)
# Text of several lines, joined lines, cell magics, other line ends: here the margin tells nothing.
_WHOLE = re.compile(r"'''|\"\"\"|\\\n|\A\s*%%|[\r\x0c\0\x85\u2028\u2029]")
# So short a text is parsed as quickly as it is taken apart.
_SHORT = 150
_BINDERS = ("for ", "async ", "with ", "import ", "from ", "def ", "class ", "global ", "nonlocal ")
_CHANGES = (".append(", ".extend(", ".insert(", ".update(", ".add(", ".setdefault(")
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)

Parse = Callable[[], tuple[str, Sequence[ast.stmt]]]


class CellIndex:
    """The words of a cell, its statements as far as they are parsed, and where code stands in it.

    `parse` reads the whole cell, broken or not, and gives its Python, line by line the same.
    Parsing is most of the time of a scan, and most of a cell has nothing to do with what it loads.
    """

    __slots__ = ("_blocks", "_done", "_parse", "_starts", "number", "source", "units", "words")

    def __init__(self, number: int, source: str, parse: Parse) -> None:
        self.number = number
        self.source = source
        self.words = frozenset(WORD.findall(source))
        # (first line, last line, node, site): the pieces of code in which calls are looked for
        self.units: list[tuple[int, int, ast.AST, Any]] = []
        self._parse = parse
        self._starts: list[int] | None = None
        # where the statements begin and end that are not parsed yet; None before it was looked at
        self._blocks: list[tuple[int, int]] | None = None
        # the lines of those that are
        self._done: list[tuple[int, int]] = []

    @property
    def finished(self) -> bool:
        return self._blocks is not None and not self._blocks

    def new_statements(self, holds: Callable[[str], object] | None = None) -> list[ast.stmt]:
        """The statements whose text `holds`, or all, without those that were given before."""
        if self._blocks is None:
            self._blocks = self._split()
        found: list[ast.stmt] = []
        waiting: list[tuple[int, int]] = []
        wanted: list[tuple[int, int]] = []
        for start, end in self._blocks:
            if holds is not None and not holds(self.source[start:end]):
                waiting.append((start, end))
            elif wanted and wanted[-1][1] == start:
                # neighbours are parsed together
                wanted[-1] = (wanted[-1][0], end)
            else:
                wanted.append((start, end))
        self._blocks = waiting
        for start, end in wanted:
            line = self._line(start) if start else 1
            try:
                # blank lines before it give the statement its place
                body = ast.parse("\n" * (line - 1) + self.source[start:end]).body
            except _ERRORS:
                self._blocks = []
                return found + self._rest()
            found += body
            if waiting:
                self._done.append((line, self._line(end - 1)))
        return found

    def lines_with(self, pattern: re.Pattern[str]) -> list[int]:
        """The lines on which `pattern` matches, counted from 1."""
        found: list[int] = []
        for match in pattern.finditer(self.source):
            line = self._line(match.start())
            if not found or found[-1] != line:
                found.append(line)
        return found

    def _split(self) -> list[tuple[int, int]]:
        if len(self.source) < _SHORT or _WHOLE.search(self.source):
            return [(0, len(self.source))]
        starts = [match.start() for match in _BEGINNING.finditer(self.source)]
        if not starts:
            return [(0, len(self.source))]
        starts[0] = 0
        return list(zip(starts, [*starts[1:], len(self.source)], strict=True))

    def _rest(self) -> list[ast.stmt]:
        """What the whole cell has beside the statements that were parsed alone."""
        self.source, body = self._parse()
        self._starts = None
        return [s for s in body if not any(a <= s.lineno <= b for a, b in self._done)]

    def _line(self, place: int) -> int:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(self.source))]
        return bisect_right(self._starts, place)


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
