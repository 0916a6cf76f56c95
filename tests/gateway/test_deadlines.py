"""A Hub, and a receiver of notices, that answer a byte at a time: each answer has one deadline."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue
from typing import ClassVar

import httpx
import pytest
from fastapi.testclient import TestClient

import hubdoi.gateway.app
import hubdoi.gateway.notices
import hubdoi.gateway.relay
from hubdoi.gateway.app import create_app
from hubdoi.gateway.database import migrate, open_database
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.notices import Notices
from hubdoi.gateway.relay import Relay
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.tables import notices
from hubdoi.minting.ledger import Ledger
from hubdoi.records.errors import ServiceUnreachable, UnexpectedAnswer
from hubdoi.sandbox import Sandbox
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HostileServer
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import environment
from .test_serve import DOI

CASES = [
    "slow_headers",
    "endless_interim_answers",
    "slow_body",
    "endless_trailers",
    "trickled_gzip",
]


@pytest.mark.parametrize("case", CASES)
def test_a_hub_that_trickles_is_given_up(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubdoi.gateway.relay, "SECONDS", 0.3)
    with HostileServer(getattr(hostile_server, case)) as hub:
        relay = Relay(Settings.read({"HUBDOI_GATEWAY_HUB": hub.endpoint}))
        with pytest.raises(ServiceUnreachable, match="does not answer; try again later"):
            relay.get("/api/models/ada/tiny-bert", "", None)
        assert hub.came(1) == 1
        relay.close()


@pytest.mark.parametrize("case", ["gzip_bomb", "unasked_compression", "broken_gzip"])
def test_what_cannot_be_passed_on_is_a_sentence(case: str) -> None:
    with HostileServer(getattr(hostile_server, case)) as hub:
        relay = Relay(Settings.read({"HUBDOI_GATEWAY_HUB": hub.endpoint}))
        with pytest.raises(UnexpectedAnswer, match="cannot be passed on"):
            relay.get("/api/models/ada/tiny-bert", "", None)
        relay.close()


@pytest.mark.parametrize("case", ["slow_headers", "endless_interim_answers", "no_http"])
def test_a_receiver_that_trickles_is_tried_again_later(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubdoi.gateway.notices, "SECONDS", 0.3)
    database = open_database(None, tmp_path)
    migrate(database)
    Ledger(database, hub="hub", endpoint="https://hub.invalid")
    with HostileServer(getattr(hostile_server, case)) as receiver:
        variables = {"HUBDOI_GATEWAY_NOTIFY": f"{receiver.endpoint}/hook"}
        told = Notices(Settings.read(variables), database)
        told.add("parked", "10.5072/x")
        assert told.attempt("https://dois.example.org")
        assert receiver.came(1) == 1
        assert not told.attempt("https://dois.example.org")
    with database.reading() as db:
        (row,) = db.execute(notices.select()).all()
    assert row.attempts == 1
    database.close()


class _Greeting(socketserver.BaseRequestHandler):
    """Greets for ever, one line after the other."""

    connections: ClassVar[Queue[socket.socket]] = Queue()

    def handle(self) -> None:
        self.connections.put(self.request)
        with suppress(OSError):
            while True:
                self.request.sendall(b"220-Welcome\r\n" * 10)


def test_a_mail_server_that_never_ends_its_greeting_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubdoi.gateway.notices, "SECONDS", 0.3)
    database = open_database(None, tmp_path)
    migrate(database)
    Ledger(database, hub="hub", endpoint="https://hub.invalid")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Greeting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        variables = {
            "HUBDOI_GATEWAY_SMTP": f"smtp://127.0.0.1:{server.server_address[1]}",
            "HUBDOI_GATEWAY_MAIL_TO": "curators@example.org",
            "HUBDOI_CONTACT": "dois@example.org",
        }
        told = Notices(Settings.read(variables), database)
        told.add("parked", "10.5072/x")
        assert told.attempt("https://dois.example.org")
        # What the client did not read any more keeps the server for minutes. The client may have
        # gone before the server heard of it.
        _Greeting.connections.get(timeout=60).shutdown(socket.SHUT_RDWR)
        server.shutdown()
        thread.join()
    with database.reading() as db:
        (row,) = db.execute(notices.select()).all()
    assert row.attempts == 1
    database.close()


def test_everything_that_one_request_asks_for_has_one_deadline(
    institution_of: Callable[..., Institution],
    plain_hub: Sandbox,
    proxy_of: Callable[[Sandbox], LossyProxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, released = proxy_of(plain_hub), threading.Event()
    institution = institution_of(
        HUBDOI_DATACITE_API=plain_hub.datacite_url.replace(plain_hub.endpoint, proxy.endpoint)
    )
    headers = {"Authorization": f"Bearer {plain_hub.users['ada']}"}
    client = TestClient(create_app(institution))
    body = {"agree": True, "terms": client.get(DOI, headers=headers).json()["terms"]["digest"]}
    # Each attempt would have 120 s.
    hangs = Fault("unsent", method="POST", path="/dois", times=99, then=lambda: released.wait(600))
    proxy.set(hangs)
    monkeypatch.setattr(hubdoi.gateway.app, "SECONDS", 5.0)
    answer = client.post(DOI, headers=headers, json=body)
    released.set()
    assert (answer.status_code, answer.json()["code"]) == (502, "ServiceFailed")
    told = answer.json()["error"]
    assert "within the 5 s that one request to the gateway may take, after " in told
    assert told.endswith("The request is kept and tried again; ask for the status later.")
    proxy.set()
    (row,) = institution.work.waiting()
    institution.work.retry(row.version_id)
    assert institution.work.attempt()
    assert client.post(DOI, headers=headers, json=body).status_code == 409


@pytest.mark.parametrize("path", [DOI, "/api/models/ada/tiny-bert"])
def test_a_hub_that_trickles_is_given_up_before_the_client_gives_up(
    path: str,
    plain_hub: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hubdoi.gateway.app, "SECONDS", 0.5)
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    with HostileServer(hostile_server.slow_body) as hub:
        variables = environment(plain_hub, database, HUBDOI_GATEWAY_HUB=hub.endpoint)
        institution = Institution(Settings.read(variables))
        answer = TestClient(create_app(institution)).get(path)
        institution.close()
    assert (answer.status_code, answer.json()["code"]) == (502, "ServiceUnreachable")


def test_it_says_that_it_lives_while_everything_waits_for_datacite(
    serve_here: Callable[[Mapping[str, str]], str],
    plain_hub: Sandbox,
    proxy_of: Callable[[Sandbox], LossyProxy],
    tmp_path: Path,
) -> None:
    proxy = proxy_of(plain_hub)
    asked, released = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        asked.release()
        released.wait(600)

    proxy.set(Fault("unsent", path="/api/models", times=1000, then=hang))
    variables = environment(plain_hub, f"sqlite:///{tmp_path / 'gateway.db'}")
    url = serve_here({**variables, "HUBDOI_GATEWAY_HUB": proxy.endpoint})
    with ThreadPoolExecutor(8) as pool:
        # As many as it has threads, each about another repository.
        waiting = [
            pool.submit(httpx.get, f"{url}/api/models/ada/m{n}/doi", timeout=60) for n in range(8)
        ]
        try:
            assert all(asked.acquire(timeout=60) for _ in waiting)
            assert httpx.get(f"{url}/healthz", timeout=20).json() == {"status": "ok"}
        finally:
            released.set()
