"""What can be checked before a mint, each problem with the way out."""

from __future__ import annotations

import base64
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hubdoi.client import Client
from hubdoi.datacite.registrar import DataCiteRegistrar
from hubdoi.minting.doctor import datacite_findings
from hubdoi.records.errors import AccessError, HubdoiError
from hubdoi.records.findings import Findings
from hubdoi.sandbox import Sandbox

API_KEY = "DC.abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture(scope="module")
def hub() -> Iterator[Sandbox]:
    with Sandbox(without_doi_api=True) as running:
        yield running


def client_of(hub: Sandbox, **more: Any) -> Client:
    account = hub.datacite_repository
    settings = {
        "registrar": "datacite",
        "datacite_api": hub.datacite_url,
        "datacite_repository": account["username"],
        "datacite_password": account["password"],
        "datacite_prefix": account["prefix"],
        **more,
    }
    return Client(hub.endpoint, settings.pop("token", hub.users["ada"]), **settings)


def problems(found: Findings) -> dict[str, str]:
    return {one.kind: one.sentence for one in found.findings if one.is_problem}


def test_a_setup_that_works_has_no_problem(hub: Sandbox) -> None:
    found = client_of(hub).doctor("ada/tiny-bert")
    assert (problems(found), found.exit_status) == ({}, 0)
    assert {one.kind for one in found.findings} >= {
        "hub", "sign-in", "system", "account", "prefix", "ledger", "repository"
    }  # fmt: skip
    assert "No problems found." in found._repr_mimebundle_()["text/plain"]


def test_a_doi_that_is_reserved_only_is_a_note_with_the_way_out(hub: Sandbox) -> None:
    client = client_of(hub)
    doi = client.reserve("ada/tiny-bert").doi
    ledgers, named = (
        one for one in client.doctor("ada/tiny-bert").findings if one.kind == "reserved"
    )
    assert (ledgers.word, named.word) == ("note", "note")
    assert f"1 reserved and not published yet: {doi} (by ada, 20" in ledgers.sentence
    for way_out in ("%doi mint ada/tiny-bert", "%doi reserve ada/tiny-bert --release"):
        assert way_out in named.sentence and str(doi) in named.sentence
    given_up = client.release("ada/tiny-bert")
    shown = given_up._repr_mimebundle_()["text/plain"]
    assert "no longer reserved" in shown and "Publish it" not in shown
    assert "reserved" not in {one.kind for one in client.doctor("ada/tiny-bert").findings}


@pytest.mark.parametrize(
    ("settings", "kind", "way_out"),
    [
        ({"token": False}, "sign-in", "hf auth login|HF_TOKEN"),
        ({"token": "hf_nobody"}, "sign-in", "token"),
        ({"datacite_password": "wrong"}, "account", "DATACITE_PASSWORD"),
        ({"datacite_password": API_KEY}, "account", "DATACITE_PASSWORD"),
        ({"datacite_prefix": "10.12345"}, "prefix", "10.5072"),
        ({"datacite_password": None}, "configuration", "DATACITE_PASSWORD"),
        ({"datacite_api": "http://127.0.0.1:9"}, "account", "127.0.0.1:9"),
    ],
)
def test_each_problem_names_the_way_out(
    hub: Sandbox, settings: dict[str, Any], kind: str, way_out: str
) -> None:
    found = client_of(hub, **settings).doctor()
    assert found.exit_status == 1
    assert any(part in problems(found)[kind] for part in way_out.split("|"))
    assert API_KEY not in str(found) and API_KEY not in repr(found.findings)


def test_an_api_key_that_was_accepted_is_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with Sandbox(without_doi_api=True) as hub:
        account, key = (hub.datacite_repository[name] for name in ("username", "api_key"))
        assert re.fullmatch(r"DC\.[A-Za-z0-9]{32}", key)
        client = client_of(hub, datacite_password=key)
        said += [repr(client.doctor("ada/tiny-bert")), repr(vars(client)), repr(client.config)]
        assert problems(client.doctor()) == {}
        terms = client.terms("ada/tiny-bert")
        minted = client.mint("ada/tiny-bert", agree=terms)
        said.append(repr(minted))
        with pytest.raises(HubdoiError) as refused:
            client.mint("ada/tiny-bert", agree=terms)
        other = client_of(hub, datacite_repository="SANDBOX.OTHER", datacite_password=key)
        said.append(str(other.doctor()))
        assert "account" in problems(other.doctor())
    with pytest.raises(HubdoiError) as gone:
        client.mint("datasets/ada/notes", agree=terms)
    said.append(str(client.doctor()))
    for error in (refused.value, gone.value):
        # Every frame but this test's, which has the key, with its local variables.
        assert error.__traceback__
        told = traceback.TracebackException(
            type(error), error, error.__traceback__.tb_next, capture_locals=True
        )
        said += [*told.format(), repr(error.__dict__)]
    said += [record.getMessage() for record in caplog.records]
    basic = base64.b64encode(f"{account}:{key}".encode()).decode()
    for secret in (key, basic):
        assert not [text for text in said if secret in text]
        assert not [
            path.name
            for path in tmp_path.rglob("*")
            if path.is_file() and secret.encode() in path.read_bytes()
        ]


@pytest.mark.parametrize(
    ("url", "prefix", "words"),
    [
        ("https://api.datacite.org", "10.12345", "production: its DOIs are permanent"),
        ("https://api.test.datacite.org", "10.12345", "a test system"),
        ("https://api.datacite.org", "10.5072", "a test system"),
        ("http://127.0.0.1:9", "10.5072", "a test system"),
        ("http://127.0.0.1:9", "10.12345", "none of DataCite's own systems"),
    ],
)
def test_only_datacite_s_own_system_is_production(
    hub: Sandbox, url: str, prefix: str, words: str
) -> None:
    client = client_of(hub, datacite_api=url, datacite_prefix=prefix)
    account = Account(client.config, client.hub, client.public_records)
    (system,) = (one for one in datacite_findings(account, hub.endpoint) if one.kind == "system")
    assert words in system.sentence


def test_a_hub_that_does_not_answer_is_a_finding() -> None:
    found = Client("http://127.0.0.1:9", False).doctor()
    assert "127.0.0.1:9" in problems(found)["hub"]


def test_r02_a_repository_that_one_cannot_write_is_a_finding(hub: Sandbox) -> None:
    found = client_of(hub, token=hub.users["grace"]).doctor("ada/tiny-bert")
    assert "write access" in problems(found)["repository"]
    found = client_of(hub).doctor("ada/nothing")
    assert "ada/nothing" in problems(found)["repository"]


class Account(DataCiteRegistrar):
    """An account of which DataCite says what it is told to say."""

    says: Mapping[str, Any] | Exception | None = None

    def account(self) -> Mapping[str, Any] | None:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ({"domains": "example.org,*.example.org", "isActive": True}, "domains"),
        ({"domains": "*", "isActive": False}, "account"),
        (AccessError("not yours"), "account"),
        ({"domains": "*.co, huggingface.co", "isActive": True}, None),
        (None, None),
    ],
)
def test_what_datacite_says_of_the_account(hub: Sandbox, says: Any, kind: str | None) -> None:
    client = client_of(hub)
    registrar = Account(client.config, client.hub, client.public_records)
    registrar.says = says
    found = Findings.of_checks(datacite_findings(registrar, "https://huggingface.co"))
    assert set(problems(found)) == ({kind} if kind else set())
