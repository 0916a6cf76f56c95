"""Servers that answer too slowly, too much, or not at all: each ends in one sentence, in time."""

from __future__ import annotations

import json
import os
import resource
import ssl
from inspect import unwrap
from pathlib import Path

import pytest

import hubdoi.hub.repositories
import hubdoi.net.connections
import hubdoi.net.http
from hubdoi.config import Config, Secret
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.jupyter import server_sandbox
from hubdoi.net.cache import LARGEST_CACHE, AnswerCache
from hubdoi.net.http import Http
from hubdoi.records import Repo
from hubdoi.records.errors import HubdoiError, ServiceError, ServiceUnreachable, UnexpectedAnswer
from hubdoi.sandbox import Sandbox
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HostileServer
from tests.proxy.lossy_proxy import LossyProxy


@pytest.mark.parametrize(
    "case",
    ["slow_headers", "endless_interim_answers", "endless_trailers", "slow_body", "trickled_gzip", "silence"],
)  # fmt: skip
def test_an_operation_ends_at_its_deadline(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each read is in time: only the deadline of the whole can end this.
    monkeypatch.setattr(hubdoi.net.http, "LONGEST_OPERATION", 0.6)
    with HostileServer(getattr(hostile_server, case)) as server:
        with pytest.raises(ServiceUnreachable, match="did not answer in time"):
            Http(server.endpoint).get("/")
        assert server.came(1) == 1


@pytest.mark.parametrize(
    "case", ["gzip_bomb", "nested_gzip_bomb", "unasked_compression", "broken_gzip", "many_values", "huge_headers", "no_http"],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_one_sentence(case: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with HostileServer(getattr(hostile_server, case)) as server, pytest.raises(ServiceError) as got:
        Http(server.endpoint).request("GET", "/")
    assert got.value.message.endswith(".") and got.value.__context__ is None
    if case.endswith(("bomb", "values")):
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 600 * 1024, "KiB: the bomb itself is made here, in the same process"


@pytest.mark.parametrize("case", ["slow_headers", "gzip_bomb"])
def test_a_jupyter_server_that_answers_badly_has_no_sandbox(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_sandbox, "_SECONDS", 0.6)
    with HostileServer(getattr(hostile_server, case)) as server:
        connection = tmp_path / "connection.json"
        connection.write_text(json.dumps({"url": server.endpoint, "token": "t"}))
        monkeypatch.setenv(server_sandbox.VARIABLE, str(connection))
        assert server_sandbox.find() is None
        assert server.came(1) == 1


def test_a_pause_that_no_number_says_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubdoi.net.http, "LONGEST_OPERATION", 0.5)
    with HostileServer(hostile_server.nonsense_retry_after) as server:
        with pytest.raises(ServiceError) as got:
            Http(server.endpoint).get("/")
        assert "received too many requests" in got.value.message


def test_a_huge_integer_is_one_sentence() -> None:
    with HostileServer(hostile_server.huge_integer) as server, pytest.raises(UnexpectedAnswer):
        Http(server.endpoint).request("GET", "/")


@pytest.mark.parametrize("case", ["deep_nesting", "many_values", "huge_integer"])
def test_a_server_that_is_no_sandbox_goes_by_its_port(case: str) -> None:
    with HostileServer(getattr(hostile_server, case)) as server:
        port = server.endpoint.rpartition(":")[2]
        hub = HuggingFaceHub(Config(endpoint=server.endpoint))
        assert hub.identity == f"this machine:{port}"


@pytest.mark.parametrize("case", ["endless_pages", "pages_in_a_circle"])
def test_a_list_without_an_end_is_given_up(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubdoi.hub.repositories, "MOST_PAGES", 20)
    with HostileServer(getattr(hostile_server, case)) as server:
        hub = HuggingFaceHub(Config(endpoint=server.endpoint))
        with pytest.raises(UnexpectedAnswer, match="without an end"):
            hub.revisions(Repo("model", "ada/tiny-bert"))


def test_a_link_leads_to_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubdoi.hub.repositories, "MOST_PAGES", 3)
    with HostileServer(hostile_server.link_to_a_longer_host) as server:
        with pytest.raises(UnexpectedAnswer, match="without an end"):
            HuggingFaceHub(Config(endpoint=server.endpoint)).revisions(Repo("model", "ada/bert"))
        # The next page was asked for here.
        assert server.requests == 3


def test_a_link_that_is_no_url_is_one_sentence() -> None:
    with (
        HostileServer(hostile_server.link_that_is_no_url) as server,
        pytest.raises(UnexpectedAnswer, match="as a Hub would"),
    ):
        HuggingFaceHub(Config(endpoint=server.endpoint)).revisions(Repo("model", "ada/bert"))


def test_children_of_a_fork_share_no_connection(sandbox: Sandbox, tmp_path: Path) -> None:
    http = Http(sandbox.endpoint)
    names = ("ada/tiny-bert", "ada/tiny-bert", "grace/none")
    assert http.get("/api/models/ada/tiny-bert").json["id"] == "ada/tiny-bert"
    with LossyProxy(sandbox.endpoint) as proxy:
        shared = Http(proxy.endpoint)
        shared.get("/api/models/ada/tiny-bert")
        children = []
        for number in range(2):
            child = os.fork()
            if child == 0:
                # It must not go on with the tests of its parent, whatever happens.
                right = 0
                try:
                    for _ in range(20):
                        owner = ("ada", "grace")[number]
                        right += shared.get(f"/api/users/{owner}/overview").json["user"] == owner
                finally:
                    os._exit(0 if right == 20 else 1)
            children.append(child)
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
        assert shared.get("/api/models/ada/tiny-bert").json["id"] == names[0]


def test_the_cache_stays_within_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hubdoi.net.cache as cache

    monkeypatch.setattr(cache, "_LARGEST_DATABASE", 2**20)
    monkeypatch.setattr(cache, "LARGEST_ENTRY", 2**18)
    kept = AnswerCache(tmp_path / "small")
    for number in range(60):
        kept.remember(f"https://hub.example/{number}", {"text": "x" * 2**17})
    kept.remember("https://hub.example/large", {"text": "x" * 2**19})
    assert kept.recall("https://hub.example/large") is None
    stored = (tmp_path / "small" / "answers.db").stat().st_size
    assert stored < 2 * 2**20 < LARGEST_CACHE


@pytest.mark.parametrize("token", ["hf_abc\nX-Evil: 1", "hf_\udcff", "hf abc", "hf_\u00e9"])
def test_a_token_that_no_header_carries_is_refused_unseen(token: str) -> None:
    with pytest.raises(HubdoiError) as got:
        Http("https://hub.example", token=Secret(token))
    assert token[3:] not in got.value.message and got.value.__context__ is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("ALL_PROXY", "socks4://127.0.0.1:1"), ("HTTPS_PROXY", "http://[::1"), ("SSL_CERT_FILE", "/nowhere/at/all.pem"), ("SSL_CERT_FILE", os.devnull), ("SSL_CERT_FILE", "pipe"), ("SSLKEYLOGFILE", "/nowhere/at/all.log")],
)  # fmt: skip
def test_a_setting_of_the_network_that_cannot_be_used_is_one_sentence(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value == "pipe":
        value = str(tmp_path / value)
        os.mkfifo(value)
    for other in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    monkeypatch.setenv(name, value)
    # The tests make one context for all.
    monkeypatch.setattr(ssl, "create_default_context", unwrap(ssl.create_default_context))
    monkeypatch.setattr(hubdoi.net.http, "LONGEST_OPERATION", 0.5)
    with pytest.raises(HubdoiError) as got:
        Http("https://hub.invalid").get("/")
    assert got.value.message.endswith((".", "'"))
    assert name in got.value.message
