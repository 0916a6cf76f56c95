"""Where a call gives the argument that a line of the table asks for."""

from __future__ import annotations

import ast

from .calls import Call


def given_for(node: ast.Call, entry: Call) -> ast.expr | None:
    """The expression that a call gives for the argument of a line of the table."""
    for keyword in node.keywords:
        if keyword.arg in entry.keywords:
            return keyword.value
    if entry.place is None or entry.place >= len(node.args):
        return None
    if any(type(argument) is ast.Starred for argument in node.args[: entry.place + 1]):
        return None
    return node.args[entry.place]


def starred_place(node: ast.Call, entry: Call) -> tuple[ast.expr, int] | None:
    """The list that a call gives as its arguments, and the place of the wanted one in it."""
    for number, argument in enumerate(node.args):
        if entry.place is None or number > entry.place:
            return None
        if isinstance(argument, ast.Starred):
            return argument.value, entry.place - number
    return None
