"""A DOI before the release, through a gateway: by policy and queue, with a draft that is work."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient

from hubdoi.gateway.app import create_app
from hubdoi.gateway.care import doctor
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.reconcile import reconcile
from hubdoi.gateway.worker import run
from hubdoi.records import Doi, Repo
from hubdoi.records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    InReview,
    InvalidInput,
    PolicyRefused,
    ServiceFailed,
    ServiceUnreachable,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import environment
from .test_corrections import acts, backend_of, csrf_of, curator, mint
from .test_luck import dois
from .test_work import raising

REPO = Repo("model", "ada/tiny-bert")
Open = Callable[..., Institution]


def finish(institution: Institution) -> None:
    """Have a worker do everything that is due."""
    run(institution, threading.Event(), until_idle=True)


def reviewed(institution: Institution) -> None:
    institution.policies.put("everybody", review=True)


def requested(institution: Institution, sandbox: Sandbox, user: str = "ada") -> int:
    """The number of the request for a reservation."""
    with pytest.raises(InReview, match=r"a reserved DOI for ada/tiny-bert .* Nothing is reserved"):
        backend_of(institution, sandbox, user).reserve(REPO)
    return institution.reviews.all("waiting")[-1].id


def test_a_curator_decides_a_reservation_where_the_policy_asks_for_it(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    reviewed(institution)
    number = requested(institution, plain_hub)
    # The same again is the same request.
    assert requested(institution, plain_hub) == number
    assert dois(plain_hub) == []
    backend = backend_of(institution, plain_hub)
    status = backend.status(REPO)
    assert status.reserved is None
    assert "a reserved DOI for ada/tiny-bert" in (status.notice or "")
    with pytest.raises(DoiNotFound, match="Take it back with: %doi withdraw ada/tiny-bert"):
        backend.release(REPO)
    institution.approve(number, "grace")
    with pytest.raises(InvalidInput, match="approved by grace already"):
        institution.approve(number, "grace")
    finish(institution)
    reserved = backend_of(institution, plain_hub).reserve(REPO)
    assert dois(plain_hub) == [str(reserved.doi)]
    assert (reserved.by, backend_of(institution, plain_hub).status(REPO).notice) == ("ada", None)
    assert acts(institution) == ["reservation asked", "approved", "reserved"]


def test_who_was_refused_a_reservation_reads_why(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    reviewed(institution)
    institution.reviews.refuse(requested(institution, plain_hub), "grace", "Name a paper.")
    backend = backend_of(institution, plain_hub)
    notice = backend.status(REPO).notice or ""
    assert notice.endswith(
        "a reserved DOI for ada/tiny-bert: Name a paper. Correct that, then ask again."
    )
    with pytest.raises(InReview, match=r"The request before was refused: Name a paper\."):
        backend.reserve(REPO)
    assert not institution.drafts.attempt()
    # What a curator reserves is not reviewed; the request that waits changes nothing any more.
    institution.people.put("ada", role="curator")
    reserved = backend_of(institution, plain_hub).reserve(REPO)
    (waiting,) = institution.reviews.all("waiting")
    institution.approve(waiting.id, "grace")
    assert dois(plain_hub) == [str(reserved.doi)]
    assert acts(institution)[-2:] == ["reserved", "approved"]


def test_a_reservation_is_approved_by_the_rules_of_that_moment(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    reviewed(institution)
    number = requested(institution, plain_hub)
    institution.policies.put("everybody", owners=["analytical-engine"], review=True)
    with pytest.raises(PolicyRefused):
        institution.approve(number, "grace")
    assert institution.reviews.get(number).state == "waiting"


def test_the_page_of_a_reservation(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    reviewed(institution)
    number = requested(institution, plain_hub)
    http = curator(institution)
    assert "(reservation)" in http.get("/gateway").text
    page = http.get(f"/gateway/requests/{number}").text
    assert "Nothing is reserved" in page and "Preview of the record" not in page
    form = {"csrf": csrf_of(page), "decision": "approve", "reason": ""}
    done = http.post(f"/gateway/requests/{number}", data=form, follow_redirects=False)
    assert done.status_code == 303
    finish(institution)
    assert len(dois(plain_hub)) == 1
    http.headers["Authorization"] = f"Bearer {plain_hub.users['ada']}"
    assert http.post("/api/models/ada/tiny-bert/doi/reservation").status_code == 201


def test_over_http_a_request_is_an_answer_without_a_doi(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    reviewed(institution)
    http = TestClient(create_app(institution))
    http.headers["Authorization"] = f"Bearer {plain_hub.users['ada']}"
    answer = http.post("/api/models/ada/tiny-bert/doi/reservation")
    assert (answer.status_code, answer.json()["code"]) == (202, "InReview")


def test_r12_a_draft_that_datacite_did_not_answer_for_is_made_by_a_worker(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    with monkeypatch.context() as patched:
        for name in ("draft", "discard"):
            error = ServiceUnreachable("DataCite is away.")
            patched.setattr(institution.registrar, name, raising(error))
        with pytest.raises(ServiceFailed, match="kept"):
            backend_of(institution, plain_hub).reserve(REPO)
    # The pause is in the database: another process keeps it too.
    another = institution_of()
    assert not another.drafts.attempt()
    (row,) = another.drafts.waiting()
    assert (row.state, row.attempts, row.reason) == ("queued", 1, "DataCite is away.")
    doi = Doi(row.doi)
    another.drafts.retry(doi, "grace")
    assert another.drafts.attempt()
    assert dois(plain_hub) == [row.doi]
    with monkeypatch.context() as patched:
        patched.setattr(another.registrar, "discard", raising(ServiceUnreachable("Away.")))
        with pytest.raises(ServiceFailed):
            backend_of(another, plain_hub).release(REPO)
    # Reserved again before the draft was discarded, it stays.
    assert backend_of(another, plain_hub).reserve(REPO).doi == doi
    assert another.drafts.waiting() == []
    assert dois(plain_hub) == [row.doi]
    assert backend_of(another, plain_hub).release(REPO).doi == doi
    assert dois(plain_hub) == []
    assert acts(another) == [
        "reserved",
        "tried again",
        "reservation given up",
        "reserved",
        "reservation given up",
    ]


def test_a_draft_that_datacite_refuses_waits_for_a_person(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    taken = raising(AlreadyRegistered("The DOI is taken."))
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "draft", taken)
        with pytest.raises(AlreadyRegistered):
            backend_of(institution, plain_hub).reserve(REPO)
    (row,) = institution.drafts.waiting()
    assert (row.state, row.reason) == ("parked", "The DOI is taken.")
    for name, value in environment(plain_hub, str(institution.settings.database)).items():
        monkeypatch.setenv(name, value)
    told = [one.sentence for one in doctor().findings if one.subject == row.doi]
    assert told == ["Its reservation needs a person: The DOI is taken."]
    http = curator(institution)
    page = http.get("/gateway/work").text
    assert ">Reservation<" in page
    url, csrf = f"/gateway/drafts/{row.doi}", csrf_of(page)
    assert http.post(url, data={"csrf": csrf}, follow_redirects=False).status_code == 303
    assert institution.drafts.waiting()[0].state == "queued"
    form = {"csrf": csrf, "act": "give up", "reason": "It belongs to the museum."}
    assert "already done" in http.post(url, data=form).text
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "draft", taken)
        institution.drafts.attempt()
    assert http.post(url, data=form, follow_redirects=False).status_code == 303
    assert institution.drafts.waiting() == []
    assert backend_of(institution, plain_hub).status(REPO).reserved is None
    assert acts(institution) == ["reserved", "tried again", "given up"]


def test_a_mint_that_has_begun_needs_no_draft(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "draft", raising(ServiceUnreachable("Away.")))
        with pytest.raises(ServiceFailed):
            backend_of(institution, plain_hub).reserve(REPO)
    (row,) = institution.drafts.waiting()
    version = mint(institution, plain_hub)
    assert str(version.doi) == row.doi
    institution.drafts.retry(Doi(row.doi), "grace")
    assert institution.drafts.attempt()
    assert institution.drafts.waiting() == []
    answer = httpx.get(f"{plain_hub.datacite_url}/dois/{row.doi}")
    assert answer.json()["data"]["attributes"]["state"] == "findable"


def test_r12_a_draft_whose_answer_is_lost_is_the_same_draft(
    institution_of: Open, plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    proxy = proxy_of(plain_hub)
    api = plain_hub.datacite_url.replace(plain_hub.endpoint, proxy.endpoint)
    institution = institution_of(HUBDOI_DATACITE_API=api)
    proxy.set(
        Fault("lost", method="POST", path="/dois"), Fault("lost", method="DELETE", path="/dois")
    )
    reserved = backend_of(institution, plain_hub).reserve(REPO)
    assert proxy.count("POST", "/dois") == 2
    assert dois(plain_hub) == [str(reserved.doi)]
    assert backend_of(institution, plain_hub).release(REPO).doi == reserved.doi
    assert (dois(plain_hub), institution.drafts.waiting()) == ([], [])


def test_a_draft_that_datacite_has_lost_is_made_again_by_reconcile(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    reserved = backend_of(institution, plain_hub).reserve(REPO)
    assert reconcile(institution).findings == ()
    institution.registrar.discard(reserved.doi)
    with monkeypatch.context() as patched:
        patched.setattr(
            institution.registrar, "draft", raising(ServiceUnreachable("DataCite is away."))
        )
        for _ in range(2):
            (finding,) = reconcile(institution).findings
            assert finding.is_problem and not finding.repaired
            assert "the draft of this reserved DOI: DataCite is away." in finding.sentence
    institution.drafts.retry(reserved.doi, "grace")
    assert institution.drafts.attempt()
    institution.registrar.discard(reserved.doi)
    (finding,) = reconcile(institution).findings
    assert (finding.subject, finding.repaired) == (str(reserved.doi), True)
    assert dois(plain_hub) == [str(reserved.doi)]
    assert acts(institution) == ["reserved", "repaired", "tried again", "repaired"]
    # One that was given up is not made again.
    backend_of(institution, plain_hub).release(REPO)
    assert (reconcile(institution).findings, dois(plain_hub)) == ((), [])
