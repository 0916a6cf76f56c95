"""Requests take turns: no write waits for a thread behind reads, and who is slow keeps no turn."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubdoi.net.serving import Server, listen
from hubdoi.sandbox.turns import Turns

MANY = 12
LARGE = "x" * 2**25


@contextmanager
def serving(app: ASGIApp, *, threads: int) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    server = Server(app, threads=threads)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert server.is_ready(thread)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.stop()
        thread.join()


def refused(request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 503)


def app_of(**answers: Callable[[Request], Response | Awaitable[Response]]) -> Starlette:
    return Starlette(
        routes=[
            Route(f"/{name}", answer, methods=["GET", "POST"]) for name, answer in answers.items()
        ]
    )


class Arrivals:
    """Counts the requests that have come, whether they have their turn or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.came = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.came.release()
        await self._app(scope, receive, send)

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.came.acquire(timeout=60)


def test_a_write_gets_its_threads_while_many_reads_wait() -> None:
    go, lock, at_work, most = threading.Event(), threading.Lock(), 0, 0

    def read(request: Request) -> Response:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        assert go.wait(60)
        with lock:
            at_work -= 1
        return PlainTextResponse("read")

    async def write(request: Request) -> Response:
        # As the sandbox does: one thread to see who asks, another one to do it.
        await run_in_threadpool(lambda: None)
        return PlainTextResponse(await run_in_threadpool(lambda: "written"))

    arrivals = Arrivals(Turns(app_of(read=read, write=write), refused, readers=2, writers=1))
    with serving(arrivals, threads=3) as url, ThreadPoolExecutor(MANY) as clients:
        try:
            reads = [clients.submit(httpx.get, f"{url}/read", timeout=120) for _ in range(MANY)]
            arrivals.wait_for(MANY)
            for _ in range(3):
                assert httpx.post(f"{url}/write", timeout=60).text == "written"
            assert not any(read.done() for read in reads)
        finally:
            go.set()
        assert [read.result().text for read in reads] == ["read"] * MANY
    assert most == 2


def test_a_read_that_takes_long_goes_on_beside_others() -> None:
    go, lock, at_work, most = threading.Event(), threading.Lock(), 0, 0
    begun = threading.Semaphore(0)

    def long(request: Request) -> Response:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        begun.release()
        assert go.wait(60)
        with lock:
            at_work -= 1
        return PlainTextResponse("long")

    app = app_of(long=long, short=lambda request: PlainTextResponse("short"))
    arrivals = Arrivals(Turns(app, refused, readers=1, writers=1, slow=1))
    with serving(arrivals, threads=MANY) as url, ThreadPoolExecutor(MANY) as clients:
        try:
            reads = [clients.submit(httpx.get, f"{url}/long", timeout=120)]
            assert begun.acquire(timeout=60)
            for _ in range(3):
                assert httpx.get(f"{url}/short", timeout=60).text == "short"
            reads += [clients.submit(httpx.get, f"{url}/long", timeout=120) for _ in range(4)]
            last = clients.submit(httpx.get, f"{url}/short", timeout=120)
            assert begun.acquire(timeout=60)
            arrivals.wait_for(1 + 3 + 4 + 1)
            assert not any(read.done() for read in reads)
        finally:
            go.set()
        assert [read.result().text for read in reads] == ["long"] * len(reads)
        assert last.result().text == "short"
        # The room beside is free again for the next one.
        go.clear()
        try:
            again = clients.submit(httpx.get, f"{url}/long", timeout=120)
            assert httpx.get(f"{url}/short", timeout=60).text == "short"
        finally:
            go.set()
        assert again.result().text == "long"
    assert most == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_who_reads_slowly_keeps_no_turn(method: str, kind: str) -> None:
    def parts() -> Iterator[str]:
        for start in range(0, len(LARGE), 2**16):
            yield LARGE[start : start + 2**16]

    def large(request: Request) -> Response:
        return PlainTextResponse(LARGE) if kind == "whole" else StreamingResponse(parts())

    app = app_of(large=large, small=lambda request: PlainTextResponse("small"))
    with serving(Turns(app, refused, readers=1, writers=1), threads=3) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            head = f"{method} /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            slow.sendall(head.encode())
            assert slow.recv(1)
            for _ in range(3):
                assert httpx.request(method, f"{url}/small", timeout=60).text == "small"


def test_who_sends_slowly_takes_no_turn() -> None:
    arrivals = Arrivals(
        Turns(app_of(a=lambda request: PlainTextResponse("here")), refused, readers=1, writers=1)
    )
    with serving(arrivals, threads=3) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            arrivals.wait_for(1)
            assert httpx.post(f"{url}/a", json={}, timeout=60).text == "here"


