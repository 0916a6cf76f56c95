"""A place that gives a name a value, the scope that it does so in, and where code stands."""

from __future__ import annotations

import ast
from typing import Any, Literal, TypeAlias

# How a name's value is taken from the value of an expression: one element of it ("each", with the
# loop that does it), the item at a place, or what `with … as` gives.
Step: TypeAlias = tuple[Literal["each", "item", "rest", "entered"], Any]
# The line of a name in a shell line, which sees all names of its cell.
ANY_LINE = 1_000_000
BindingKind = Literal["value", "import", "def", "class", "param", "aug", "change", "opaque", "cut"]


class Scope:
    """A module, a class, a function or a comprehension, with the names that it binds."""

    __slots__ = ("bindings", "elsewhere", "inner", "kind", "node", "parent")

    def __init__(
        self,
        kind: Literal["module", "class", "function", "comprehension"],
        parent: Scope | None = None,
        node: ast.AST | None = None,
    ) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.bindings: dict[str, list[Binding]] = {}
        self.inner: list[Scope] = []
        if parent is not None:
            parent.inner.append(self)
        # names that a `global` or `nonlocal` statement sends to another scope
        self.elsewhere: set[str] = set()


class Site:
    """Where a statement stands: its scope, its cell, and the branches that lead to it."""

    __slots__ = ("branches", "cell", "scope")

    def __init__(self, scope: Scope, cell: int, branches: tuple[tuple[int, int], ...] = ()) -> None:
        self.scope = scope
        self.cell = cell
        # (id of the if, try or match statement, which of its blocks); a loop's id is negative
        self.branches = branches


class Binding:
    """One place that gives a name a value."""

    __slots__ = ("kind", "line", "node", "site", "steps")

    def __init__(
        self,
        kind: BindingKind,
        node: Any,
        site: Site,
        line: int,
        steps: tuple[Step, ...] = (),
    ) -> None:
        self.kind = kind
        self.node = node
        self.site = site
        self.line = line
        self.steps = steps

    @property
    def end(self) -> tuple[int, int]:
        """Where the statement ends that binds, so that ``x = f(x)`` does not see itself."""
        node = self.node
        if isinstance(node, ast.AST):
            return (getattr(node, "end_lineno", self.line), getattr(node, "end_col_offset", 0))
        return (self.line, 0)

    def holds(self, node: ast.AST, site: Site) -> bool:
        """Whether `node` is a part of the value that this binding gives, as in ``a.b = f(a.b)``."""
        if site.cell != self.site.cell or not isinstance(self.node, ast.AST):
            return False
        start = (getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))
        place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        return start <= place < self.end


def dotted_text(node: ast.AST) -> str:
    """``a.b.c`` for such an expression, else nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))
