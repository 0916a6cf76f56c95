"""A DOI before the release: reserved, published by the mint, or given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.records import Repo
from hubdoi.records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HandOff,
    RepoNotEligible,
    RepoNotFound,
    ServiceError,
    SignInRequired,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox

REPO = "ada/tiny-bert"
SECRET = "grace/secret-model"


@pytest.fixture
def account() -> Iterator[Sandbox]:
    with Sandbox(without_doi_api=True) as running:
        yield running


def at_datacite(hub: Sandbox, user: str = "ada", **more: Any) -> Client:
    held = hub.datacite_repository
    return Client(
        hub.endpoint,
        hub.users[user],
        registrar="datacite",
        datacite_repository=held["username"],
        datacite_password=held["password"],
        datacite_prefix=held["prefix"],
        **{"datacite_api": hub.datacite_url, **more},
    )


def in_sandbox(hub: Sandbox, user: str = "ada") -> Client:
    return Client(hub.endpoint, hub.users[user], datacite_api=hub.datacite_url)


def state_of(hub: Sandbox, doi: object) -> str | None:
    held = hub.datacite_repository
    answer = httpx.get(f"{hub.datacite_url}/dois/{doi}", auth=(held["username"], held["password"]))
    return answer.json()["data"]["attributes"]["state"] if answer.status_code == 200 else None


def open_client(kind: str, hub: Sandbox) -> Client:
    return in_sandbox(hub) if kind == "sandbox" else at_datacite(hub)


@pytest.mark.parametrize("kind", ["sandbox", "datacite"])
def test_a_reserved_doi_is_a_draft_until_the_mint_publishes_it(
    kind: str, sandbox: Sandbox, account: Sandbox
) -> None:
    hub = sandbox if kind == "sandbox" else account
    client = open_client(kind, hub)
    reserved = client.reserve(REPO)
    assert client.reserve(REPO) == reserved
    assert client.status(REPO).reserved == reserved.doi
    assert client.status(REPO).state == "unregistered"
    assert state_of(hub, reserved.doi) == "draft"
    # Nobody else sees the draft.
    assert httpx.get(f"{hub.datacite_url}/dois/{reserved.doi}").status_code == 404
    version = client.mint(REPO, agree=client.terms(REPO))
    assert version.doi == reserved.doi
    assert state_of(hub, reserved.doi) == "findable"
    assert client.status(REPO).reserved is None
    with pytest.raises(DoiNotFound, match="nothing to give up"):
        client.release(REPO)
    # The next one is another DOI.
    again = client.reserve(REPO)
    assert again.doi != reserved.doi
    assert client.release(REPO).doi == again.doi
    assert state_of(hub, again.doi) is None
    assert client.status(REPO).reserved is None
    with pytest.raises(AlreadyRegistered):
        client.mint(REPO, agree=client.terms(REPO))


def test_r01_a_private_repository_reserves_and_cannot_publish(sandbox: Sandbox) -> None:
    client = in_sandbox(sandbox, "grace")
    reserved = client.reserve(SECRET)
    with pytest.raises(RepoNotEligible):
        client.mint(SECRET, agree=client.terms(SECRET))
    client.hf_api().update_repo_settings(SECRET, private=False)
    assert client.mint(SECRET, agree=client.terms(SECRET)).doi == reserved.doi


def test_r02_only_who_can_write_reserves_and_sees_it(sandbox: Sandbox) -> None:
    in_sandbox(sandbox).reserve(REPO)
    grace = in_sandbox(sandbox, "grace")
    assert grace.status(REPO).reserved is None
    for refused in (grace.reserve, grace.release):
        with pytest.raises(WriteAccessRequired):
            refused(REPO)
    with pytest.raises(RepoNotFound):
        in_sandbox(sandbox).reserve(SECRET)
    with pytest.raises(SignInRequired):
        Client(sandbox.endpoint, False).reserve(REPO)


def test_nothing_but_the_doi_is_sent_for_a_reservation(account: Sandbox) -> None:
    reserved = at_datacite(account).reserve(REPO)
    found = account.world.datacite.get(reserved.doi)
    assert found is not None
    assert {name for name, value in found.attributes.items() if value} <= {"doi"}


def test_r08_another_ledger_sees_a_published_reservation(
    account: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    client = at_datacite(account)
    reserved = client.reserve(REPO)
    client.mint(REPO, agree=client.terms(REPO))
    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / "another computer"))
    other = at_datacite(account)
    with pytest.raises(AlreadyRegistered) as known:
        other.mint(REPO, agree=other.terms(REPO))
    assert known.value.version is not None and known.value.version.doi == reserved.doi


def test_r12_a_reservation_whose_answer_was_lost_goes_on(
    account: Sandbox, proxy_of: Callable[[Sandbox], Any]
) -> None:
    with pytest.raises(ServiceError):
        at_datacite(account, datacite_api="http://127.0.0.1:9").reserve(REPO)
    client = at_datacite(account)
    reserved = client.reserve(REPO)
    assert client.mint(REPO, agree=client.terms(REPO)).doi == reserved.doi


def test_somebody_elses_draft_is_left_alone(account: Sandbox) -> None:
    client = at_datacite(account)
    reserved = client.reserve(REPO)
    held = account.datacite_repository
    body = {
        "data": {
            "type": "dois",
            "attributes": {"titles": [{"title": "Other"}], "url": "https://example.org"},
        }
    }
    httpx.put(
        f"{account.datacite_url}/dois/{reserved.doi}",
        json=body,
        auth=(held["username"], held["password"]),
    ).raise_for_status()
    with pytest.raises(AlreadyRegistered):
        client.release(REPO)
    with pytest.raises(AlreadyRegistered):
        client.mint(REPO, agree=client.terms(REPO))
    assert state_of(account, reserved.doi) == "draft"


def test_where_nobody_reserves_the_way_out_is_said(account: Sandbox) -> None:
    client = Client(
        account.endpoint,
        account.users["ada"],
        registrar="handoff",
        datacite_api=account.datacite_url,
    )
    with pytest.raises(HandOff, match="DataCite"):
        client.reserve(REPO)
    assert Repo.parse(REPO) == client.status(REPO).repo