class Ended(Exception):
    pass


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"1", "more_body": True})
    await send({"type": "http.response.body", "body": b"2"})
    # Who streams an answer waits for the client to leave.
    while (await receive())["type"] != "http.disconnect":
        pass


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    raise Ended


async def fails_in_the_answer(scope: Scope, receive: Receive, send: Send) -> None:
    await answers(scope, receive, send)
    raise Ended


async def says_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def is_cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


ENDINGS = (answers, fails, fails_in_the_answer, says_nothing, is_cancelled)
Ending = Callable[[Scope, Receive, Send], Awaitable[None]]


def of_body(*parts: bytes) -> Receive:
    """A client that sends `parts` and leaves."""
    left: list[Message] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive() -> Message:
        return left.pop(0) if left else {"type": "http.disconnect"}

    return receive


async def unheard(message: Message) -> None:
    return


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
@pytest.mark.parametrize("method", ["GET", "POST", "large POST"])
def test_a_turn_is_given_back_once(ending: Ending, method: str) -> None:
    at_work, most, app = 0, 0, ending
    scope = {"type": "http", "method": method.split()[-1], "path": "/", "headers": []}
    body = (b"x" * 2**20, b"x" * 2**20, b"x") if method.startswith("large") else (b"{}",)

    async def works(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal at_work, most
        while (await receive()).get("more_body"):
            pass
        at_work += 1
        most = max(most, at_work)
        for _ in range(5):
            await asyncio.sleep(0)
        at_work -= 1

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    async def run() -> None:
        nonlocal app
        turns = Turns(chosen, refused, readers=1, writers=1, slow=1)
        for _ in range(3):
            with suppress(Ended, asyncio.CancelledError):
                await turns(scope, of_body(*body), unheard)
        app = works
        many = (turns(scope, of_body(*body), unheard) for _ in range(4))
        await asyncio.wait_for(asyncio.gather(*many), 60)

    asyncio.run(run())
    assert most == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_is_cancelled_leaves_its_turn_or_its_place(method: str) -> None:
    scope = {"type": "http", "method": method, "path": "/", "headers": []}
    served: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope["path"])
        if scope["path"] != "/last":
            await asyncio.Event().wait()

    async def run() -> None:
        turns = Turns(app, refused, readers=1, writers=1)

        def ask(path: str) -> asyncio.Task[Any]:
            return asyncio.create_task(turns({**scope, "path": path}, of_body(b""), unheard))

        works, waits, last = ask("/works"), ask("/waits"), ask("/last")
        for _ in range(20):
            await asyncio.sleep(0)
        assert served == ["/works"]
        waits.cancel()
        works.cancel()
        await asyncio.wait_for(last, 60)
        assert works.cancelled() and waits.cancelled()

    asyncio.run(run())
    assert served == ["/works", "/last"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("told_by", ["authorization", "cookie", "address"])
def test_who_sends_many_requests_waits_for_who_sends_few(method: str, told_by: str) -> None:
    served: list[str] = []
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await go.wait()
        served.append(scope["path"])

    async def run() -> None:
        turns = Turns(app, refused, readers=1, writers=1)

        def ask(who: str, path: str) -> asyncio.Task[Any]:
            scope: Scope = {"type": "http", "method": method, "path": path, "headers": []}
            if told_by == "address":
                scope["client"] = (who, len(asked))
            else:
                scope["headers"] = [(told_by.encode(), who.encode())]
            return asyncio.create_task(turns(scope, of_body(b"{}"), unheard))

        asked: list[asyncio.Task[Any]] = []
        for number in range(5):
            asked.append(ask("many", f"many {number}"))
        for number in range(2):
            asked.append(ask("few", f"few {number}"))
        asked.append(ask("one", "one"))
        for _ in range(20):
            await asyncio.sleep(0)
        # Who gives up is passed over.
        asked[3].cancel()
        go.set()
        await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)

    asyncio.run(run())
    assert served == ["many 0", "many 1", "few 0", "one", "many 2", "few 1", "many 4"]


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_takes_no_turn(kind: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await asyncio.Event().wait()

    async def run() -> None:
        turns = Turns(app, refused, readers=1, writers=1)
        long = [asyncio.create_task(turns({"type": kind}, of_body(), unheard)) for _ in range(3)]
        await asyncio.sleep(0)
        scope = {"type": "http", "method": "GET", "path": "/"}
        await asyncio.wait_for(turns(scope, of_body(b""), unheard), 60)
        for task in long:
            task.cancel()

    asyncio.run(run())
