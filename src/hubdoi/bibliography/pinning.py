"""Pinning: writing `revision="…"` into the calls that load a repository."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..provenance.scanner.calls import TRIGGERS, calls_named
from ..provenance.scanner.document import Cell
from ..provenance.scanner.scan import scan
from ..provenance.scanner.syntax import parse_cell
from ..provenance.use import Use
from ..records import Repo
from ..records.errors import InvalidInput

_MOST = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `source[start:end]` of the cell at `position` in the list of cells by `text`.

    Edits are applied one after the other: an offset counts in the cell as the edits before left it.
    """

    position: int
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def pin(cells: Sequence[Cell], repo: Repo, revision: str, old: str | None = None) -> list[Edit]:
    """The edits after which every call that loads `repo` at `old` (None: no revision) names `revision`.

    Raises:
        InvalidInput: a call cannot be edited; the message says where it is and what to write.
    """
    cells = list(cells)
    edits: list[Edit] = []
    while len(edits) < _MOST:
        found, _ = scan(cells)
        use = next((u for u in found if u.repo == repo and u.revision == old), None)
        if use is None:
            return edits
        edit = _edit(cells, use, revision)
        cell = cells[edit.position]
        cells[edit.position] = replace(cell, source=edit.apply(cell.source))
        edits.append(edit)
    return edits


def _edit(cells: Sequence[Cell], use: Use, revision: str) -> Edit:
    by_hand = InvalidInput(
        f"The call at {use.place} cannot be edited; write revision={revision!r} into it yourself."
    )
    position = next((n for n, cell in enumerate(cells) if cell.index == use.cell), None)
    if position is None or cells[position].language != "python":
        raise by_hand
    cell = cells[position]
    for call in _calls(cell.source, use.line - cell.offset, use.call.rpartition(".")[2]):
        for made in _with_revision(cell.source, call, use, revision):
            if _touches_only(use.repo, cells, edit := Edit(position, *made)):
                return edit
    raise by_hand


def _touches_only(repo: Repo, cells: Sequence[Cell], edit: Edit) -> bool:
    """Whether `repo` alone is loaded otherwise after the edit: calls of others may share its line."""
    after = list(cells)
    cell = after[edit.position]
    after[edit.position] = replace(cell, source=edit.apply(cell.source))
    before, now = scan(cells)[0], scan(after)[0]
    return before != now and [u for u in before if u.repo != repo] == [
        u for u in now if u.repo != repo
    ]


def _calls(source: str, line: int, name: str) -> list[ast.Call]:
    """The calls of `name` that begin at a line of a cell, in the order of the text."""
    # Only line ends that Python counts as such are left, so that lines and columns fit the source.
    if "\r" in source or "\x0c" in source:
        return []
    parsed = parse_cell(source, TRIGGERS)
    if parsed.lines.python and not _same_line(source, parsed.lines.python, line):
        return []
    found = [
        node
        for statement in parsed.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and node.lineno == line and _name(node.func) == name
    ]
    return sorted(found, key=lambda node: node.col_offset)


def _same_line(source: str, python: str, line: int) -> bool:
    """Whether a line is as it was typed: a magic before it would shift the columns."""
    return source.split("\n")[line - 1 : line] == python.split("\n")[line - 1 : line]


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _with_revision(
    source: str, call: ast.Call, use: Use, revision: str
) -> Iterator[tuple[int, int, str]]:
    """What to replace in the source, for each name that the argument may have."""
    entries = calls_named(_name(call.func))
    names = dict.fromkeys(name for entry in entries for name in entry.revision.split("|"))
    for keyword in call.keywords:
        if keyword.arg in names:
            value = keyword.value
            if isinstance(value, ast.Constant) and value.value == use.revision:
                yield from _checked(source, *_place(source, value), f'"{revision}"')
            return
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if use.revision is not None or not arguments or any(k.arg is None for k in call.keywords):
        return
    # After the last argument: what follows it, a comma or a line end, stays as it is.
    _, end = max(_place(source, node) for node in arguments)
    while source[end : end + 1] == ")" and _open(source, call, end):
        end += 1
    for name in names or ["revision"]:
        yield from _checked(source, end, end, f', {name}="{revision}"')


def _open(source: str, call: ast.Call, end: int) -> bool:
    """Whether the bracket at `end` closes one around the last argument, not the call itself."""
    _, last = _place(source, call)
    return end < last - 1


def _checked(source: str, start: int, end: int, text: str) -> Iterator[tuple[int, int, str]]:
    """The edit, if the cell reads as well after it as before."""
    after = source[:start] + text + source[end:]
    if _readable(after) or not _readable(source):
        yield start, end, text


def _readable(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _place(source: str, node: ast.expr) -> tuple[int, int]:
    """The offsets of a node; the tree counts columns in bytes of UTF-8."""
    lines = source.split("\n")

    def offset(line: int, column: int) -> int:
        before = sum(len(text) + 1 for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode(errors="ignore"))

    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return offset(node.lineno, node.col_offset), offset(end_line, end_column)
