"""The cells of a marimo notebook: a Python file in which each cell is a function."""

from __future__ import annotations

import ast
import re
import textwrap

from .cell import Cell
from .patterns import lazily

_KEPT_DECORATORS = frozenset({"function", "class_definition"})
# Where a part of the file begins, whatever is broken in the one before it.
_PARTS = lazily(
    r"^(?=@\w+\.(?:cell|function|class_definition)\b|with\s+\w+\.setup\b|\w+\._unparsable_cell\(|if __name__)",
    re.M,
)
_OPENING = lazily(r"^(?:async\s+def|def|with)\b", re.M)
_COLON = lazily(r":[^\S\n]*(?:#[^\n]*)?\n")


def cells_of_marimo(text: str) -> list[Cell]:
    """A cell for each function, class and setup block.

    What a cell returns are names of the whole notebook, so a cell's body is read as code of the
    module; its parameters are names of other cells. A file that does not parse is taken apart at
    its lines, so that one broken cell leaves the others as they are.
    """
    try:
        found = _parsed(text, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = _by_lines(text)
    return [Cell(number, source, offset=line) for number, (line, source) in enumerate(found)]


def _parsed(text: str, before: int) -> list[tuple[int, str]]:
    """The cells of a text that parses, each with the lines before it."""
    lines = text.splitlines()
    cells: list[tuple[int, str]] = []

    def keep(first: int, last: int) -> None:
        cells.append((before + first - 1, textwrap.dedent("\n".join(lines[first - 1 : last]))))

    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            decorators = {_decorator(part) for part in node.decorator_list}
            if "cell" in decorators:
                first = min(part.lineno for part in node.body)
                keep(first, node.end_lineno or first)
            elif decorators & _KEPT_DECORATORS:
                keep(node.lineno, node.end_lineno or node.lineno)
        elif isinstance(node, ast.With) and _decorator(node.items[0].context_expr) == "setup":
            keep(node.body[0].lineno, node.end_lineno or node.lineno)
        elif isinstance(node, ast.Expr) and _decorator(node.value) == "_unparsable_cell":
            # marimo keeps a cell that does not parse as the text of it
            given = node.value.args[0] if isinstance(node.value, ast.Call) else None
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                cells.append((before + given.lineno - 1, textwrap.dedent(given.value)))
    return cells


def _by_lines(text: str) -> list[tuple[int, str]]:
    """The cells of a text that does not parse: what parses of it, and the rest as it is written."""
    cells: list[tuple[int, str]] = []
    line = 0
    for part in _PARTS.split(text):
        try:
            cells += _parsed(part, line)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            opening = _OPENING.search(part) if part.startswith(("@", "with")) else None
            colon = _COLON.search(part, opening.end()) if opening else None
            if colon:
                body = textwrap.dedent(part[colon.end() :])
                cells.append((line + part.count("\n", 0, colon.end()), body))
        line += part.count("\n")
    return cells


def _decorator(node: ast.expr) -> str:
    """The name of ``@app.name`` and ``@app.name(…)``."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else ""
