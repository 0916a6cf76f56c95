"""From words to an object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from importlib import import_module
from typing import Any

from ..net.operation import operation
from ..records import Message, Repo, RepoReference, RepoType, parse_reference
from ..records.errors import HubdoiError, RepoNotFound
from .context import Context
from .grammar import REFERENCES, SHORT_HELP, HelpWanted, parse

# Command -> the module that carries it out, in the function of the same name.
_HOMES = {
    **dict.fromkeys(
        ("status", "history", "mint", "regenerate", "recover", "request", "doctor"), "minting"
    ),
    "amend": "amending",
    "reserve": "amending",
    "withdraw": "amending",
    **dict.fromkeys(("cite", "badge", "card"), "citing"),
    **dict.fromkeys(("uses", "bib", "check"), "notebooks"),
    **dict.fromkeys(("use", "sandbox"), "places"),
    **dict.fromkeys(("login", "logout"), "logins"),
    "panel": "panels",
    "export": "exporting",
    "run": "recording",
    "gateway": "gateways",
}

# These wait for a person, carry out a notebook or serve: only each of their requests has a bound.
_WITHOUT_DEADLINE = frozenset({"gateway", "login", "run", "sandbox"})


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
        with operation(context.session.timeout):
            return context.session.connection(help=SHORT_HELP.replace("%doi", prog))
    arguments.body = body
    home = import_module(f"{__package__}.{_HOMES[arguments.command]}")
    carry_out: Callable[[argparse.Namespace, Context], Any] = getattr(home, arguments.command)
    _remember(arguments, context)
    timed = arguments.command not in _WITHOUT_DEADLINE
    with operation(context.session.timeout) if timed else nullcontext():
        try:
            result = carry_out(arguments, context)
        except RepoNotFound as error:
            raise _with_suggestion(error, arguments, context) from None
    if getattr(arguments, "json", False):
        value = result.value if isinstance(result, Message) else result
        value = value.to_json() if hasattr(value, "to_json") else value
        return JsonText(json.dumps(value, ensure_ascii=False, indent=2))
    return result


def _with_suggestion(
    error: RepoNotFound, arguments: argparse.Namespace, context: Context
) -> RepoNotFound:
    """`error`, with the dataset that a name without ``datasets/`` was meant for, where there is one."""
    named = getattr(arguments, "repo", None)
    if not isinstance(named, str):
        return error
    with suppress(HubdoiError):
        client = context.session.client
        reference = parse_reference(named, endpoint=client.endpoint)
        if isinstance(reference, RepoReference):
            other: RepoType = "dataset" if reference.repo.type == "model" else "model"
            meant = client.hub.info(Repo(other, reference.repo.id), None).repo
            return type(error)(f"{error.message.rstrip()} Did you mean {meant}?")
    return error


class JsonText(str):
    """JSON as text: a notebook shows it as it is, not as the quoted text that `str` would be."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def _remember(arguments: argparse.Namespace, context: Context) -> None:
    """Keep the repositories that a command names, so that the Tab key offers them."""
    for name in REFERENCES:
        given = getattr(arguments, name, None)
        for text in given if isinstance(given, list) else [given] if given else []:
            with suppress(HubdoiError):
                named = parse_reference(text, endpoint=context.session.client.endpoint)
                if isinstance(named, RepoReference):
                    context.session.seen[named.repo] = None
