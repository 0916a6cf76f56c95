"""A token goes to the server that it belongs to, and is in no frame of what fails."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpcore
import pytest

from hubdoi import Client
from hubdoi.bibliography import card
from hubdoi.commands.session import Session
from hubdoi.config import Config, Secret
from hubdoi.gateway.settings import Settings
from hubdoi.jupyter import server_sandbox
from hubdoi.net.connections import Connections
from hubdoi.records import Repo, Version
from hubdoi.records.errors import HubdoiError
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HostileServer
from tests.hostile.unseen import assert_unseen

HUB = "https://hub.example"
TOKEN = "hf_abcdefghijklmnopqrstuvwxyz012345"


def resolved(*choices: Mapping[str, Any], traitlets: Mapping[str, Any] | None = None, **environ: str) -> str:  # fmt: skip
    token = Config.resolve(*choices, traitlets=traitlets, environ=environ).token
    return token.reveal() if token else ""


def test_a_password_of_the_environment_goes_to_the_datacite_of_the_environment() -> None:
    account = {"DATACITE_REPOSITORY": "ACME.HUB", "DATACITE_PASSWORD": "pass-word"}
    other = "https://datacite.example"

    def sent(*choices: Mapping[str, Any], traitlets: Any = None, **environ: str) -> str:
        config = Config.resolve(*choices, traitlets=traitlets, environ={**account, **environ})
        return config.datacite_password.reveal() if config.datacite_password else ""

    assert sent() == sent({"datacite_test": True}) == "pass-word"
    assert sent(HUBDOI_DATACITE_API=other + "/") == "pass-word"
    assert sent({"datacite_api": other}, HUBDOI_DATACITE_API=other) == "pass-word"
    assert sent({"datacite_api": other}) == ""
    assert sent({"datacite_api": other}, HUBDOI_DATACITE_API=HUB) == ""
    assert sent(traitlets={"datacite_api": other}) == ""
    assert sent({"datacite_api": other, "datacite_password": "other"}) == "other"
    assert sent({"datacite_api": other}, {"datacite_password": "other"}) == ""


def test_the_token_of_the_environment_goes_to_the_hubs_of_the_environment() -> None:
    assert resolved(HF_TOKEN=TOKEN) == TOKEN
    assert resolved(HF_TOKEN=TOKEN, HF_ENDPOINT=HUB + "/") == TOKEN
    assert resolved(HF_TOKEN=TOKEN, HUBDOI_ENDPOINT=HUB) == TOKEN
    assert resolved({"endpoint": HUB}, HF_TOKEN=TOKEN, HF_ENDPOINT=HUB) == TOKEN
    assert resolved({"endpoint": HUB}, HF_TOKEN=TOKEN) == ""
    assert resolved({"endpoint": HUB, "token": "hf_other"}, HF_TOKEN=TOKEN) == "hf_other"
    assert resolved(traitlets={"endpoint": HUB}, HF_TOKEN=TOKEN) == ""
    assert resolved(traitlets={"endpoint": HUB, "token": "hf_other"}) == "hf_other"
    assert resolved({"endpoint": HUB}, traitlets={"token": TOKEN}) == ""


def test_the_token_of_jupyterhub_goes_to_the_announced_gateway_alone() -> None:
    def identity(*choices: Mapping[str, Any], **environ: str) -> Secret | None:
        told = {"JUPYTERHUB_API_TOKEN": "a-secret", **environ}
        return Config.resolve(*choices, environ=told).identity

    assert identity() is None
    assert identity({"endpoint": HUB}) is None
    assert identity({"endpoint": HUB}, HF_ENDPOINT=HUB) is None
    assert identity(HUBDOI_GATEWAY_URL=HUB) is None, "nobody chose the gateway yet"
    assert identity({"endpoint": HUB}, HUBDOI_GATEWAY_URL=HUB) == Secret("a-secret")
    assert identity({"endpoint": "https://b.example"}, HUBDOI_GATEWAY_URL=HUB) is None
    assert identity(HUBDOI_GATEWAY_URL="https://huggingface.co") is None
    assert resolved({"endpoint": HUB}, HF_TOKEN=TOKEN, HUBDOI_GATEWAY_URL=HUB) == TOKEN


def test_a_hub_that_code_names_gets_no_token_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert Client(endpoint=HUB).config.token is None
    assert Client(endpoint=HUB, token="hf_other").config.token == Secret("hf_other")
    session = Session()
    session.use(HUB)
    assert session.config().token is None
    assert Client().config.token == Secret(TOKEN)


@pytest.mark.parametrize("token", [TOKEN + "\nX: y", TOKEN + "\udcff", TOKEN + "\u00e9"])
def test_a_token_that_cannot_be_sent_is_in_no_frame(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubdoiError) as got:
        Client()
    assert_unseen(got.value, TOKEN)


def test_a_failed_request_has_the_token_in_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HostileServer(hostile_server.no_http) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        client = Client()
        with pytest.raises(HubdoiError) as got:
            client.hub._http.request("GET", "/")
        assert_unseen(got.value, TOKEN)
        version = Version.from_parts(doi="10.5072/hf/0001", repo="ada/tiny-bert", revision="a" * 40)
        proposal = card.CardProposal(Repo("model", "ada/tiny-bert"), version, "", "# Tiny", client)
        with pytest.raises(HubdoiError) as got:
            proposal.open()
    assert_unseen(got.value, TOKEN)


def test_the_servers_token_goes_nowhere_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    here, sends = threading.current_thread(), Connections.send

    def send(
        self: Connections, method: str, url: str, headers: list[tuple[bytes, bytes]], *rest: Any
    ) -> Any:
        if threading.current_thread() is not here:
            return sends(self, method, url, headers, *rest)
        asked.append(dict(headers).get(b"Authorization", b"").decode())
        raise httpcore.ConnectError("no answer")

    monkeypatch.setattr(Connections, "send", send)
    connection = tmp_path / "connection.json"
    monkeypatch.setenv(server_sandbox.VARIABLE, str(connection))
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub-token")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:8888/user/ada/")
    for url, token, sent in (
        ("http://lab.example:8888", "server-token", []),
        ("https://lab.example:8888", "server-token", ["Bearer server-token"]),
        ("http://127.0.0.1:8888/user/ada", None, ["Bearer hub-token"]),
        ("http://127.0.0.1:9999/user/ada", None, [""]),
        ("https://other.example:8888", None, [""]),
    ):
        asked.clear()
        connection.write_text(json.dumps({"url": url, "token": token}))
        assert server_sandbox.find() is None
        assert asked == sent, url


def test_objects_show_and_copy_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a notebook shows, pickles or copies: a client, its parts, and what a gateway is told."""
    password, client_secret = "dc-very-secret-password", "client-very-secret"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    session = Session()
    client = Client(datacite_repository="ADA", datacite_password=password, datacite_prefix="10.5072", registrar="datacite")  # fmt: skip
    told = Settings.read(
        {
            "HUBDOI_GATEWAY_DATABASE": f"postgresql://ada:{password}@db.example/dois",
            "HUBDOI_GATEWAY_OIDC_SECRET": client_secret,
            "HUBDOI_GATEWAY_WEBHOOK_SECRET": TOKEN,
            "DATACITE_PASSWORD": password,
        }
    )
    objects = [client, client.config, client._backend, client._resources, client.hub, client.gateway, client.hub._http, client.public_records, session, told]  # fmt: skip
    objects += [vars(one) for one in objects if hasattr(one, "__dict__") and one is not told]
    for one in objects:
        texts = [repr(one), str(one), f"{one}"]
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            try:
                texts.append(repr(copied(one)))
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                texts.append(str(error))
        found = [text for text in texts for s in (TOKEN, password, client_secret) if s in text]
        assert not found, type(one)
