"""``reserve`` and ``amend`` through a gateway, by the same policy as a mint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from hubdoi.client import Client
from hubdoi.config import Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import InstitutionBackend, backend_for
from hubdoi.gateway.care import STUCK, doctor
from hubdoi.gateway.erasure import erase
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.jupyter.panel import panel
from hubdoi.minting.ledger_tables import versions
from hubdoi.records import MintRequest, Repo, Version
from hubdoi.records.amendment import Amendment, AmendRequest
from hubdoi.records.errors import (
    AccessError,
    ConsentRequired,
    InReview,
    InvalidInput,
    InvalidMetadata,
    LedgerError,
    PolicyRefused,
    ServiceBusy,
    ServiceFailed,
    ServiceUnreachable,
    SignInRequired,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox
from tests.jupyter.panel.page import Page
from tests.jupyter.panel.test_correction_at_datacite import correct
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import Postgres, environment
from .test_luck import dois, work_off
from .test_work import raising

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


def curator(institution: Institution) -> TestClient:
    """The browser of grace, a curator, who is signed in."""
    institution.people.put("grace", role="curator")
    http = TestClient(create_app(institution))
    http.cookies.set("hubdoi_gateway", institution.sessions.begin("grace"))
    http.headers["Origin"] = str(http.base_url)
    return http


def csrf_of(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def registered(institution: Institution, version: Version) -> Version:
    """The version as the ledger has it now."""
    found = institution.ledger.version(version.doi) if version.doi else None
    assert found is not None
    return found


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
    request = AmendRequest(title="Tiny")
    terms = backend_of(institution, plain_hub).preview_amendment(REPO, request).terms
    with monkeypatch.context() as patched:
        patched.setattr(
            institution.registrar, "update", raising(ServiceUnreachable("DataCite is away."))
        )
        for _ in range(2):
            # The same again is the same correction.
            with pytest.raises(ServiceFailed, match="kept"):
                backend_of(institution, plain_hub).amend(REPO, request.agreed(terms))
        with pytest.raises(ServiceBusy, match="before is not registered yet"):
            amend(institution, plain_hub, title="Another")
    # The pause is in the database: another process keeps it too.
    another = institution_of()
    assert work_off(another) == 0
    (waiting,) = another.work.waiting()
    assert (waiting.state, waiting.attempts, waiting.reason) == (
        "queued",
        3,
        "DataCite is away.",
    )
    assert another.work.depths()[0]["queued"] == 1
    notice = backend_of(another, plain_hub).status(REPO).notice or ""
    assert notice.endswith("the gateway tries again: DataCite is away.")
    assert "Tiny" not in title_at_datacite(plain_hub, version)
    another.work.retry(waiting.version_id, "grace")
    assert work_off(another) == 1
    assert "Tiny" in title_at_datacite(plain_hub, version)
    assert another.work.waiting() == []
    metrics = another.metrics.text(*another.work.depths()).decode()
    assert "hubdoi_gateway_corrections_total 1.0" in metrics
    assert acts(institution)[-3:] == ["correction asked", "tried again", "corrected"]
    assert registered(another, version).title == title_at_datacite(plain_hub, version)


def test_r11_a_correction_that_datacite_refuses_waits_for_a_person(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    assert version.doi is not None
    refused = raising(InvalidMetadata("The title is not one."))
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", refused)
        for title in ("Tiny", "Tinier"):
            # What is asked for next takes the place of what was refused.
            with pytest.raises(InvalidMetadata, match="not one"):
                amend(institution, plain_hub, title=title)
        (parked,) = institution.work.waiting()
        assert (parked.state, parked.reason) == ("parked", "The title is not one.")
        # The record is as before, here as there, and nothing counts as a correction.
        assert registered(institution, version) == version
        notice = backend_of(institution, plain_hub).status(REPO).notice or ""
        assert "the record is as before: The title is not one." in notice
        assert len(backend_of(institution, plain_hub).activities(REPO, version.doi).entries) == 1
        with pytest.raises(InvalidInput, match="1 corrections that are not finished"):
            erase(institution.database, institution.audit, "ada")
        institution.work.retry(parked.version_id, "grace")
        assert work_off(institution) == 0
    institution.work.retry(parked.version_id, "grace")
    assert work_off(institution) == 1
    assert "Tinier" in title_at_datacite(plain_hub, version)
    assert [
        one.action for one in institution.work.service.activities(version.doi, None).entries
    ] == ["create", "update"]
    found = acts(institution)
    assert (found.count("corrected"), found.count("correction refused")) == (1, 3)


def test_a_curator_gives_up_a_correction_that_was_refused(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", raising(InvalidMetadata("<b>No</b>")))
        with pytest.raises(InvalidMetadata):
            amend(institution, plain_hub, title="Tiny")
    http = curator(institution)
    page = http.get("/gateway/work").text
    assert "&lt;b&gt;No&lt;/b&gt;" in page and ">Correction<" in page
    (parked,) = institution.work.waiting()
    url, csrf = f"/gateway/work/{parked.version_id}", csrf_of(page)
    without = http.post(url, data={"csrf": csrf, "act": "give up", "reason": " "})
    assert "Give a reason" in without.text
    form = {"csrf": csrf, "act": "give up", "reason": "The name is right as it is."}
    assert http.post(url, data=form, follow_redirects=False).status_code == 303
    assert "already done" in http.post(url, data=form).text
    assert institution.work.waiting() == []
    assert backend_of(institution, plain_hub).status(REPO).notice is None
    entry = list(institution.audit.entries())[-1]
    assert (entry["who"], entry["act"], entry["why"]) == ("grace", "given up", form["reason"])
    # It can be asked for again, also as it was.
    assert "Tiny" in amend(institution, plain_hub, title="Tiny").title
    assert title_at_datacite(plain_hub, version).startswith("Tiny")


def test_a_record_that_changed_keeps_a_refused_correction_from_being_tried_again(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", raising(InvalidMetadata("No.")))
        with pytest.raises(InvalidMetadata):
            amend(institution, plain_hub, title="Tiny")
    (parked,) = institution.work.waiting()
    with institution.database.transaction() as db:
        db.execute(versions.update().values(record=versions.c.record + " "))
    with pytest.raises(InvalidInput, match="give it up"):
        institution.work.retry(parked.version_id, "grace")
    assert institution.work.waiting()[0].state == "parked"
    with pytest.raises(InvalidInput, match="Give a reason"):
        institution.work.give_up(parked.version_id, "grace", "")
    institution.work.give_up(parked.version_id, "grace", "The record has changed.")
    assert institution.work.waiting() == []


def test_a_curator_gives_up_a_mint_that_was_refused(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "register", raising(InvalidMetadata("No.")))
        with pytest.raises(InvalidMetadata):
            mint(institution, plain_hub)
    (parked,) = institution.work.waiting()
    institution.work.give_up(parked.version_id, "grace", "A test.")
    assert (institution.work.waiting(), institution.ledger.unfinished()) == ([], ())
    assert acts(institution)[-1] == "given up"
    version = mint(institution, plain_hub)
    with pytest.raises(InvalidInput, match="already done"):
        institution.work.give_up(parked.version_id, "grace", "Again.")
    assert dois(plain_hub) == [str(version.doi)]


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
    assert work_off(institution) == 0
    waiting = institution.reviews.get(first)
    (change,) = institution.corrections.changes(waiting)
    assert (change.name, "Tinier" in change.after) == ("title", True)
    notice = backend_of(institution, plain_hub).status(REPO).notice or ""
    assert "The record stays as it is until it is approved" in notice
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
    assert work_off(institution) == 1
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
    http = curator(institution)
    assert "(correction)" in http.get("/gateway").text
    page = http.get(f"/gateway/requests/{number}").text
    assert "What would change" in page and "<dt>After</dt><dd><bdi>&lt;b&gt;Tiny&lt;/b&gt;" in page
    assert '<input id="title"' not in page
    form = {"csrf": csrf_of(page), "decision": "approve", "reason": ""}
    done = http.post(f"/gateway/requests/{number}", data=form, follow_redirects=False)
    assert done.status_code == 303
    assert institution.reviews.get(number).state == "approved"


def test_r12_datacite_answers_422_after_a_timeout_of_a_correction(
    institution_of: Open, plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    proxy = proxy_of(plain_hub)
    api = plain_hub.datacite_url.replace(plain_hub.endpoint, proxy.endpoint)
    institution = institution_of(HUBDOI_DATACITE_API=api)
    version = mint(institution, plain_hub)
    wrong = {"errors": [{"status": "422", "title": "The title is not one."}]}
    refusal = Fault("status", method="PUT", path="/dois", status=422, body=wrong, times=99)
    proxy.set(Fault("lost", method="PUT", path="/dois", times=99))
    with pytest.raises(ServiceFailed, match="kept"):
        amend(institution, plain_hub, title="Tiny", description="Two layers.")
    # Whatever DataCite says now: it has the record already, and the ledger says so.
    proxy.set(refusal)
    (waiting,) = institution.work.waiting()
    institution.work.retry(waiting.version_id, "grace")
    assert work_off(institution) == 1
    assert title_at_datacite(plain_hub, version) == registered(institution, version).title
    # What it never had is refused for good.
    with pytest.raises(InvalidMetadata):
        amend(institution, plain_hub, description="Three layers.")
    assert registered(institution, version).description == "Two layers."
    assert institution.work.waiting()[0].state == "parked"
    assert acts(institution)[-4:] == [
        "tried again",
        "corrected",
        "correction asked",
        "correction refused",
    ]


def test_r12_the_database_goes_after_datacite_has_a_correction(
    plain_hub: Sandbox, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = Institution(Settings.read(environment(plain_hub, postgres.new_database())))
    version = mint(institution, plain_hub)
    works = institution.registrar.update

    def update(version: Version) -> None:
        works(version)
        postgres.stop()

    monkeypatch.setattr(institution.registrar, "update", update)
    try:
        with pytest.raises(LedgerError, match="nothing was lost, try again"):
            amend(institution, plain_hub, title="Tiny")
    finally:
        postgres.start()
    monkeypatch.setattr(institution.registrar, "update", works)
    assert work_off(institution) == 1
    assert "Tiny" in title_at_datacite(plain_hub, version)
    assert registered(institution, version).title == title_at_datacite(plain_hub, version)
    assert acts(institution)[-2:] == ["correction asked", "corrected"]
    institution.close()


def test_who_waits_for_a_mint_reads_nothing_of_a_correction(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    correction = asked(institution, plain_hub, title="Tiny")
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    assert "a correction of" in (backend_of(institution, plain_hub).status(REPO).notice or "")
    with pytest.raises(InReview):
        mint(institution, plain_hub)
    # A notice would end `--wait`, which takes it for a refusal.
    (request,) = [one for one in institution.reviews.all("waiting") if one.id != correction]
    assert backend_of(institution, plain_hub).status(REPO).notice is None
    institution.reviews.approve(request.id, "grace", check=institution.check_still)
    assert backend_of(institution, plain_hub).status(REPO).notice is None
    assert work_off(institution) == 1


def test_the_panel_shows_that_a_correction_waits_and_goes_on(
    institution_of: Open,
    plain_hub: Sandbox,
    database_url: str,
    serve_here: Callable[[Mapping[str, str]], str],
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    url = serve_here(environment(plain_hub, database_url))
    client = Client(endpoint=url, token=plain_hub.users["ada"])
    page = Page(panel(REPO.id, client)).until_open()
    correct(page, title="Tiny BERT")
    page.until(lambda state: state["phase"] == "open" and "correction" not in state)
    assert page.state["notice"]["tone"] == "warn"
    assert "waiting for a decision. The record stays as it is" in page.notice
    (waiting,) = institution.reviews.all("waiting")
    institution.approve(waiting.id, "grace")
    again = Page(panel(REPO.id, client)).until_open()
    again.until(lambda state: "record corrected on" in "".join(state["history"][0]["notes"]))
    assert again.notice == ""


def test_the_same_correction_is_answered_with_the_version_after_its_approval(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    request = AmendRequest(title="Tiny")
    backend = backend_of(institution, plain_hub)
    request = request.agreed(backend.preview_amendment(REPO, request).terms)
    for _ in range(2):
        with pytest.raises(InReview):
            backend.amend(REPO, request, key="one")
    (waiting,) = institution.reviews.all("waiting")
    institution.approve(waiting.id, "grace")
    # Before a worker has come to it, and afterwards.
    for _ in range(2):
        assert "Tiny" in backend.amend(REPO, request, key="one").title
    assert institution.reviews.all("waiting") == ()
    assert acts(institution).count("corrected") == 1


def test_doctor_names_a_correction_that_is_stuck(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    away = raising(ServiceUnreachable("DataCite is away."))
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", away)
        with pytest.raises(ServiceFailed):
            amend(institution, plain_hub, title="Tiny")
        (waiting,) = institution.work.waiting()
        for _ in range(STUCK - 2):
            institution.work.attempt(waiting.version_id)
        for name, value in environment(plain_hub, str(institution.settings.database)).items():
            monkeypatch.setenv(name, value)
        told = []
        for _ in range(2):
            told.append([one.sentence for one in doctor().findings if one.is_problem])
            institution.work.attempt(waiting.version_id)
    sentence = f"Its correction has failed {STUCK} times and is tried again: DataCite is away."
    assert told == [[], [sentence]]
    assert str(version.doi) in [one.subject for one in doctor().findings]


def test_the_preview_says_that_a_correction_waits_already(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    request = AmendRequest(title="Tiny")
    ada = backend_of(institution, plain_hub)
    assert ada.preview_amendment(REPO, request).notice is None
    institution.policies.put("everybody", review=True)
    with pytest.raises(InReview):
        amend(institution, plain_hub, title="Small")
    notice = ada.preview_amendment(REPO, request).notice or ""
    assert "is waiting for a decision. The record stays as it is" in notice
    assert notice.endswith("If you agree to this one, it replaces that request.")
    headers = {"Authorization": f"Bearer {plain_hub.users['ada']}"}
    answer = TestClient(create_app(institution)).post(
        f"{DOI}/amendments/preview", headers=headers, json={"title": "Tiny"}
    )
    assert answer.json()["notice"] == notice
    amendment = Amendment.from_json(answer.json())
    assert " ".join(notice.split()) in " ".join(amendment._repr_mimebundle_()["text/plain"].split())
    (waiting,) = institution.reviews.all("waiting")
    institution.reviews.refuse(waiting.id, "grace", "No.")
    refused = ada.preview_amendment(REPO, request).notice or ""
    assert "refused the request for a correction" in refused
