"""Requests take turns before they take a thread, those that change something in a queue of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..minting import database
from ..records.errors import LedgerError
from .guard import MAX_JSON_BYTES, SAFE_METHODS

SLOW_SECONDS = 0.05
"""A read that takes longer goes on beside the next one, as long as there is room for that."""


class Turns:
    """ASGI middleware: at most `readers` requests that change nothing are at work at a time, beside
    `slow` of them that take long, and at most `writers` that change something.

    The database has one writer. Who has its turn must not wait for a thread behind everybody who
    reads: all others that write would wait with it. So a request waits here, and has a thread as
    soon as it needs one, as long as the server has more threads than there are turns.

    A turn begins once the body is in, and ends where the answer begins: who sends or reads slowly
    holds up nobody. A large body is not kept until then: whoever takes one reads it to its end as
    it comes. Who waits too long has the answer of `refused`.
    """

    def __init__(
        self,
        app: ASGIApp,
        refused: Callable[[Request, Exception], Response],
        *,
        readers: int,
        writers: int,
        slow: int = 0,
    ) -> None:
        self._app = app
        self._refused = refused
        self._readers = _Room(readers, slow)
        self._writers = _Room(writers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] in SAFE_METHODS:
            await self._read(scope, receive, send)
        else:
            await self._write(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        turn = _Turn(self._readers, scope)
        await turn.take()
        try:
            await self._app(scope, receive, turn.until_answer(send))
        finally:
            turn.end()

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        turn = _Turn(self._writers, scope, wait=database.BUSY_SECONDS)
        begun = [await _begin(receive)]
        try:
            if not _goes_on(begun[0]):
                await turn.take()
        except LedgerError as error:
            await self._refused(Request(scope), error)(scope, receive, send)
            return

        async def rest() -> Message:
            if begun:
                return begun.pop()
            message = await receive()
            if not _goes_on(message):
                await turn.take()
            return message

        try:
            await self._app(scope, rest, turn.until_answer(send))
        finally:
            turn.end()


class _Room:
    """For so many at a time, and for `beside` more of those that take long.

    The clients that wait are served in turn, whatever number of requests each of them has sent.
    """

    def __init__(self, count: int, beside: int = 0) -> None:
        self._free = count
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self.beside = beside
        self.has_slow = beside > 0

    def enters(self) -> bool:
        """Take a turn that is free; whether there was one."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self, client: str) -> None:
        """Take a turn when those who came before are served, and others as often as `client`."""
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a turn to who is next."""
        while self._waiting:
            client = next(iter(self._waiting))
            queue = self._waiting.pop(client)
            called = queue.popleft()
            if queue:
                self._waiting[client] = queue
            if not called.done():
                called.set_result(None)
                return
        self._free += 1


class _Turn:
    """A turn in `room` for a request, taken once and ended once; it waits for `wait` seconds."""

    def __init__(self, room: _Room, scope: Scope, *, wait: float | None = None) -> None:
        self._room = room
        self._scope = scope
        self._wait = wait
        self._is_taken = self._is_over = self._is_beside = False
        self._look: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        """Wait for a turn, unless there was one.

        Raises:
            LedgerError: it takes too long.
        """
        if self._is_taken or self._is_over:
            return
        try:
            # Where nobody waits, no timer is needed.
            if not self._room.enters():
                async with asyncio.timeout(self._wait):
                    await self._room.wait(_client(self._scope))
        except TimeoutError:
            raise LedgerError(
                "Others are writing to the sandbox; wait until they have finished, and try again."
            ) from None
        self._is_taken = True
        if self._room.has_slow:
            self._look_later()

    def end(self) -> None:
        """Give it back; doing it twice does no harm."""
        if self._is_taken and not self._is_over:
            if self._look is not None:
                self._look.cancel()
            if self._is_beside:
                self._room.beside += 1
            else:
                self._room.leave()
        self._is_over = True

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._step_aside)

    def _step_aside(self) -> None:
        if not self._room.beside:
            self._look_later()
            return
        self._room.beside -= 1
        self._is_beside, self._look = True, None
        self._room.leave()

    def until_answer(self, send: Send) -> Send:
        """`send`, which ends the turn when the answer begins."""

        async def sent(message: Message) -> None:
            self.end()
            await send(message)

        return sent


async def _begin(receive: Receive) -> Message:
    """A body as far as it may be kept, in one message."""
    message = await receive()
    if not _goes_on(message):
        return message
    kept = bytearray(message.get("body", b""))
    while _goes_on(message) and len(kept) <= MAX_JSON_BYTES:
        message = await receive()
        kept += message.get("body", b"")
    return {**message, "body": bytes(kept)}


def _client(scope: Scope) -> str:
    """Who asks, by what they sign in with, or else by their address."""
    headers = Headers(scope=scope)
    address: str = (scope.get("client") or ("",))[0]
    return headers.get("authorization") or headers.get("cookie") or address


def _goes_on(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body", False))
