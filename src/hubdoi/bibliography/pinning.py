"""Pinning: writing the revision into the calls that load a repository, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..provenance.scanner.calls import TRIGGERS, calls_named
from ..provenance.scanner.cell import Cell
from ..provenance.scanner.scan import scan
from ..provenance.scanner.syntax import parse_cell
from ..provenance.use import Use
from ..records import Repo
from ..records.errors import InvalidInput
from .verdict import fix_for

_MOST = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the columns `start` to `end` of one line by `text`.

    `position` is the cell's in the list of cells, `line` counts from 0 in its source; in the edits of
    a text, `position` is 0 and `line` counts in the text. Edits are applied one after the other: a
    column counts in the line as the edits before left it.
    """

    position: int
    line: int
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """`source`, a cell's or the text, with the edit."""
        lines = source.split("\n")
        line = lines[self.line]
        lines[self.line] = line[: self.start] + self.text + line[self.end :]
        return "\n".join(lines)


class Pinning:
    """The pins of one document: `edits` in their order, `cells` as they are after them.

    `text` is the text of the document, where it is one text: its edits are made in that.
    """

    def __init__(self, cells: Sequence[Cell], text: str | None = None) -> None:
        self.cells = list(cells)
        self.text = text
        self.edits: list[Edit] = []
        self._uses: list[Use] | None = None

    @property
    def uses(self) -> list[Use]:
        """What the cells load now, each repository and revision once."""
        if self._uses is None:
            self._uses = scan(self.cells)[0]
        return self._uses

    def pin(self, repo: Repo, commit: str, old: str | None = None) -> None:
        """Edit every call that loads `repo` at `old` (None: no revision), so that it names `commit`.

        Raises:
            InvalidInput: a call cannot be edited for certain; the message says where it is and what
                to write. The edits of the calls before it stay.
        """
        for _ in range(_MOST):
            use = next((u for u in self.uses if u.repo == repo and u.revision == old), None)
            if use is None:
                return
            self._edit(use, commit)

    def _edit(self, use: Use, commit: str) -> None:
        """Make the first edit after which `use.repo` alone is loaded otherwise."""
        position = next((n for n, cell in enumerate(self.cells) if cell.index == use.cell), None)
        if position is not None:
            cell = self.cells[position]
            for place in _places(cell, use, commit):
                edit = Edit(position, *place)
                made = self._in_document(edit)
                after = list(self.cells)
                after[position] = replace(cell, source=edit.apply(cell.source))
                uses = scan(after)[0]
                if made is not None and self._is_only(use.repo, uses):
                    self.cells, self._uses = after, uses
                    self.edits.append(made)
                    self.text = self.text if self.text is None else made.apply(self.text)
                    return
        raise InvalidInput(
            f"The call at {use.place} cannot be edited; write {fix_for(use, commit)} into it yourself."
        )

    def _in_document(self, edit: Edit) -> Edit | None:
        """The edit of a cell as one of the text; None where the line is otherwise there, as a magic
        that a script has as a comment."""
        if self.text is None:
            return edit
        cell = self.cells[edit.position]
        moved = replace(edit, position=0, line=edit.line + cell.offset)
        here, there = cell.source.split("\n"), self.text.split("\n")
        # A text file may have the line ends of Windows; those of a cell are read as one character.
        written = there[moved.line].removesuffix("\r") if moved.line < len(there) else ""
        # The cells of a marimo notebook are indented there.
        indent = len(written) - len(here[edit.line])
        if indent < 0 or written[:indent].strip() or written[indent:] != here[edit.line]:
            return None
        return replace(moved, start=edit.start + indent, end=edit.end + indent)

    def _is_only(self, repo: Repo, after: list[Use]) -> bool:
        """Whether nothing else changes: calls of other repositories may share the line."""
        return self.uses != after and [u for u in self.uses if u.repo != repo] == [
            u for u in after if u.repo != repo
        ]


_Place = tuple[int, int, int, str]


