"""Others who hold the database or the port leave room: reads go on, and writes end in a sentence."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import repeat
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.minting import database
from hubdoi.net import accepting, log_rate
from hubdoi.net.cache import AnswerCache
from hubdoi.net.log_rate import RateLimit
from hubdoi.net.serving import Server, listen
from hubdoi.records.errors import LedgerError, SandboxError
from hubdoi.sandbox import Sandbox

WRITES = 12


@contextmanager
def write_lock(sandbox: Sandbox) -> Iterator[None]:
    """Another process that writes and does not come to an end."""
    foreign = sqlite3.connect(sandbox.world.database.path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        foreign.execute("ROLLBACK")
        foreign.close()


def create(sandbox: Sandbox, name: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    return httpx.post(
        f"{sandbox.endpoint}/api/repos/create", headers=headers, json={"name": name}, timeout=600
    )


def test_reads_never_wait_for_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody gives up while this test reads, on however slow a machine.
    monkeypatch.setattr(database, "BUSY_SECONDS", 600.0)
    with Sandbox() as sandbox, ThreadPoolExecutor(WRITES) as threads:
        with write_lock(sandbox):
            writes = [threads.submit(create, sandbox, f"new-{n}") for n in range(WRITES)]
            for path in ("/api/models/ada/tiny-bert", "/ada/tiny-bert", "/api/models/ada/tiny-bert/doi") * 2:  # fmt: skip
                assert httpx.get(sandbox.endpoint + path, timeout=60).status_code == 200
            assert not any(write.done() for write in writes)
        assert [write.result().status_code for write in writes] == [200] * WRITES


def test_writes_give_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)
    with Sandbox() as sandbox, ThreadPoolExecutor(WRITES) as threads:
        with write_lock(sandbox):
            answers = list(
                threads.map(lambda n: create(sandbox, f"new-{n}"), range(WRITES))
            )  # fmt: skip
        for answer in answers:
            assert answer.status_code == 503
            assert "again" in answer.json()["error"] and answer.json()["code"] == "LedgerError"
        assert create(sandbox, "later").status_code == 200


async def here(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, and answers; ``/long`` with more than fits the buffers of a connection."""
    if scope["type"] == "http":
        await Request(scope, receive).body()
        parts = repeat("x" * 2**16, 512) if scope["path"] == "/long" else ["here"]
        await StreamingResponse(parts)(scope, receive, send)


def test_a_start_gives_up_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(data=tmp_path / "data") as sandbox:
        file = sandbox.world.database.path
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)
    foreign = sqlite3.connect(file, isolation_level=None)
    with closing(foreign):
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(SandboxError, match="wait until it has finished and try again"):
            Sandbox(data=tmp_path / "data").start()
        foreign.execute("ROLLBACK")
    with Sandbox(data=tmp_path / "data") as sandbox:
        assert create(sandbox, "later").status_code == 200


