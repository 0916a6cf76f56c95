"""Requests that change something take turns, and leave the others the threads that they need."""

from __future__ import annotations

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..hub.wire import error_answer
from ..minting import database
from ..records.errors import LedgerError
from .guard import MAX_JSON_BYTES, SAFE_METHODS


class Writers:
    """ASGI middleware: at most `threads` requests that change something are at work at a time.

    The database has one writer. Were all threads waiting for it, as when another process holds its
    lock, nobody could read. A request is counted once its body is in: who sends slowly holds up
    nobody. A large body is not kept until then: whoever takes one reads it to its end as it comes.
    """

    def __init__(self, app: ASGIApp, *, threads: int) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        turn = _Turn(self._turns)
        begun, whole = await _begin(receive)
        try:
            if whole:
                await turn.take()
        except LedgerError as error:
            await _refuse(send, error)
            return
        waiting = begun[::-1]

        async def rest() -> Message:
            if waiting:
                return waiting.pop()
            message = await receive()
            if not _goes_on(message):
                await turn.take()
            return message

        try:
            await self._app(scope, rest, send)
        finally:
            turn.end()


class _Turn:
    """One of the turns of a request, taken once."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self._taken = False

    async def take(self) -> None:
        """Wait for a turn.

        Raises:
            LedgerError: it takes too long.
        """
        if self._taken:
            return
        if not self._turns.locked():
            # Nobody waits: this is done at once, without a task and a timer.
            await self._turns.acquire()
        else:
            try:
                await asyncio.wait_for(self._turns.acquire(), database.BUSY_SECONDS)
            except TimeoutError:
                raise LedgerError(
                    "Others are writing to the sandbox; wait until they have finished, and try again."
                ) from None
        self._taken = True

    def end(self) -> None:
        if self._taken:
            self._turns.release()


async def _begin(receive: Receive) -> tuple[list[Message], bool]:
    """A body as far as it may be kept, and whether that is all of it."""
    messages, size = [await receive()], 0
    while _goes_on(messages[-1]):
        size += len(messages[-1].get("body", b""))
        if size > MAX_JSON_BYTES:
            return messages, False
        messages.append(await receive())
    return messages, True


def _goes_on(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body", False))


async def _refuse(send: Send, error: LedgerError) -> None:
    status, headers, body = error_answer(error)
    content = json.dumps(body).encode()
    headers = {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content})
