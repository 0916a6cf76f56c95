"""The cells of a marimo notebook: a Python file in which each cell is a function."""

from __future__ import annotations

import ast
import textwrap

from .cell import Cell

_KEPT_DECORATORS = frozenset({"function", "class_definition"})


def cells_of_marimo(text: str) -> list[Cell]:
    """A cell for each function, class and setup block; none when the file does not parse.

    What a cell returns are names of the whole notebook, so a cell's body is read as code of the
    module; its parameters are names of other cells.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = text.splitlines()
    cells: list[Cell] = []

    def keep(first: int, last: int) -> None:
        source = textwrap.dedent("\n".join(lines[first - 1 : last]))
        cells.append(Cell(len(cells), source, offset=first - 1))

    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            decorators = {_decorator(part) for part in node.decorator_list}
            if "cell" in decorators:
                first = min(part.lineno for part in node.body)
                keep(first, node.end_lineno or first)
            elif decorators & _KEPT_DECORATORS:
                keep(node.lineno, node.end_lineno or node.lineno)
        elif isinstance(node, ast.With) and _decorator(node.items[0].context_expr) == "setup":
            keep(node.body[0].lineno, node.end_lineno or node.lineno)
    return cells


def _decorator(node: ast.expr) -> str:
    """The name of ``@app.name`` and ``@app.name(…)``."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else ""
