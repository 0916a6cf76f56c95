"""Faults of the connection between a client and the sandbox, while it mints."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

import hubdoi.net.connections
import hubdoi.net.http
from hubdoi.client import Client
from hubdoi.records import Terms
from hubdoi.records.errors import (
    HubdoiError,
    ServiceBusy,
    ServiceFailed,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from hubdoi.sandbox import Sandbox
from tests.faults.agreement import assert_sentence, registered, settled
from tests.proxy.lossy_proxy import Fault, LossyProxy

ALWAYS = 1000
DOI_PATH = "/doi"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts are short."""
    import stamina

    real = stamina.retry_context
    monkeypatch.setattr(
        stamina,
        "retry_context",
        lambda **more: real(**{**more, "wait_initial": 0.01, "wait_max": 0.05}),
    )


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, float], None]:
    """Has the client give up silence after some seconds instead of 30, where it meets silence."""

    def give_up(name: str, seconds: float) -> None:
        if name == "silence":
            monkeypatch.setattr(hubdoi.net.connections, "READ_SECONDS", seconds)

    return give_up


@pytest.fixture
def proxy(sandbox: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]) -> LossyProxy:
    return proxy_of(sandbox)


@pytest.fixture
def client(sandbox: Sandbox, proxy: LossyProxy) -> Client:
    return Client(proxy.endpoint, sandbox.users["ada"])


@pytest.fixture
def terms(client: Client) -> Terms:
    return client.terms("ada/tiny-bert")


# What happens once is not noticed by who mints: the same request is sent again.
ONCE = {
    "reset-before": Fault("unsent"),
    "reset-during": Fault("cut"),
    "reset-after": Fault("lost"),
    "silence": Fault("late", seconds=4),
    "429-without-retry-after": Fault("status", status=429),
    "429-with-retry-after": Fault("status", status=429, headers={"Retry-After": "0"}),
    "500": Fault("status", status=500, body={"error": "Something broke."}),
    "502-html": Fault("failed"),
    "503": Fault("status", status=503),
}


@pytest.mark.parametrize("name", ONCE)
def test_r12_a_mint_goes_through_what_goes_wrong_once(
    name: str,
    sandbox: Sandbox,
    proxy: LossyProxy,
    client: Client,
    terms: Terms,
    patience: Callable[[str, float], None],
) -> None:
    patience(name, 3)
    # The second attempt has all the time that a slow machine needs.
    once = replace(ONCE[name], then=lambda: patience(name, 30))
    proxy.set(replace(once, method="POST", path=DOI_PATH))

    version = client.mint("ada/tiny-bert", agree=terms)

    assert proxy.count("POST", DOI_PATH) == 2
    keys = {h["idempotency-key"] for h in proxy.headers if "idempotency-key" in h}
    assert len(keys) == 1
    (only,) = registered(sandbox.world)
    assert only.doi == version.doi
    assert settled(sandbox, client).doi == version.doi


# What goes on, or cannot be understood, is one sentence; afterwards nothing is lost or doubled.
LASTING: dict[str, tuple[Fault, type[HubdoiError], int]] = {
    "reset-before": (Fault("unsent"), ServiceUnreachable, 0),
    "reset-during": (Fault("cut"), ServiceUnreachable, 1),
    "reset-after": (Fault("lost"), ServiceUnreachable, 1),
    "silence": (Fault("late", seconds=1.2), ServiceUnreachable, 1),
    "429-without-retry-after": (Fault("status", status=429), ServiceBusy, 0),
    "429-with-retry-after": (
        Fault("status", status=429, headers={"Retry-After": "3600"}),
        ServiceBusy,
        0,
    ),
    "429-with-retry-after-nonsense": (
        Fault("status", status=429, headers={"Retry-After": "soon"}),
        ServiceBusy,
        0,
    ),
    "500": (Fault("status", status=500), ServiceFailed, 0),
    "500-list": (Fault("status", status=500, body=["x"]), ServiceFailed, 0),
    "502-html": (Fault("failed"), ServiceFailed, 1),
    "truncated-json": (Fault("truncated"), UnexpectedAnswer, 1),
    "wrong-json-list": (Fault("status", status=201, body=["doi"]), UnexpectedAnswer, 0),
    "wrong-json-text": (Fault("status", status=201, body="10.5072/hf/0001"), UnexpectedAnswer, 0),
    "wrong-json-empty": (Fault("status", status=201, body={}), HubdoiError, 0),
    "wrong-json-number": (Fault("status", status=201, body={"doi": 7}), HubdoiError, 0),
    "no-body": (Fault("status", status=201), UnexpectedAnswer, 0),
    "html": (Fault("html"), UnexpectedAnswer, 0),
    "redirect": (Fault("redirect", location="/elsewhere"), UnexpectedAnswer, 0),
    "418": (Fault("status", status=418), HubdoiError, 0),
    "400-html": (Fault("status", status=400, body="<html>"), HubdoiError, 0),
}


