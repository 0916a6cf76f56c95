"""From words to an object."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from ..records import Message
from .context import Context
from .grammar import SHORT_HELP, HelpWanted, parse

# Command -> the module that carries it out, in the function of the same name.
_HOMES = {
    **dict.fromkeys(("status", "history", "mint", "regenerate", "recover", "request"), "minting"),
    **dict.fromkeys(("cite", "badge", "card"), "citing"),
    **dict.fromkeys(("uses", "bib", "check"), "notebooks"),
    **dict.fromkeys(("use", "sandbox"), "places"),
    "panel": "panels",
}


def run(
    words: Sequence[str],
    context: Context | None = None,
    *,
    body: Mapping[str, Any] | None = None,
    prog: str = "%doi",
) -> Any:
    """Carry out a command; `body` is what stood under ``%%doi mint REPO``.

    Raises:
        UsageError: the grammar does not know the command.
        HubdoiError: the command says why it failed.
    """
    context = context or Context()
    try:
        arguments = parse(words, prog=prog)
    except HelpWanted as wanted:
        return Message("hubdoi", details=str(wanted))
    if arguments.command is None:
        return context.session.connection(help=SHORT_HELP.replace("%doi", prog))
    arguments.body = body
    home = import_module(f"{__package__}.{_HOMES[arguments.command]}")
    carry_out: Callable[[argparse.Namespace, Context], Any] = getattr(home, arguments.command)
    return carry_out(arguments, context)
