"""Connections to a server of ours: as many as there is room for, and none that only waits.

uvicorn takes every connection and gives it all the time it likes. A thousand that never finish
their headers or bodies, or never read their answers, use up the file descriptors of the process;
here they make room for others.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""How long a connection may take until the headers of its next request are complete."""
EXCHANGE_SECONDS = 300.0
"""How long it may take for one request and its answer, with both bodies."""
BODY_RATE = 10_000
"""Bytes per second at which a body is taken to come without a pause."""
SPARED_SECONDS = 1.0
"""A connection that waits for a shorter time is not closed to make room."""
_MOST = 2048
_SWEEP_SECONDS = 1.0
_FULL_SECONDS = 0.05
_HEAD_BYTES = 4096


class Protocol(H11Protocol):
    """uvicorn's protocol, which knows since when it has waited for its client."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._began = self.since = monotonic()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, _Together(transport, self.loop)))

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered: nothing came yet, or not all of its headers."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_waiting(self) -> bool:
        """Whether the client has the next step: to send headers or a body, or to read an answer."""
        sends = self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused
        return self.is_idle or sends or self.flow.write_paused

    def data_received(self, data: bytes) -> None:
        if not self.is_idle:
            # A body that comes at a fair rate does not wait.
            self.since = min(monotonic(), self.since + len(data) / BODY_RATE)
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._began = self.since = monotonic()

    def on_response_complete(self) -> None:
        self._began = self.since = monotonic()
        super().on_response_complete()

    def pause_writing(self) -> None:
        self.since = monotonic()
        super().pause_writing()

    def close_late(self, now: float) -> None:
        """Close the connection when it takes too long."""
        # An answer that was given in one piece is still on its way.
        is_quiet = self.is_idle and not self.flow.write_paused
        limit = HEADER_SECONDS if is_quiet else EXCHANGE_SECONDS
        if now - self._began > limit:
            self.transport.abort()


class _Together:
    """A transport that sends the head of an answer with the beginning of its body.

    uvicorn writes them one after the other: two calls of the system, and a client that wakes up
    for a head alone. What stays alone is sent at the next turn of the loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held or len(data) > _HEAD_BYTES:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._held = data
            self._loop.call_soon(self._send)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Acceptor:
    """Accepts connections on `listening` sockets, each a `Protocol` that `make` makes.

    `connections` are those that are open; uvicorn keeps them. At most `most` are: beyond that the
    one that has waited longest for its client is closed, and where the server has something to do
    for all of them new ones wait in the queue of the operating system.
    """

    def __init__(
        self,
        listening: list[socket.socket],
        make: Callable[[], Protocol],
        connections: set[Any],
        *,
        most: int,
    ) -> None:
        self._make = make
        self._connections = connections
        self._most = most
        self._tasks = [asyncio.create_task(self._accept(each)) for each in listening]
        self._tasks.append(asyncio.create_task(self._sweep()))

    def stop(self) -> None:
        """Accept no more."""
        for task in self._tasks:
            task.cancel()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listening.setblocking(False)
        while True:
            while len(self._connections) >= self._most:
                await asyncio.sleep(0 if self._make_room() else _FULL_SECONDS)
            try:
                connection, _ = await loop.sock_accept(listening)
                await loop.connect_accepted_socket(self._make, connection)
            except OSError:
                # The client has gone, or the system has no descriptor left.
                self._make_room()
                await asyncio.sleep(_FULL_SECONDS)

    def _make_room(self) -> bool:
        """Close the connection that has waited longest for its client, unless none has for long."""
        waiting = [each for each in self._connections if each.is_waiting]
        oldest = min(waiting, key=lambda each: each.since, default=None)
        if oldest is None or monotonic() - oldest.since < SPARED_SECONDS:
            return False
        # uvicorn would take it out only in the next turn of the loop.
        self._connections.discard(oldest)
        oldest.transport.abort()
        return True

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = monotonic()
            for connection in list(self._connections):
                connection.close_late(now)


def room() -> int:
    """How many connections one server may have open: half of the process's descriptors at most."""
    if sys.platform == "win32":
        return _MOST // 4
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _MOST if soft == resource.RLIM_INFINITY else max(16, min(_MOST, soft // 2))