def test_a_gateways_database_is_read_while_somebody_else_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gateway.db"
    account = {"DATACITE_REPOSITORY": "ADA", "DATACITE_PASSWORD": "x", "DATACITE_PREFIX": "10.5072"}
    settings = Settings.read({**account, "HUBDOI_GATEWAY_DATABASE": f"sqlite:///{file}", "HUBDOI_GATEWAY_HUB": "http://127.0.0.1:9", "HUBDOI_GATEWAY_OWNERS": "ada"})  # fmt: skip
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)
    with closing(Institution(settings)) as institution:
        institution.people.put("ada")
        with closing(sqlite3.connect(file, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            assert institution.people.member("ada")
            assert institution.ledger.versions("uid") == ()
            with pytest.raises(LedgerError, match="wait until it has finished and try again"):
                institution.people.put("grace")
            with pytest.raises(LedgerError, match="wait until it has finished and try again"):
                Institution(settings)
            foreign.execute("ROLLBACK")
        institution.people.put("grace")


def test_a_cache_that_somebody_else_holds_is_hardly_waited_for(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    cache.remember("https://hub.example/1", {"seen": "before"})
    foreign = sqlite3.connect(tmp_path / "answers.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    cache.remember("https://hub.example/2", {"not": "kept"})
    assert cache.recall("https://hub.example/1") == {"seen": "before"}
    assert cache.storage and cache.storage.connection
    assert cache.storage.connection.execute("PRAGMA busy_timeout").fetchone() == (100,)
    foreign.execute("ROLLBACK")
    foreign.close()


def test_a_request_that_a_stop_gives_up_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    began = threading.Event()

    async def hangs(scope: Scope, receive: Receive, send: Send) -> None:
        began.set()
        await asyncio.Event().wait()

    listening = listen("127.0.0.1", 0)
    server = Server(hangs, threads=2, grace=1)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert server.is_ready(thread)
    with socket.create_connection(listening.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert began.wait(60)
        server.stop()
        thread.join()
    assert "graceful shutdown exceeded" in caplog.text
    assert "Traceback" not in caplog.text


@contextmanager
def serving(most: int, app: ASGIApp = here) -> Iterator[tuple[str, int]]:
    listening = listen("127.0.0.1", 0)
    server = Server(app, threads=2, most=most)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    port = listening.getsockname()[1]
    thread.start()
    assert server.is_ready(thread)
    try:
        yield "127.0.0.1", port
    finally:
        server.stop()
        thread.join()


@pytest.mark.parametrize(
    "sent", [
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n", id="headers"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", id="body"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", id="chunk"),
        pytest.param(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n", id="reader"),
    ],
)  # fmt: skip
def test_half_open_connections_make_room(sent: bytes) -> None:
    # More than there is room for, and all of them taken in once the first have waited too long.
    with serving(most=8) as address, ExitStack() as held:
        for _ in range(12):
            half = held.enter_context(socket.create_connection(address, timeout=60))
            half.sendall(sent)
        url = f"http://{address[0]}:{address[1]}/"
        assert [httpx.get(url, timeout=60).text for _ in range(20)] == ["here"] * 20


def test_a_slow_reader_gets_the_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = threading.Event()
    close_late = accepting.Protocol.close_late

    def swept_once(connection: accepting.Protocol, now: float) -> None:
        close_late(connection, now)
        swept.set()

    monkeypatch.setattr(accepting.Protocol, "close_late", swept_once)
    answer = PlainTextResponse("x" * 2**25)
    with serving(most=8, app=answer) as address, socket.create_connection(address) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begun = slow.recv(1)
        monkeypatch.setattr(accepting, "HEADER_SECONDS", 0.0)
        swept.clear()
        assert swept.wait(60)
        with slow.makefile("rb") as received:
            assert (begun + received.read()).endswith(b"x" * 2**25)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"])  # fmt: skip
def test_headers_that_do_not_come_end_a_connection(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(most=8) as address, socket.create_connection(address, timeout=60) as half:
        half.sendall(sent)
        received = b""
        while received.count(b"here") < sent.count(b"\r\n\r\n"):
            received += half.recv(4096)
        monkeypatch.setattr(accepting, "HEADER_SECONDS", 0.2)
        try:
            while part := half.recv(4096):
                received += part
        except ConnectionResetError:
            pass
        assert received.count(b"here") == sent.count(b"\r\n\r\n")


def test_a_body_that_does_not_come_ends_a_connection(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(sandbox.endpoint)
    head = (
        f"POST /api/repos/create HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 100\r\n\r\n{{"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as slow:
        slow.sendall(head.encode())
        with monkeypatch.context() as patched, suppress(ConnectionResetError):
            patched.setattr(accepting, "EXCHANGE_SECONDS", 0.2)
            assert slow.recv(4096) == b""
    assert create(sandbox, "later").status_code == 200


def test_log_lines_that_strangers_cause_are_bounded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All of them within one window, on however slow a machine.
    monkeypatch.setattr(log_rate, "WINDOW_SECONDS", 3600.0)
    with serving(most=64) as address:
        for _ in range(50):
            with socket.create_connection(address, timeout=60) as connection:
                connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert len(caplog.records) <= log_rate.MOST * 2
    limit = RateLimit()
    line = logging.LogRecord("x", logging.WARNING, "file.py", 1, "Bad %s.", ("line",), None)
    assert [limit.filter(line) for _ in range(12)] == [True] * log_rate.MOST + [False] * 2
    monkeypatch.setattr(log_rate, "WINDOW_SECONDS", 0.0)
    assert limit.filter(line)
    assert line.getMessage() == "Bad line. (2 more like this were left out)"
