"""Policies by group, and mints that a curator decides first."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.config import Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.records import MintRequest, Repo, Status, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    HubdoiError,
    InReview,
    InvalidInput,
    PolicyRefused,
)
from hubdoi.sandbox import Sandbox

from .conftest import environment

REPO = Repo("model", "ada/tiny-bert")
DOI = "/api/models/ada/tiny-bert/doi"
Open = Callable[..., Institution]


def mint(institution: Institution, sandbox: Sandbox, **more: Any) -> Version:
    backend = backend_for(institution, Secret(sandbox.users["ada"]))
    terms = backend.status(REPO).terms
    assert terms is not None
    return backend.mint(REPO, MintRequest(agree=True, terms=terms.digest, **more))


def status(institution: Institution, sandbox: Sandbox) -> Status:
    return backend_for(institution, Secret(sandbox.users["ada"])).status(REPO)


def asked(institution: Institution, sandbox: Sandbox, **more: Any) -> int:
    """The number of a new request of ada's."""
    with pytest.raises(InReview, match="is waiting for a decision"):
        mint(institution, sandbox, **more)
    return institution.reviews.all("waiting")[0].id


def work(institution: Institution) -> int:
    return institution.work.run(threading.Event(), until_idle=True)


def test_r12_a_request_is_registered_once_when_a_curator_approves(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub, title="Tiny")
    assert work(institution) == 0, "no worker takes what nobody has approved"
    found = status(institution, plain_hub)
    assert (found.can_mint, found.obstacle_code) == (False, "InReview")
    assert backend_for(institution, None).status(REPO).versions == ()

    institution.reviews.approve(
        number,
        "grace",
        check=institution.check_still,
        change=lambda version: version.replace(title="Tiny BERT"),
    )
    with pytest.raises(InvalidInput, match="approved by grace already"):
        institution.reviews.approve(number, "ada", check=institution.check_still)
    with pytest.raises(InvalidInput, match="approved by grace already"):
        institution.reviews.refuse(number, "ada", "Too late.")
    assert work(institution) == 1
    assert work(institution) == 0
    version = status(institution, plain_hub).version
    assert version is not None
    assert version.title == "Tiny BERT"
    acts = [entry["act"] for entry in institution.audit.entries()]
    assert acts == ["asked", "approved", "registered"]


