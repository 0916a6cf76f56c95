"""What a function's or class's own text declares: defaults, fields, what is returned."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")


def _once(find: Callable[[Any], T]) -> Callable[[Any], T]:
    """Keep what `find` gives with the node: a thousand calls may ask about a long function."""
    name = f"hubdoi_{find.__name__}"

    @wraps(find)
    def kept(node: Any) -> T:
        if not hasattr(node, name):
            setattr(node, name, find(node))
        return getattr(node, name)  # type: ignore[no-any-return]

    return kept


def default_of(node: Any, name: str, positional: list[str]) -> ast.expr | None:
    arguments = node.args
    if name in positional:
        place = positional.index(name) - (len(positional) - len(arguments.defaults))
        return arguments.defaults[place] if place >= 0 else None
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if argument.arg == name:
            return default if default is None or isinstance(default, ast.expr) else None
    return None


@_once
def fields_of(node: ast.ClassDef) -> list[str]:
    """The fields of a data class or named tuple, in their order."""
    return [
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]


def is_static(node: Any) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


@_once
def returns_of(node: Any) -> list[tuple[ast.expr, tuple[tuple[int, int], ...]]] | None:
    """The expressions that a function returns; None for a generator."""
    found: list[tuple[ast.expr, tuple[tuple[int, int], ...]]] = []
    stack: list[Any] = list(node.body)
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Return) and part.value is not None:
            found.append((part.value, getattr(part, "hubdoi_branches", ())))
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Yield | ast.YieldFrom):
            return None
        elif not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                stack += getattr(part, block, ())
    return found


@_once
def ends_early(loop: Any) -> bool:
    """Whether a loop may end before its last turn."""
    return any(isinstance(part, ast.Break | ast.Return) for part in ast.walk(loop))
