"""R8 across the names of one Hub, and across the ways to register at it."""

from __future__ import annotations

from typing import Any

import pytest

from hubdoi.client import Client
from hubdoi.records import Doi
from hubdoi.records.errors import AlreadyRegistered
from hubdoi.sandbox import Sandbox

REPO = "ada/tiny-bert"


def institution(hub: Sandbox, host: str = "127.0.0.1") -> Client:
    account = hub.datacite_repository
    settings: dict[str, Any] = {
        "endpoint": hub.endpoint.replace("127.0.0.1", host),
        "token": hub.users["ada"],
        "registrar": "datacite",
        "datacite_api": hub.datacite_url,
        "datacite_repository": account["username"],
        "datacite_password": account["password"],
        "datacite_prefix": account["prefix"],
    }
    return Client(**settings)


def mint(client: Client) -> Doi | None:
    return client.mint(REPO, agree=client.terms(REPO)).doi


def test_r08_a_hub_under_another_name_is_the_same_hub(plain_hub: Sandbox) -> None:
    first = mint(institution(plain_hub))
    for host in ("localhost", "LOCALHOST", "127.0.0.1"):
        client = institution(plain_hub, host)
        status = client.status(REPO)
        assert (status.state, status.doi) == ("current", first)
        with pytest.raises(AlreadyRegistered) as refusal:
            mint(client)
        assert refusal.value.version and refusal.value.version.doi == first


def test_r08_the_ledger_of_another_computer_finds_the_doi_under_another_name(
    plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    first = mint(institution(plain_hub))
    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / "another computer"))
    client = institution(plain_hub, "localhost")
    assert client.status(REPO).doi == first
    with pytest.raises(AlreadyRegistered):
        mint(client)


def test_r08_what_is_registered_at_datacite_gets_no_second_doi_of_the_sandbox(
    sandbox: Sandbox,
) -> None:
    first = mint(institution(sandbox))
    hub = Client(sandbox.endpoint, sandbox.users["ada"])
    status = hub.status(REPO)
    assert (status.state, status.doi, status.can_mint) == ("current", first, False)
    with pytest.raises(AlreadyRegistered) as refusal:
        mint(hub)
    assert refusal.value.version and refusal.value.version.doi == first
    # A new commit is a new version, whoever registers it.
    sandbox.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)
    second = mint(hub)
    assert second and second != first


def test_a_sandbox_keeps_its_identity(tmp_path: Any) -> None:
    found = set()
    for _ in range(2):
        with Sandbox(data=tmp_path / "kept") as running:
            found.add(Client(running.endpoint, token=False).hub.identity)
    assert len(found) == 1 and next(iter(found)).startswith("sandbox:")
    assert Client("https://Hub.Example:443/", token=False).hub.identity == "hub.example"
