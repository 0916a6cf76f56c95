"""A name for every answer, which clients repeat in their error messages.

As on the Hub it is the client's own, where it sent one.
"""

from __future__ import annotations

import re
import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ASKED = ("x-request-id", "x-amzn-trace-id")
_NAME = re.compile(r"[A-Za-z0-9=;:._-]{1,200}")


class RequestIds:
    """ASGI middleware that adds ``X-Request-Id`` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                message["headers"] = [*headers, (b"x-request-id", _name(scope).encode())]
            await send(message)

        await self._app(scope, receive, named if scope["type"] == "http" else send)


def _name(scope: Scope) -> str:
    headers = Headers(scope=scope)
    asked = next((headers[key] for key in _ASKED if key in headers), "")
    return asked if _NAME.fullmatch(asked) else f"Root={secrets.token_hex(12)}"
