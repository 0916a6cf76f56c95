"""``gateway``: an institution's service, a whole program of its own, started by name."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Any

from ..records import Message
from ..records.errors import MissingLibrary, UsageError
from .context import Context


def gateway(arguments: Namespace, context: Context) -> Message | None:
    """Serve, or look after, the gateway that the environment configures.

    Raises:
        UsageError: in a notebook, which is no place for a server.
    """
    if context.lasting:
        raise UsageError(
            "A gateway is run from the command line: hubdoi gateway serve. A notebook uses one with: %doi use https://…"
        )
    match arguments.action:
        case "serve":
            _module("serve").serve(arguments.host, arguments.port, demo=arguments.demo)
            return None
        case "worker":
            _module("serve").work(
                until_idle=arguments.until_idle, metrics_port=arguments.metrics_port
            )
            return None
        case "migrate":
            revision = _module("care").bring_up_to_date()
            return Message(f"The database has the schema {revision}.", revision)
        case "backup" | "restore":
            done: Message = getattr(_module("backup"), arguments.action)(arguments.file)
            return done
        case "drill":
            compared: Message = _module("drill").drill()
            return compared
        case "user" | "policy" | "review":
            return _decided(arguments)
    found: Message = getattr(_module("care"), arguments.action)()
    return found


def _decided(arguments: Namespace) -> Message:
    administration = _module("administration")
    act = arguments.act
    found: Message
    if arguments.action == "user":
        more = {name: getattr(arguments, name, None) for name in ("role", "group")}
        found = administration.user(act, getattr(arguments, "name", None), **more)
    elif arguments.action == "review":
        number = getattr(arguments, "number", None)
        found = administration.review(act, number, getattr(arguments, "reason", None))
    else:
        values: dict[str, Any] = {}
        if act == "set":
            names = ("prefix", "suffix", "quota", "review")
            values = {name: getattr(arguments, name) for name in names}
            for name in ("owners", "require"):
                text = getattr(arguments, name)
                values[name] = _names(text) if text is not None else None
        found = administration.policy(act, getattr(arguments, "group", None), **values)
    return found


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _module(name: str) -> Any:
    try:
        return import_module(f"hubdoi.gateway.{name}")
    except ImportError as error:
        raise MissingLibrary(
            "The gateway requires extra packages; install them with: pip install 'hubdoi[gateway]'"
        ) from error
