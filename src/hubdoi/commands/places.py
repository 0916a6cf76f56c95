"""``use`` and ``sandbox``."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from ..records import Connection, Message
from ..records.errors import SandboxError, UsageError
from .context import Context
from .grammar import is_variable
from .sandboxes import sandbox_module


def use(arguments: Namespace, context: Context) -> Connection:
    """Choose the backend of the session."""
    _check_lasting(
        context,
        "set HUBDOI_REGISTRAR=datacite and DATACITE_REPOSITORY, DATACITE_PASSWORD, DATACITE_PREFIX in the environment instead"
        if arguments.target == "datacite"
        else "set HUBDOI_ENDPOINT and HF_TOKEN in the environment instead",
    )
    if arguments.fresh and arguments.target != "sandbox":
        raise UsageError("--fresh goes with the sandbox: %doi use sandbox --fresh")
    token = _token(arguments)
    return context.session.use(
        arguments.target,
        user=arguments.user,
        test=arguments.test,
        fresh=arguments.fresh,
        token=token,
    )


def _token(arguments: Namespace) -> str | None:
    """The token that goes to the Hub: of the line, of the environment, or asked for.

    Raises:
        UsageError: there is none, and nobody can be asked.
    """
    if arguments.target is None and "://" in (arguments.token or ""):
        # `--token URL`: a token has no colon.
        arguments.target, arguments.token = arguments.token, ""
    if name := arguments.token_env:
        if not os.environ.get(name):
            # What is no name of a variable may be the token itself.
            named = name if is_variable(name) else "The variable that --token-env names"
            raise UsageError(f"{named} is not set in the environment; --token asks for the token.")
        return os.environ[name]
    if arguments.token is None or arguments.token:
        return arguments.token
    from getpass import getpass

    try:
        entered = getpass(f"Token for {arguments.target or 'the Hub'}: ").strip()
    except (EOFError, NotImplementedError):
        entered = ""
    if not entered:
        raise UsageError(
            "No token was entered. Where nobody can be asked, name a variable of the environment that has it: --token-env NAME"
        )
    return entered


def sandbox(arguments: Namespace, context: Context) -> Connection | Message | None:
    """Start, stop and look after the sandbox."""
    session = context.session
    match arguments.action:
        case "serve":
            _serve(arguments)
            return None
        case "start" | "stop" | "reset" | "url" if not context.lasting:
            _check_lasting(context, "serve a sandbox with: hubdoi sandbox serve")
        case "start":
            session.start_sandbox(Path(arguments.data) if arguments.data else None)
            return session.use("sandbox")
        case "stop":
            if session.stop_sandbox():
                return Message(f"The sandbox was stopped. In use now: {session.config().endpoint}")
            return Message(
                "The sandbox in use is served by another process; stop it there."
                if session.sandbox_users
                else "No sandbox of this session is running."
            )
        case "reset":
            session.reset_sandbox(confirmed=arguments.yes)
            return Message("The sandbox was reset.")
        case "url":
            if not session.sandbox_users:
                raise SandboxError(
                    "No sandbox of this session is running; start one with: %doi sandbox start"
                )
            return Message(session.sandbox_url(arguments.user))
    from .support import grant, requests

    data = Path(arguments.data) if arguments.data else session.sandbox_data
    return grant(arguments.number, data) if arguments.action == "grant" else requests(data)


def _check_lasting(context: Context, way_out: str) -> None:
    if not context.lasting:
        raise UsageError(f"A command line has no session that would remember this; {way_out}.")


def _serve(arguments: Namespace) -> None:
    sandbox_module("serve").serve(
        host=arguments.host,
        port=arguments.port,
        data=Path(arguments.data) if arguments.data else None,
        seed=arguments.seed,
        clock=arguments.clock,
        without_doi_api=arguments.without_doi_api,
    )
