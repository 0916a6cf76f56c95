"""``login`` and ``logout``: at an institution's gateway, with the Hub's account."""

from __future__ import annotations

import time
from argparse import Namespace

from ..records import Connection, Message
from ..records.errors import SignInRequired, UsageError
from .context import Context

SLOWER = 5
"""Seconds more between two requests, for good, when the Hub is asked too often (RFC 8628, 3.5)."""


def login(arguments: Namespace, context: Context) -> Connection:
    """Show a code, and wait until it was entered at the Hub.

    Raises:
        UsageError: a command line has nothing in which it could keep the token.
        SignInRequired: it was denied, or not entered in time.
    """
    session = context.session
    if not context.lasting and session.config().identity is None:
        raise UsageError(
            "A command line has no session that would remember who signed in; set HF_TOKEN in the environment instead."
        )
    gateway = session.client.gateway
    begun = gateway.begin_login()
    url = begun.get("verification_uri_complete") or begun["verification_uri"]
    context.show(
        Message(
            f"Open {url} and enter the code {begun['user_code']}; hubdoi waits until you have done so.",
            url,
        )
    )
    deadline = time.monotonic() + begun["expires_in"]
    interval = begun["interval"]
    while time.monotonic() < deadline:
        time.sleep(interval)
        told = gateway.finish_login(begun["handle"])
        if told.get("pending"):
            interval += SLOWER if told.get("slow_down") else 0
            continue
        if told.get("token"):
            session.sign_in(told["token"])
        session.client.hub.forget_person()
        return session.connection()
    raise SignInRequired("The code was not entered in time; run %doi login again.")


def logout(arguments: Namespace, context: Context) -> Message:
    """End what the gateway was allowed."""
    ended = context.session.client.gateway.end_login()
    context.session.sign_out()
    context.session.client.hub.forget_person()
    return Message(
        "You are signed out; the gateway has deleted the access that you gave it."
        if ended
        else "Nothing was deleted, because you had not signed in."
    )
