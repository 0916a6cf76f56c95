"""Bodies that never come to their end take no more memory than all of them together may."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hubdoi.net.bodies import MOST_OF_ONE, Bodies
from hubdoi.net.serving import Server, listen
from hubdoi.sandbox import Sandbox

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"


class Before:
    """Reads what comes, and then lets the application read the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await receive()
        await self._app(scope, receive, send)


def refused(request: Request, error: Exception) -> Response:
    status, headers = getattr(error, "status_code", 0), getattr(error, "headers", None)
    return PlainTextResponse(str(getattr(error, "detail", "")), status, headers)


@contextmanager
def served(most: int, *, before: bool) -> Iterator[tuple[str, int]]:
    async def read(request: Request) -> Response:
        size = 0
        async for part in request.stream():
            size += len(part)
        return PlainTextResponse("read")

    app = Starlette(routes=[Route("/", read, methods=["POST"])])
    inner: ASGIApp = Before(app) if before else app
    listening = listen("127.0.0.1", 0)
    server = Server(Bodies(inner, refused, most=most), threads=2)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert server.is_ready(thread)
    try:
        yield listening.getsockname()
    finally:
        server.stop()
        thread.join()


def answer(client: socket.socket) -> str:
    client.settimeout(60)
    found = b""
    while b"\r\n\r\n" not in found:
        part = client.recv(65536)
        if not part:
            break
        found += part
    return found.decode()


def test_what_all_send_is_bounded_and_given_back() -> None:
    with served(1000, before=False) as address:
        held = [socket.create_connection(address) for _ in range(2)]
        for one in held:
            one.sendall(HEAD + b"x" * 400)
        turned_away = ""
        # Both are held as soon as the server has read them.
        while "503" not in turned_away:
            with socket.create_connection(address) as third:
                third.sendall(HEAD + b"x" * 500)
                turned_away = answer(third)
        assert "retry-after: 5" in turned_away
        held[0].sendall(b"x" * 100)
        assert " 200 " in answer(held[0])
        with socket.create_connection(address) as third:
            third.sendall(HEAD + b"x" * 500)
            assert " 200 " in answer(third)
        for one in held:
            one.close()


def test_whoever_reads_before_the_application_is_answered_too() -> None:
    with served(100, before=True) as address, socket.create_connection(address) as client:
        client.sendall(HEAD + b"x" * 500)
        assert " 503 " in answer(client)


def test_a_large_body_counts_as_what_is_held_of_it() -> None:
    with served(MOST_OF_ONE, before=False) as address, socket.create_connection(address) as client:
        head = HEAD.replace(b"500", str(3 * MOST_OF_ONE).encode())
        client.sendall(head + b"x" * (3 * MOST_OF_ONE))
        assert " 200 " in answer(client)


def test_the_sandbox_answers_in_its_own_way(
    monkeypatch: pytest.MonkeyPatch, plain_hub: Sandbox
) -> None:
    from hubdoi.sandbox.app import create_app

    monkeypatch.setitem(Bodies.__init__.__kwdefaults__, "most", 10)
    client = TestClient(create_app(plain_hub.world), base_url="http://127.0.0.1")
    answer = client.post("/api/repos/create", json={"name": "x" * 100})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "receiving too much" in answer.json()["error"]
    page = client.post("/login", content=b"x" * 100, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "receiving too much" in page.text and "Skip to the content" in page.text
