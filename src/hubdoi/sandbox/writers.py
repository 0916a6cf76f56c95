"""Requests that change something take turns, and leave the others the threads that they need."""

from __future__ import annotations

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..hub.wire import error_answer
from ..minting import database
from ..records.errors import LedgerError
from .guard import SAFE_METHODS


class Writers:
    """ASGI middleware: at most `threads` requests that change something are at work at a time.

    The database has one writer. Were all threads waiting for it, as when another process holds its
    lock, nobody could read. A request is counted once its body is in: who sends slowly holds up
    nobody.
    """

    def __init__(self, app: ASGIApp, *, threads: int) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        try:
            await asyncio.wait_for(self._turns.acquire(), database.BUSY_SECONDS)
        except TimeoutError:
            await _refuse(send)
            return
        try:
            await self._app(scope, _replay(body, receive), send)
        finally:
            self._turns.release()


async def _whole(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = messages[::-1]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _refuse(send: Send) -> None:
    status, headers, body = error_answer(
        LedgerError(
            "Others are writing to the sandbox; wait until they have finished, and try again."
        )
    )
    content = json.dumps(body).encode()
    headers = {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content})
