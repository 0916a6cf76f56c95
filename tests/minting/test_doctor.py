"""What can be checked before a mint, each problem with the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hubdoi.client import Client
from hubdoi.datacite.registrar import DataCiteRegistrar
from hubdoi.minting.doctor import datacite_findings
from hubdoi.records.errors import AccessError
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
    assert "Everything is as it should be." in found._repr_mimebundle_()["text/plain"]


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
