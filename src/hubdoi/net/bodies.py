"""What a server holds of requests that have not ended, bounded for all of them together."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 128 * 1024 * 1024
MOST_OF_ONE = 1024 * 1024
"""What is held of one body: a larger one goes to the disk as it comes."""
# A client that is still sending does not read: take in this much before the answer.
_DRAINED_BYTES = 2 * MOST_OF_ONE


class Bodies:
    """ASGI middleware: bodies that are being received, or wait, take at most `most` bytes.

    Each may be within its own bound, and a thousand that never come to their end take all memory.
    Beyond the bound `refused` makes the answer, 503.
    """

    def __init__(
        self,
        app: ASGIApp,
        refused: Callable[[Request, Exception], Response],
        *,
        most: int = MOST_BYTES,
    ) -> None:
        self._app = app
        self._refused = refused
        self._room = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        held = 0

        async def counted() -> Message:
            nonlocal held
            message = await receive()
            size = min(len(message.get("body", b"")), MOST_OF_ONE - held)
            if size > self._room:
                await _drain(message, receive)
                raise HTTPException(
                    503,
                    "The server is receiving too much at once; try again in a moment.",
                    {"Retry-After": "5"},
                )
            self._room -= size
            held += size
            return message

        try:
            await self._app(scope, counted, send)
        except HTTPException as error:
            # Whoever read the body stands before the application, which answers its own errors.
            await self._refused(Request(scope), error)(scope, receive, send)
        finally:
            self._room += held


async def _drain(message: Message, receive: Receive) -> None:
    drained = 0
    while message.get("more_body") and drained < _DRAINED_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))
