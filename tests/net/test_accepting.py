from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from hubdoi.net.serving import Server, listen

HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}


@contextmanager
def serving(app: ASGIApp) -> Iterator[socket.socket]:
    """A connection to a server of `app`."""
    with listen("127.0.0.1", 0) as listening:
        server = Server(app, threads=1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            assert server.is_ready(thread)
            with socket.create_connection(listening.getsockname(), timeout=60) as client:
                yield client
        finally:
            server.stop()
            thread.join(60)


def ask(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")


def test_a_head_comes_with_the_beginning_of_its_body() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEAD)
        await send({"type": "http.response.body", "body": b"here"})

    with serving(app) as client:
        for _ in range(20):
            ask(client)
            received = client.recv(65536)
            assert received.startswith(b"HTTP/1.1 200") and received.endswith(b"\r\n\r\nhere")


def test_a_head_does_not_wait_for_its_body() -> None:
    has_head = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEAD)
        await asyncio.to_thread(has_head.wait)
        await send({"type": "http.response.body", "body": b"he", "more_body": True})
        await send({"type": "http.response.body", "body": b"re"})

    with serving(app) as client:
        ask(client)
        assert client.recv(65536).endswith(b"\r\n\r\n")
        has_head.set()
        body = b""
        while len(body) < 4:
            body += client.recv(65536)
        assert body == b"here"


def test_a_large_answer_comes_whole_and_in_order() -> None:
    parts = [bytes([65 + n % 26]) * (1 + n * 997 % 20_000) for n in range(200)]
    whole = b"".join(parts)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = str(len(whole)).encode()
        await send({**HEAD, "headers": [(b"content-length", length), (b"connection", b"close")]})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})

    with serving(app) as client:
        ask(client)
        received = b"".join(iter(lambda: client.recv(65536), b""))
        assert received.partition(b"\r\n\r\n")[2] == whole
