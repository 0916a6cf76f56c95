from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

import hubdoi.net.connections
import hubdoi.net.http
from hubdoi import __version__
from hubdoi.config import Secret
from hubdoi.net.http import Http, is_offline, user_agent
from hubdoi.records.errors import (
    HubdoiError,
    ServiceBusy,
    ServiceFailed,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

PATH = "/api/models/ada/tiny-bert"
TOKEN = Secret("hf_secret")
ProxyOf = Callable[[Sandbox], LossyProxy]


@pytest.fixture
def proxy(sandbox: Sandbox, proxy_of: ProxyOf) -> LossyProxy:
    return proxy_of(sandbox)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def endless() -> Iterator[str]:
    """A server whose answer never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                        while True:
                            connection.sendall(b"x" * 65536)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        # To close it does not wake the thread that accepts.
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_answer_is_status_headers_and_json(sandbox: Sandbox) -> None:
    answer = Http(sandbox.endpoint).get(PATH)
    assert answer.status == 200
    assert answer.json["id"] == "ada/tiny-bert"
    assert answer.headers["content-type"].startswith("application/json")
    assert Http(sandbox.endpoint).get("/api/models/ada/none").status == 401


def test_who_asks_can_be_written_to(proxy: LossyProxy) -> None:
    Http(proxy.endpoint, contact="ada@example.org").get(PATH)
    assert proxy.headers[-1]["user-agent"] == f"hubdoi/{__version__} (mailto:ada@example.org)"
    assert user_agent() == f"hubdoi/{__version__}"


@pytest.mark.parametrize("kind", ["unsent", "lost", "failed", "truncated-never"])
def test_a_get_is_repeated_where_that_can_help(proxy: LossyProxy, kind: str) -> None:
    faults = [Fault(kind, times=2)] if kind != "truncated-never" else []
    proxy.set(*faults)
    assert Http(proxy.endpoint).get(PATH).status == 200
    assert len(proxy.requests) == (3 if faults else 1)


def test_a_post_is_sent_once_unless_it_may_be_repeated(proxy: LossyProxy) -> None:
    http = Http(proxy.endpoint)
    for fault in (Fault("lost", times=9), Fault("unsent", times=9), Fault("failed", times=9)):
        proxy.set(fault)
        with pytest.raises((ServiceUnreachable, ServiceFailed)):
            http.request("POST", "/api/validate-yaml", body={})
        assert len(proxy.requests) == 1
    proxy.set(Fault("lost", times=1))
    assert http.request("POST", "/api/validate-yaml", body={}, repeat=True).status == 400
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("header", ["seconds", "date", "ratelimit"])
def test_a_pause_that_is_asked_for_is_made(proxy: LossyProxy, header: str) -> None:
    began = time.monotonic()
    in_two_seconds = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    headers = {
        "seconds": {"Retry-After": "1"},
        "date": {"Retry-After": in_two_seconds},
        "ratelimit": {
            "RateLimit": '"api";r=0;t=1',
            "RateLimit-Policy": '"fixed";"api";q=500;w=300',
        },
    }[header]
    proxy.set(Fault("status", status=429, headers=headers, body={"error": "slowly"}))
    # What was turned away was not done, so that a POST may be sent again as well.
    answer = Http(proxy.endpoint).request("POST", "/api/validate-yaml", body={"content": ""})
    assert answer.status == 200
    assert len(proxy.requests) == 2
    assert time.monotonic() - began >= 1


def test_a_pause_that_is_too_long_is_said(proxy: LossyProxy) -> None:
    proxy.set(Fault("status", status=429, headers={"Retry-After": "3600"}, times=9))
    with pytest.raises(ServiceBusy, match="received too many requests") as caught:
        Http(proxy.endpoint).get(PATH)
    assert caught.value.retry_after == 3600
    assert len(proxy.requests) == 1


def test_a_page_of_the_network_is_recognised(proxy: LossyProxy) -> None:
    proxy.set(Fault("html", times=9))
    with pytest.raises(UnexpectedAnswer, match="sign-in page"):
        Http(proxy.endpoint).get(PATH)


def test_truncated_json_is_one_sentence(proxy: LossyProxy) -> None:
    proxy.set(Fault("truncated", times=9))
    with pytest.raises(UnexpectedAnswer, match="did not return JSON"):
        Http(proxy.endpoint).get(PATH)


def test_deeply_nested_json_is_no_traceback(proxy: LossyProxy) -> None:
    body: Any = []
    for _ in range(900):
        body = [body]
    proxy.set(Fault("status", status=200, body=body))
    assert Http(proxy.endpoint).get(PATH).status == 200


def test_the_service_s_own_words_of_a_failure_are_kept(proxy: LossyProxy) -> None:
    proxy.set(Fault("status", status=500, body={"error": "The disk is full"}))
    with pytest.raises(ServiceFailed, match=r"\(HTTP 500\): The disk is full"):
        Http(proxy.endpoint).request("POST", PATH, body={})


def test_a_redirect_elsewhere_carries_no_credentials(
    proxy: LossyProxy, sandbox: Sandbox, proxy_of: ProxyOf
) -> None:
    elsewhere = proxy_of(sandbox)
    for http in (
        Http(proxy.endpoint, token=TOKEN),
        Http(proxy.endpoint, basic=("account", Secret("hunter2"))),
    ):
        proxy.set(Fault("redirect", location=f"{elsewhere.endpoint}{PATH}"))
        elsewhere.set()
        assert http.get(PATH).status == 200
        assert "authorization" in proxy.headers[-1]
        assert "authorization" not in elsewhere.headers[-1]


def test_a_redirect_on_the_same_server_keeps_them(sandbox: Sandbox) -> None:
    sandbox.hf_api("grace").move_repo("grace/secret-model", "grace/hidden-model")
    http = Http(sandbox.endpoint, token=Secret(sandbox.users["grace"]))
    assert http.get("/api/models/grace/secret-model").json["id"] == "grace/hidden-model"


def test_a_post_follows_no_redirect(proxy: LossyProxy, sandbox: Sandbox, proxy_of: ProxyOf) -> None:
    elsewhere = proxy_of(sandbox)
    proxy.set(Fault("redirect", location=f"{elsewhere.endpoint}{PATH}", times=9))
    with pytest.raises(UnexpectedAnswer, match="redirects to another URL"):
        Http(proxy.endpoint, token=TOKEN).request("POST", PATH, body={"a": 1}, repeat=True)
    assert elsewhere.requests == []


def test_redirects_in_a_circle_are_noticed(proxy: LossyProxy) -> None:
    proxy.set(Fault("redirect", location=PATH, times=99))
    with pytest.raises(UnexpectedAnswer, match="in a loop"):
        Http(proxy.endpoint).get(PATH)


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "http://[", "//", "http://127.0.0.1:0/"])
def test_a_redirect_to_nonsense_is_one_sentence(proxy: LossyProxy, location: str) -> None:
    proxy.set(Fault("redirect", location=location, times=99))
    with pytest.raises(HubdoiError) as caught:
        Http(proxy.endpoint).get(PATH)
    assert isinstance(caught.value, UnexpectedAnswer | ServiceUnreachable)


def test_silence_is_not_waited_for_without_an_end(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubdoi.net.connections, "READ_SECONDS", 0.2)
    with pytest.raises(ServiceUnreachable, match="did not answer in time"):
        Http(silent).request("GET", "/")


def test_an_answer_without_an_end_is_not_read(
    endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnexpectedAnswer, match="more than 64 MiB"):
        Http(endless).request("GET", "/")
    monkeypatch.setattr(hubdoi.net.http, "LONGEST_OPERATION", 0.0)
    with pytest.raises(ServiceUnreachable, match="did not answer in time"):
        Http(endless).request("GET", "/")


def test_no_server_no_name_no_trust(sandbox: Sandbox) -> None:
    # Its own port, on which it does not listen: nobody else does either.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ServiceUnreachable, match="refuses the connection"):
            Http(f"http://127.0.0.1:{closed.getsockname()[1]}").request("GET", "/")
    with pytest.raises(ServiceUnreachable, match=r"was not found \(DNS\)"):
        Http("http://hub.invalid").request("GET", "/")
    # The sandbox does not speak TLS.
    with pytest.raises(ServiceUnreachable, match=r"\(TLS\)"):
        Http(sandbox.endpoint.replace("http:", "https:")).request("GET", "/")


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("YES", True), ("0", False), ("", False)])  # fmt: skip
def test_hf_hub_offline_is_respected(
    proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch, value: str, offline: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert is_offline() is offline
    if offline:
        with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
            Http(proxy.endpoint).get(PATH)
        assert proxy.requests == []
    else:
        assert Http(proxy.endpoint).get(PATH).status == 200


def test_no_secret_is_shown(
    proxy: LossyProxy, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    http = Http(proxy.endpoint, basic=("account", Secret("hunter2")))
    proxy.set(Fault("unsent", times=9))
    with pytest.raises(ServiceUnreachable) as caught:
        http.get(PATH)
    proxy.set()
    Http(proxy.endpoint, token=TOKEN).get(PATH)
    shown = "".join((repr(http), repr(caught.value), caplog.text, *capfd.readouterr()))
    for secret in ("hunter2", "hf_secret", "YWNjb3VudDpodW50ZXIy"):
        assert secret not in shown