def _places(cell: Cell, use: Use, commit: str) -> Iterator[_Place]:
    """Line, columns and new text of the edits that may pin `use`."""
    if use.form == "argument":
        return _arguments(cell, use, commit)
    line = use.line - cell.offset
    words = _words(use, commit)
    if use.form == "option":
        return _once(cell.source, range(line - 1, line), *words)
    return (
        place
        for call in _calls(cell, line, use.call)
        for place in _once(cell.source, range(line - 1, call.end_lineno or line), *words)
    )


def _words(use: Use, commit: str) -> tuple[str, str]:
    """A pattern with what the new text is put in place of as its group, and the new text."""
    old = None if use.revision is None else re.escape(use.revision)
    if use.form == "option":
        name = rf"(?<![\w./-]){re.escape(use.repo_id)}(?![\w./-])"
        if old is None:
            return rf"{name}()(?!.*(?:--revision|#))", f" --revision {commit}"
        return rf"--revision[ =]({old})(?!\S)(?!.*#)", commit
    if use.form == "path":
        at = "()" if old is None else f"(@{old})"
        return rf"hf://{re.escape(str(use.repo))}{at}/", f"@{commit}"
    if use.form == "url":
        return rf"{re.escape(str(use.repo))}/(?:resolve|raw|blob)/({old or 'main'})/", commit
    return r"(?!)", ""


def _once(source: str, lines: range, pattern: str, text: str) -> Iterator[_Place]:
    """The one place in these lines that fits; none where it is not the only one."""
    found = [
        (number, match.start(1), match.end(1), text)
        for number, line in enumerate(source.split("\n"))
        if number in lines
        for match in re.finditer(pattern, line)
    ]
    if len(found) == 1:
        yield found[0]


def _arguments(cell: Cell, use: Use, commit: str) -> Iterator[_Place]:
    for call in _calls(cell, use.line - cell.offset, use.call):
        for line, start, end, text in _with_revision(cell.source, call, use, commit):
            edited = Edit(0, line, start, end, text).apply(cell.source)
            # The cell has to read as well after it as before.
            if _readable(edited) or not _readable(cell.source):
                yield line, start, end, text


def _calls(cell: Cell, line: int, written: str) -> list[ast.Call]:
    """The calls of that name that begin at a line of a cell, in the order of the text."""
    source, name = cell.source, written.rpartition(".")[2]
    # Only line ends that Python counts as such are left, so that lines and columns fit the source.
    if cell.language != "python" or "\r" in source or "\x0c" in source:
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


def _with_revision(source: str, call: ast.Call, use: Use, commit: str) -> Iterator[_Place]:
    """What to replace in the source, for each name that the argument may have."""
    entries = calls_named(_name(call.func))
    names = dict.fromkeys(name for entry in entries for name in entry.revision.split("|"))
    for keyword in call.keywords:
        if keyword.arg in names:
            value = keyword.value
            if isinstance(value, ast.Constant) and value.value == use.revision:
                (line, start), (last, end) = _span(source, value)
                if line == last:
                    yield line, start, end, f'"{commit}"'
            return
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if use.revision is not None or not arguments or any(k.arg is None for k in call.keywords):
        return
    # After the last argument: what follows it, a comma or a line end, stays as it is.
    line, column = max(_span(source, node)[1] for node in arguments)
    text, close = source.split("\n")[line], _span(source, call)[1]
    # Brackets around the last argument belong to it; the last bracket is the call's.
    while text[column : column + 1] == ")" and (line, column + 1) < close:
        column += 1
    for name in names or ["revision"]:
        yield line, column, column, f', {name}="{commit}"'


def _readable(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _span(source: str, node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a node begins and ends, as line and column; the tree counts columns in bytes of UTF-8."""
    lines = source.split("\n")

    def place(line: int, column: int) -> tuple[int, int]:
        return line - 1, len(lines[line - 1].encode()[:column].decode(errors="ignore"))

    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return place(node.lineno, node.col_offset), place(end_line, end_column)