@pytest.mark.parametrize("name", LASTING)
def test_r12_a_mint_that_fails_leaves_one_doi_or_none(
    name: str,
    sandbox: Sandbox,
    proxy: LossyProxy,
    client: Client,
    terms: Terms,
    patience: Callable[[str, float], None],
) -> None:
    patience(name, 0.8)
    fault, kind, minted = LASTING[name]
    proxy.set(replace(fault, method="POST", path=DOI_PATH, times=ALWAYS))

    with pytest.raises(kind) as caught:
        client.mint("ada/tiny-bert", agree=terms)

    assert_sentence(caught.value, sandbox.users["ada"])
    assert len(registered(sandbox.world)) == minted
    proxy.set()
    patience(name, 30)
    settled(sandbox, client)


READING: dict[str, tuple[Fault, type[HubdoiError]]] = {
    name: (fault, kind)
    for name, (fault, kind, _) in LASTING.items()
    if name not in ("redirect", "418", "400-html")
} | {
    "wrong-json-list": (Fault("status", status=200, body=[1]), UnexpectedAnswer),
    "wrong-json-text": (Fault("status", status=200, body="x"), UnexpectedAnswer),
    "wrong-json-empty": (Fault("status", status=200, body={}), UnexpectedAnswer),
    "wrong-json-number": (
        Fault("status", status=200, body={"state": 7, "versions": "all"}),
        UnexpectedAnswer,
    ),
    "no-body": (Fault("status", status=200), UnexpectedAnswer),
    "redirect-loop": (
        Fault("redirect", location="/api/models/ada/tiny-bert/doi"),
        UnexpectedAnswer,
    ),
}


@pytest.mark.parametrize("name", READING)
def test_reading_under_a_lasting_fault_is_one_sentence(
    name: str,
    sandbox: Sandbox,
    proxy: LossyProxy,
    client: Client,
    patience: Callable[[str, float], None],
) -> None:
    patience(name, 0.8)
    fault, kind = READING[name]
    proxy.set(replace(fault, method="GET", path=DOI_PATH, times=ALWAYS))

    with pytest.raises(kind) as caught:
        client.status("ada/tiny-bert")

    assert_sentence(caught.value, sandbox.users["ada"])
    proxy.set()
    patience(name, 30)
    settled(sandbox, client)


def test_a_refused_connection_is_one_sentence(sandbox: Sandbox, terms: Terms) -> None:
    # Its own port, on which it does not listen: nobody else does either.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}", sandbox.users["ada"])

        with pytest.raises(ServiceUnreachable) as caught:
            client.mint("ada/tiny-bert", agree=terms)

    assert "refuses the connection" in caught.value.message
    assert_sentence(caught.value, sandbox.users["ada"])
    assert registered(sandbox.world) == ()


def test_a_redirect_to_another_host_is_followed_without_credentials(
    sandbox: Sandbox, proxy: LossyProxy, client: Client, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    other = proxy_of(sandbox)
    path = "/api/models/ada/tiny-bert/doi"
    proxy.set(Fault("redirect", method="GET", path=path, location=other.endpoint + path))

    status = client.status("ada/tiny-bert")

    assert status.repo.id == "ada/tiny-bert" and not status.can_mint
    assert other.requests == [("GET", path)]
    assert "authorization" not in other.headers[0]
    assert not any(sandbox.users["ada"] in value for value in other.headers[0].values())


def test_a_mint_is_never_sent_to_another_host(
    sandbox: Sandbox,
    proxy: LossyProxy,
    client: Client,
    terms: Terms,
    proxy_of: Callable[[Sandbox], LossyProxy],
) -> None:
    other = proxy_of(sandbox)
    location = f"{other.endpoint}/api/models/ada/tiny-bert/doi"
    proxy.set(Fault("redirect", method="POST", path=DOI_PATH, location=location))

    with pytest.raises(UnexpectedAnswer) as caught:
        client.mint("ada/tiny-bert", agree=terms)

    assert_sentence(caught.value, sandbox.users["ada"])
    assert other.requests == []
    assert registered(sandbox.world) == ()
    settled(sandbox, client)
