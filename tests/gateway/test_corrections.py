"""``reserve`` and ``amend`` through a gateway, by the same policy as a mint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from hubdoi.config import Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import InstitutionBackend, backend_for
from hubdoi.gateway.erasure import erase
from hubdoi.gateway.institution import Institution
from hubdoi.records import MintRequest, Repo, Version
from hubdoi.records.amendment import AmendRequest
from hubdoi.records.errors import (
    AccessError,
    ConsentRequired,
    InReview,
    InvalidInput,
    InvalidMetadata,
    PolicyRefused,
    ServiceFailed,
    ServiceUnreachable,
    SignInRequired,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox

REPO = Repo("model", "ada/tiny-bert")
DOI = "/api/models/ada/tiny-bert/doi"
Open = Callable[..., Institution]


def backend_of(institution: Institution, sandbox: Sandbox, user: str = "ada") -> InstitutionBackend:
    return backend_for(institution, Secret(sandbox.users[user]))


def mint(institution: Institution, sandbox: Sandbox, **more: Any) -> Version:
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest, **more)
    return backend_of(institution, sandbox).mint(REPO, request)


def amend(institution: Institution, sandbox: Sandbox, **values: Any) -> Version:
    backend, request = backend_of(institution, sandbox), AmendRequest(**values)
    return backend.amend(REPO, request.agreed(backend.preview_amendment(REPO, request).terms))


def title_at_datacite(sandbox: Sandbox, version: Version) -> str:
    answer = httpx.get(f"{sandbox.datacite_url}/dois/{version.doi}")
    return str(answer.json()["data"]["attributes"]["titles"][0]["title"])


def acts(institution: Institution) -> list[str]:
    return [entry["act"] for entry in institution.audit.entries()]


def test_a_reserved_doi_is_the_one_that_the_next_mint_publishes(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_SUFFIX="lib.{hash}")
    backend = backend_of(institution, plain_hub)
    reserved = backend.reserve(REPO)
    assert reserved.doi.name.startswith("10.5072/lib.")
    assert backend.reserve(REPO).doi == reserved.doi
    assert backend.status(REPO).reserved == reserved.doi
    assert mint(institution, plain_hub).doi == reserved.doi
    assert acts(institution) == ["reserved", "asked", "registered"]


def test_a_reserved_doi_can_be_given_up(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    backend = backend_of(institution, plain_hub)
    reserved = backend.reserve(REPO)
    assert backend.release(REPO).doi == reserved.doi
    assert backend.status(REPO).reserved is None
    assert acts(institution) == ["reserved", "reservation given up"]


def test_r11_a_correction_changes_the_record_and_keeps_the_doi(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    with pytest.raises(ConsentRequired):
        backend_of(institution, plain_hub).amend(REPO, AmendRequest(title="Tiny"))
    amended = amend(institution, plain_hub, title="Tiny")
    assert amended.doi == version.doi
    assert title_at_datacite(plain_hub, version) == amended.title
    assert "Tiny" in amended.title
    assert version.doi is not None
    activities = backend_of(institution, plain_hub).activities(REPO, version.doi)
    assert [one.action for one in activities.entries] == ["create", "update"]
    assert acts(institution)[-2:] == ["correction asked", "corrected"]
    with pytest.raises(InvalidMetadata, match="nothing to correct"):
        amend(institution, plain_hub, title="Tiny")


def test_r02_the_policy_of_a_mint_counts(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", owners=["analytical-engine"])
    backend = backend_of(institution, plain_hub)
    request = AmendRequest(title="Tiny")
    for act in (backend.reserve, backend.release, lambda repo: backend.amend(repo, request)):
        with pytest.raises(PolicyRefused, match="is not one of them"):
            act(REPO)
    stranger = backend_of(institution, plain_hub, "grace")
    with pytest.raises(WriteAccessRequired):
        stranger.reserve(REPO)
    with pytest.raises(WriteAccessRequired):
        stranger.preview_amendment(REPO, request)
    with pytest.raises(SignInRequired):
        backend_for(institution, None).reserve(REPO)


def test_who_has_no_quota_left_reserves_nothing(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_QUOTA="1")
    mint(institution, plain_hub)
    with pytest.raises(PolicyRefused, match="quota"):
        backend_of(institution, plain_hub).reserve(Repo("dataset", "ada/notes"))


def test_r12_a_correction_that_datacite_did_not_answer_is_sent_by_a_worker(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)

    def away(version: Version) -> None:
        raise ServiceUnreachable("DataCite does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", away)
        with pytest.raises(ServiceFailed, match="kept"):
            amend(institution, plain_hub, title="Tiny")
        assert not institution.corrections.attempt()
    assert "Tiny" not in title_at_datacite(plain_hub, version)
    # Another process, which has not just been refused.
    another = institution_of()
    another.work.run(threading.Event(), until_idle=True, beside=(another.corrections.attempt,))
    assert "Tiny" in title_at_datacite(plain_hub, version)
    assert not another.corrections.attempt()
    assert acts(institution)[-1] == "corrected"


def test_a_refusal_of_the_account_is_not_the_researcher_s(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()

    def refuse(*_: object) -> None:
        raise AccessError("DataCite does not know the account SANDBOX.HF.")

    monkeypatch.setattr(institution.registrar, "draft", refuse)
    with pytest.raises(ServiceFailed, match="tell those who run the gateway"):
        backend_of(institution, plain_hub).reserve(REPO)


def test_over_http_as_a_hub_does_it(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    http = TestClient(create_app(institution))
    http.headers["Authorization"] = f"Bearer {plain_hub.users['ada']}"
    reserved = http.post(f"{DOI}/reservation", json={})
    assert reserved.status_code == 201
    assert http.request("DELETE", f"{DOI}/reservation").json()["doi"] == reserved.json()["doi"]
    doi = str(mint(institution, plain_hub).doi)
    preview = http.post(f"{DOI}/amendments/preview", json={"title": "Tiny"}).json()
    body = {"title": "Tiny", "agree": True, "terms": preview["terms"]["digest"]}
    amended = http.post(f"{DOI}/amendments", json=body, headers={"Idempotency-Key": "k"})
    assert (amended.status_code, amended.json()["doi"]) == (201, doi)
    again = http.post(f"{DOI}/amendments", json=body, headers={"Idempotency-Key": "k"})
    assert again.json() == amended.json()
    told = http.get(f"{DOI}/activities", params={"doi": doi}).json()["activities"]
    assert [one["action"] for one in told] == ["create", "update"]
    assert http.get(f"{DOI}/activities", params={"doi": "10.5072/none"}).status_code == 404
    http.headers.pop("Authorization")
    assert http.post(f"{DOI}/amendments", content=b"{").status_code == 401
    assert http.post(f"{DOI}/reservation").status_code == 401


def asked(institution: Institution, sandbox: Sandbox, **values: Any) -> int:
    """The number of ada's correction, which waits for a curator."""
    with pytest.raises(InReview, match=r"a correction of 10\.5072/.* waiting for a decision"):
        amend(institution, sandbox, **values)
    return institution.reviews.all("waiting")[-1].id


