"""Requests take turns before they take a thread, those that change something in a queue of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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
        turn = _Turn(self._readers)
        await turn.take()
        try:
            await self._app(scope, receive, turn.until_answer(send))
        finally:
            turn.end()

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        turn = _Turn(self._writers, wait=database.BUSY_SECONDS)
        begun, whole = await _begin(receive)
        try:
            if whole:
                await turn.take()
        except LedgerError as error:
            await self._refused(Request(scope), error)(scope, receive, send)
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
            await self._app(scope, rest, turn.until_answer(send))
        finally:
            turn.end()


class _Room:
    """For so many at a time, and for `beside` more of those that take long."""

    def __init__(self, count: int, beside: int = 0) -> None:
        self.turns = asyncio.Semaphore(count)
        self.beside = beside
        self.has_slow = beside > 0


class _Turn:
    """A turn in `room` for a request, taken once and ended once; it waits for `wait` seconds."""

    def __init__(self, room: _Room, *, wait: float | None = None) -> None:
        self._room = room
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
        turns = self._room.turns
        # Where nobody waits, this is done at once, and needs no timer.
        wait = self._wait if turns.locked() else None
        try:
            async with asyncio.timeout(wait):
                await turns.acquire()
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
                self._room.turns.release()
        self._is_over = True

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._step_aside)

    def _step_aside(self) -> None:
        if not self._room.beside:
            self._look_later()
            return
        self._room.beside -= 1
        self._is_beside, self._look = True, None
        self._room.turns.release()

    def until_answer(self, send: Send) -> Send:
        """`send`, which ends the turn when the answer begins."""

        async def sent(message: Message) -> None:
            self.end()
            await send(message)

        return sent


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
