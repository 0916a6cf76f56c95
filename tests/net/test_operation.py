"""One deadline over all the requests of a command."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubdoi import Client
from hubdoi.bibliography.card import CardProposal
from hubdoi.commands import Context, run
from hubdoi.commands.session import Session
from hubdoi.config import Config
from hubdoi.net.http import Http
from hubdoi.net.operation import bounded, current, operation, without_deadline
from hubdoi.records import Repo, Version
from hubdoi.records.errors import (
    HandOff,
    InvalidInput,
    ServiceError,
    ServiceUnreachable,
)
from hubdoi.sandbox import Sandbox
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HostileServer

LIMIT = 0.6
NAMES = [f"ada/model-{number}" for number in range(40)]


def slow_refusals(connection: socket.socket, ended: threading.Event) -> None:
    """Every answer is in time; a command of many requests would take as long as their sum."""
    while not ended.wait(0.1):
        body = json.dumps({"error": "There is no such thing."}).encode()
        length = str(len(body)).encode()
        connection.sendall(
            b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: "
            + length
            + b"\r\n\r\n"
            + body
        )
        if not connection.recv(65536):
            return


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("HUBDOI_TIMEOUT", str(LIMIT))
    return Context(session=Session(choices={}))


def _use(context: Context, server: HostileServer) -> None:
    context.session._choose({"endpoint": server.endpoint, "token": False, "datacite_api": server.endpoint, "registrar": "handoff"})  # fmt: skip


def test_requests_of_one_command_share_a_deadline(context: Context) -> None:
    with HostileServer(hostile_server.slow_body) as server:
        _use(context, server)
        with pytest.raises(ServiceUnreachable) as got:
            run(["status", "ada/tiny-bert"], context)
    assert got.value.message == (
        f"{server.endpoint[7:]} did not answer within the 0.6 s that one command may take, after 0 requests "
        "had been answered; try again, or allow more seconds with HUBDOI_TIMEOUT."
    )
    assert got.value.__context__ is None


def test_many_repositories_share_a_deadline(context: Context) -> None:
    with HostileServer(slow_refusals) as server:
        _use(context, server)
        found = run(["status", *NAMES], context)
        told = [str(row) for row in found]
    assert len(told) == 40
    late = [text for text in told if "that one command may take" in text]
    # The last were not asked for any more.
    assert late
    assert re.search(r"[1-9]\d* requests? had been answered", late[-1])


def test_nothing_is_sent_after_the_deadline() -> None:
    with HostileServer(hostile_server.slow_body) as server:
        http = Http(server.endpoint)
        with operation(lambda: LIMIT):
            for _ in range(3):
                with pytest.raises(ServiceUnreachable, match="that one command may take"):
                    http.get("/")
        assert server.came(1) == 1


def test_retries_end_at_the_deadline() -> None:
    with (
        HostileServer(hostile_server.nonsense_retry_after) as server,
        operation(lambda: LIMIT),
        pytest.raises(ServiceError),
    ):
        Http(server.endpoint).get("/")
    assert server.requests < 4


def test_an_operation_within_another_gets_no_more_time() -> None:
    with operation(lambda: 5):
        outer = current()
        with operation(lambda: 1000):
            assert current() is outer
        with without_deadline():
            assert current() is None
        assert current() is outer
    assert current() is None


def test_waiting_for_a_person_has_no_deadline(sandbox: Sandbox) -> None:
    said: list[str] = []
    client = Client(sandbox.endpoint, sandbox.users["ada"], registrar="handoff")
    with operation(lambda: 1e-6):
        with pytest.raises(ServiceUnreachable, match="that one command may take"):
            client.status("ada/tiny-bert")
        with pytest.raises(HandOff):
            client.wait_for_doi("ada/tiny-bert", timeout=0, progress=said.append)
    assert said and not any("that one command may take" in sentence for sentence in said)


@pytest.mark.parametrize("given", ["0", "-3", "nan", "inf", "soon", "9" * 400])
def test_a_timeout_is_a_number_of_seconds(given: str) -> None:
    with pytest.raises(InvalidInput, match="not a number of seconds"):
        Config.resolve(environ={"HUBDOI_TIMEOUT": given})


def test_the_timeout_comes_from_where_all_settings_come_from() -> None:
    assert Config.resolve(environ={}).timeout == 300
    assert Config.resolve(environ={"HUBDOI_TIMEOUT": "20"}).timeout == 20
    assert Config.resolve({"timeout": 5}, environ={"HUBDOI_TIMEOUT": "20"}).timeout == 5
    assert Config.resolve(environ={}, traitlets={"timeout": 7.5}).timeout == 7.5


def test_a_check_that_ran_out_of_time_is_no_green_one(context: Context, tmp_path: Path) -> None:
    notebook = tmp_path / "a.py"
    lines = [f"AutoModel.from_pretrained('{name}', revision='{'a' * 40}')" for name in NAMES]
    notebook.write_text("\n".join(lines))
    with HostileServer(slow_refusals) as server:
        _use(context, server)
        report = run(["check", str(notebook)], context)
        assert report.exit_status != 0
    late = [review for review in report.reviews if "that one command may take" in review.note]
    assert late
    assert {review.verdict for review in late} == {"cannot tell"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.status("ada/tiny-bert"),
        lambda client: client.history("ada/tiny-bert"),
        lambda client: client.cite("10.5072/hf/0001"),
        lambda client: client.mint("ada/tiny-bert", agree="0" * 64),
        lambda client: client.whoami(),
    ],
    ids=["status", "history", "cite", "mint", "whoami"],
)
def test_requests_of_one_method_of_a_client_share_a_deadline(ask: Callable[[Client], Any]) -> None:
    with HostileServer(slow_refusals) as server:
        client = Client(server.endpoint, "hf_x", datacite_api=server.endpoint, timeout=1e-6)
        with pytest.raises(ServiceUnreachable, match="that one command may take"):
            ask(client)
        assert current() is None
    assert server.requests == 0


def test_many_repositories_of_a_client_share_a_deadline() -> None:
    with HostileServer(slow_refusals) as server:
        client = Client(
            server.endpoint, token=False, datacite_api=server.endpoint, registrar="handoff", timeout=LIMIT
        )  # fmt: skip
        found = client.statuses(NAMES)
    assert len(found) == 40
    assert any("that one command may take" in str(one) for one in found.values())


def test_a_library_without_a_deadline_is_waited_for_no_longer_than_ours() -> None:
    ended = threading.Event()
    try:
        with operation(lambda: LIMIT):
            assert bounded(lambda: current() is not None, "http://hub") is True
            with pytest.raises(ZeroDivisionError):
                bounded(lambda: 1 / 0, "http://hub")
            with pytest.raises(ServiceUnreachable, match=r"^hub did not answer within the 0\.6 s"):
                bounded(ended.wait, "http://hub")
    finally:
        ended.set()
    assert bounded(lambda: 1, "http://hub") == 1


def test_a_pull_request_of_huggingface_hub_ends_at_the_deadline() -> None:
    with HostileServer(hostile_server.slow_body) as server:
        client = Client(server.endpoint, "hf_x", timeout=LIMIT)
        repo = Repo("model", "ada/tiny-bert")
        proposal = CardProposal(repo, Version.from_parts(repo=repo), "before", "after", client)
        with pytest.raises(ServiceUnreachable, match="that one command may take"):
            proposal.open()
