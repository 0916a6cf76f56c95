"""A server in this process: listen, serve an application, announce it, and stop when asked to."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp, Receive, Scope, Send

from ..records.errors import HubdoiError
from .accepting import Acceptor, Protocol, room
from .log_rate import RATE_LIMIT

_START_SECONDS = 30


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port`; port 0 takes a free one.

    Raises:
        OSError, OverflowError: it cannot.
    """
    family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
    # asyncio sends small answers at once only on sockets that name their protocol.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(1024)
    return listening


def url_of(host: str, listening: socket.socket) -> str:
    """The URL under which `listening` is reached, when it was told to listen on `host`."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


class Server(uvicorn.Server):
    """uvicorn's server, which another thread can stop without waiting for its next look.

    `threads` is how many requests are carried out at the same time; `grace` is how many seconds
    they may take to end when the server stops; `on_stop` is called as soon as it does. At most
    `most` connections are open at the same time (`accepting.room` by default).
    """

    _loop: asyncio.AbstractEventLoop | None = None

    def __init__(
        self,
        app: ASGIApp,
        *,
        threads: int,
        grace: int = 3,
        most: int | None = None,
        on_stop: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                _answered(app),
                http=Protocol,
                access_log=False,
                lifespan="off",
                log_config=None,
                loop="asyncio",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=grace,
            )
        )
        self._threads = threads
        self._on_stop = on_stop
        self._most = most or room()
        # Whoever sends nonsense to the port would fill the disk with what is said about it.
        logging.getLogger("uvicorn.error").addFilter(RATE_LIMIT)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._acceptor = Acceptor(
            sockets or [],
            lambda: Protocol(self.config, self.server_state, self.lifespan.state),
            self.server_state.connections,
            most=self._most,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_stop is not None:
            self._on_stop()
        self._acceptor.stop()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # What is closed is gone with the next turn of the loop.
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            # It waits 0.1 s at least, even for nobody.
            await super().shutdown(sockets)
        for listening in sockets or []:
            listening.close()

    async def main_loop(self) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        current_default_thread_limiter().total_tokens = self._threads
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864000
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 0.1)

    def stop(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stopping.set)

    def is_ready(self, thread: threading.Thread | None = None) -> bool:
        """Wait until it serves; False when `thread`, which runs it, ended or it takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.started and time.monotonic() < deadline:
            if thread is not None and not thread.is_alive():
                return False
            time.sleep(0.002)
        return self.started


def serve_until_stopped(
    server: Server, listening: socket.socket, announcement: Callable[[], Mapping[str, Any]]
) -> None:
    """Serve until SIGTERM or SIGINT; one line of JSON goes to standard output when it is ready.

    Raises:
        HubdoiError: the line cannot be written, and so nobody would know where the server is.
    """
    unread: list[str] = []

    def announce() -> None:
        if not server.is_ready():
            return
        try:
            if sys.stdout is None:
                raise OSError(0, "it is closed")
            sys.stdout.write(json.dumps(announcement()) + "\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            unread.append(getattr(error, "strerror", None) or "it is closed")
            server.stop()

    stopping = [signal.signal(name, _ignore) for name in (signal.SIGTERM, signal.SIGINT)]
    threading.Thread(target=announce, daemon=True).start()
    try:
        server.run(sockets=[listening])
    finally:
        for name, before in zip((signal.SIGTERM, signal.SIGINT), stopping, strict=True):
            signal.signal(name, before)
        listening.close()
    if unread:
        raise HubdoiError(
            f"The line that says where the server is cannot be written to standard output ({unread[0]})."
        )


def _answered(app: ASGIApp) -> ASGIApp:
    """`app`, whose failures end with the answer that it gave.

    Starlette raises an unexpected exception once more for the server to log, and its frames hold
    what people sent; the application has logged its name already. A request that a stop gives up is
    cancelled, and logged as that.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(Exception, asyncio.CancelledError):
            await app(scope, receive, send)

    return call


def _ignore(_signal: int, _frame: Any) -> None:
    # uvicorn stops at the signal and then raises it again: the end of this process is a clean one.
    return None