def test_a_refusal_says_why_and_can_be_answered(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    first = asked(institution, plain_hub)
    with pytest.raises(InvalidInput, match="Give a reason"):
        institution.reviews.refuse(first, "grace", " ")
    institution.reviews.refuse(first, "grace", "The title says nothing.")
    assert institution.ledger.unfinished() == ()
    found = status(institution, plain_hub)
    assert found.can_mint
    assert "The title says nothing." in (found.notice or "")
    second = asked(institution, plain_hub, title="A title that says something")
    assert asked(institution, plain_hub, title="An even better one") == second
    assert "even better" in institution.reviews.get(second).version.title
    institution.reviews.approve(second, "grace", check=institution.check_still)
    assert work(institution) == 1


@pytest.mark.parametrize("what", ["private", "deleted", "another", "owner"])
def test_a_request_is_looked_at_again_before_it_is_approved(
    what: str, plain_hub: Sandbox, institution_of: Open
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    api = plain_hub.hf_api()
    if what == "private":
        api.update_repo_settings(REPO.id, private=True)
    elif what == "owner":
        institution.policies.put("everybody", owners=["analytical-engine"], review=True)
    else:
        api.delete_repo(REPO.id)
    if what == "another":
        api.create_repo(REPO.id)
    with pytest.raises(HubdoiError) as caught:
        institution.reviews.approve(number, "grace", check=institution.check_still)
    assert caught.value.http_status in (403, 404, 409)
    assert institution.reviews.get(number).state == "waiting"
    institution.reviews.refuse(number, "grace", "It is gone.")
    assert institution.ledger.unfinished() == ()


def test_what_waited_and_may_not_be_minted_any_more_is_parked(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    institution.reviews.approve(number, "grace", check=institution.check_still)
    plain_hub.hf_api().update_repo_settings(REPO.id, private=True)
    monkeypatch.setattr(type(institution.work.service), "_has_waited", lambda self, entry: True)
    assert work(institution) == 0
    (parked,) = institution.work.waiting()
    assert parked.state == "parked"
    plain_hub.hf_api().update_repo_settings(REPO.id, private=False)
    institution.work.retry(parked.version_id)
    assert work(institution) == 1


def test_a_group_has_its_own_policy(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    institution.people.put("Ada", group="physics")
    prefix = plain_hub.datacite_repository["prefix"]
    institution.policies.put("physics", suffix="phys.{hash}", quota=1)
    version = mint(institution, plain_hub)
    assert str(version.doi).startswith(f"{prefix}/phys.")
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    with pytest.raises(PolicyRefused, match="quota"):
        mint(institution, plain_hub)
    institution.policies.put("physics", owners=["analytical-engine"])
    assert status(institution, plain_hub).obstacle_code == "PolicyRefused"
    assert institution.policies.remove("physics")
    assert mint(institution, plain_hub).previous == version.doi
    with pytest.raises(InvalidInput, match="HUBDOI_GATEWAY_OWNERS"):
        institution.policies.put("physics", owners=["somebody-else"])


def test_a_policy_that_says_nothing_of_the_review_leaves_it_on(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    institution.people.put("ada", group="physics")
    assert institution.policies.put("physics", quota=5).review
    asked(institution, plain_hub)
    assert not institution.policies.put("physics", review=False).review


def test_only_those_who_are_listed(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_PEOPLE="listed")
    assert status(institution, plain_hub).obstacle_code == "PolicyRefused"
    with pytest.raises(PolicyRefused, match="added"):
        mint(institution, plain_hub)
    institution.people.put("ada")
    assert mint(institution, plain_hub).doi


def test_a_curator_needs_no_review(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    institution.people.put("ada", role="curator")
    assert mint(institution, plain_hub).doi


def test_over_http_a_request_is_accepted_then_there(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    client = TestClient(create_app(institution))
    headers = {"Authorization": f"Bearer {plain_hub.users['ada']}", "Idempotency-Key": "one"}
    terms = client.get(DOI, headers=headers).json()["terms"]
    body = {"agree": True, "terms": terms["digest"]}

    def post() -> Any:
        return client.post(DOI, headers=headers, json=body)

    answer = post()
    assert (answer.status_code, answer.json()["code"]) == (202, "InReview")
    assert post().status_code == 202
    number = institution.reviews.all("waiting")[0].id
    institution.reviews.approve(number, "grace", check=institution.check_still)
    assert post().status_code == 201
    assert len(institution.reviews.all()) == 1


def test_people_policies_and_requests_have_commands(
    plain_hub: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(plain_hub, database_url, HUBDOI_GATEWAY_REVIEW="1").items():
        monkeypatch.setenv(name, value)

    def command(*words: str) -> Any:
        return run(["gateway", *words], Context(lasting=False))

    assert "Nobody" in str(command("user", "list"))
    command("user", "set", "grace", "--role", "curator")
    command("user", "set", "ada", "--group", "physics")
    assert command("user", "set", "ada").value["group"] == "physics"
    assert command("user", "list").details.splitlines() == [
        "ada  member  physics",
        "grace  curator  everybody",
    ]
    with pytest.raises(InvalidInput, match="not listed"):
        command("user", "remove", "charles")
    command("policy", "set", "everybody", "--review")
    removed = command("policy", "remove", "everybody")
    assert str(removed) == "The configuration now applies to everybody."
    made = command("policy", "set", "physics", "--owners", "ada", "--quota", "2", "--review")
    assert "quota 2" in str(made)
    assert "with review" in str(command("policy", "set", "physics", "--quota", "3"))
    assert len(command("policy", "list").details.splitlines()) == 2
    institution = Institution(Settings.read())
    number = asked(institution, plain_hub)
    assert "ada/tiny-bert" in command("review", "list").details
    (listed,) = json.loads(str(command("review", "list", "--json")))
    assert (listed["id"], listed["kind"], listed["asked_by"]) == (number, "mint", "ada")
    assert len(json.loads(str(command("policy", "list", "--json")))) == 2
    command("review", "approve", str(number))
    assert work(institution) == 1
    with pytest.raises(InvalidInput, match="already"):
        command("review", "refuse", str(number), "--reason", "No.")
    with pytest.raises(AlreadyRegistered):
        mint(institution, plain_hub)
    command("policy", "remove", "physics")
    command("user", "remove", "grace")
    institution.close()