def test_r03_a_curator_decides_a_correction_where_the_policy_asks_for_it(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    first = asked(institution, plain_hub, title="Tiny")
    assert asked(institution, plain_hub, title="Tinier") == first
    assert not institution.corrections.attempt()
    waiting = institution.reviews.get(first)
    (change,) = institution.corrections.changes(waiting)
    assert (change.name, "Tinier" in change.after) == ("title", True)
    notice = backend_of(institution, plain_hub).status(REPO).notice or ""
    assert "The record stays as it is before it is approved" in notice
    with pytest.raises(InvalidInput, match="decide it first"):
        erase(institution.database, institution.audit, "ada")

    institution.reviews.refuse(first, "grace", "It has a name already")
    notice = backend_of(institution, plain_hub).status(REPO).notice or ""
    assert "It has a name already. Correct that, then ask again." in notice
    assert "Tin" not in title_at_datacite(plain_hub, version)

    second = asked(institution, plain_hub, title="Tiny BERT")
    assert institution.approve(second, "grace").state == "approved"
    with pytest.raises(InvalidInput, match="approved by grace already"):
        institution.approve(second, "grace")
    assert institution.corrections.attempt()
    assert "Tiny BERT" in title_at_datacite(plain_hub, version)
    assert backend_of(institution, plain_hub).status(REPO).notice is None
    assert version.doi is not None
    (_, update) = backend_of(institution, plain_hub).activities(REPO, version.doi).entries
    assert update.by == "ada"
    assert acts(institution)[-3:] == ["correction asked", "approved", "corrected"]


def test_r03_what_was_agreed_to_is_what_is_approved(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    number = asked(institution, plain_hub, title="Tiny")
    institution.people.put("ada", role="curator")
    amend(institution, plain_hub, description="What a curator corrects is not reviewed.")
    amend(institution, plain_hub, title="Something else")
    with pytest.raises(InvalidInput, match="changed since this was asked"):
        institution.approve(number, "grace")
    assert institution.reviews.get(number).state == "waiting"
    institution.policies.put("everybody", owners=["analytical-engine"])
    with pytest.raises(PolicyRefused):
        institution.approve(number, "grace")


def test_the_page_of_a_correction_shows_what_would_change(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    number = asked(institution, plain_hub, title="<b>Tiny</b>")
    institution.people.put("grace", role="curator")
    http = TestClient(create_app(institution))
    http.cookies.set("hubdoi_gateway", institution.sessions.begin("grace"))
    assert "(correction)" in http.get("/gateway").text
    page = http.get(f"/gateway/requests/{number}").text
    assert "What would change" in page and "&lt;b&gt;Tiny&lt;/b&gt;" in page
    assert '<input id="title"' not in page
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    http.headers["Origin"] = str(http.base_url)
    form = {"csrf": csrf, "decision": "approve", "reason": ""}
    done = http.post(f"/gateway/requests/{number}", data=form, follow_redirects=False)
    assert done.status_code == 303
    assert institution.reviews.get(number).state == "approved"
