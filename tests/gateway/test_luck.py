"""Bad luck between a researcher, the Hub and DataCite: each ends in one DOI, or in none and a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from hubdoi.config import Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.backoff import LONGEST_PAUSE
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.reconcile import reconcile
from hubdoi.gateway.settings import Settings
from hubdoi.records import MintRequest, Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    HubdoiError,
    LedgerError,
    RepoError,
    ServiceError,
    ServiceUnreachable,
    SignInRequired,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import Postgres, environment
from .test_work import intend, mint

REPO = Repo("model", "ada/tiny-bert")
DOI = "/api/models/ada/tiny-bert/doi"
Open = Callable[..., Institution]


def dois(sandbox: Sandbox) -> list[str]:
    """What the account has registered, drafts included."""
    account = sandbox.datacite_repository
    answer = httpx.get(
        f"{sandbox.datacite_url}/dois",
        params={"prefix": account["prefix"]},
        auth=(account["username"], account["password"]),
    )
    return [entry["id"] for entry in answer.raise_for_status().json()["data"]]


def work_off(institution: Institution) -> int:
    return institution.work.run(threading.Event(), until_idle=True)


def test_a_token_that_the_hub_does_not_know(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    body = {"agree": True, "terms": institution.registrar.terms.digest}
    for token in ("hf_wrong", "x" * 5000, "é"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        client = TestClient(create_app(institution))
        answer = client.post(DOI, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "SignInRequired")
        assert token not in answer.text
    assert dois(plain_hub) == []


def test_a_token_that_expires_between_preview_and_mint(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    backend = backend_for(institution, Secret(plain_hub.users["ada"]))
    status = backend.status(REPO)
    assert status.can_mint
    # The Hub knows it no longer; what was seen a moment ago does not count for a mint.
    monkeypatch.setattr(backend.hub, "_http", backend_for(institution, Secret("hf_gone")).hub._http)
    with pytest.raises(SignInRequired, match=r"token|sign"):
        backend.mint(REPO, MintRequest(agree=True, terms=status.terms.digest))
    assert dois(plain_hub) == []


def test_r10_a_repository_that_changes_hands_while_its_mint_waits(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_OWNERS="ada")
    entry = intend(institution, plain_hub.users["ada"])
    plain_hub.hf_api().move_repo(REPO.id, "analytical-engine/tiny-bert")
    outcome = institution.work.attempt(entry.id)
    assert outcome is not None
    assert isinstance(outcome.error, RepoError | HubdoiError)
    assert outcome.parked
    (parked,) = institution.work.waiting()
    assert parked.state == "parked"
    assert "tiny-bert" in (parked.reason or "")
    assert dois(plain_hub) == []


def test_r10_a_repository_that_is_renamed_while_its_mint_waits(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    entry = intend(institution, plain_hub.users["ada"])
    plain_hub.hf_api().move_repo(REPO.id, "ada/renamed")
    outcome = institution.work.attempt(entry.id)
    assert outcome is not None
    assert outcome.error is None
    assert str(outcome.entry.version.repo) == "ada/renamed"
    assert dois(plain_hub) == [str(entry.version.doi)]


def test_r01_what_the_hub_said_before_is_no_ground_for_a_doi(
    institution_of: Open, plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    proxy = proxy_of(plain_hub)
    institution = institution_of(
        HUBDOI_GATEWAY_HUB=proxy.endpoint, HUBDOI_DATACITE_API=plain_hub.datacite_url
    )
    entry = intend(institution, plain_hub.users["ada"])
    proxy.set(Fault("unsent", path="/api/models/", times=99))
    outcome = institution.work.attempt(entry.id)
    assert outcome is not None
    assert isinstance(outcome.error, ServiceError)
    assert dois(plain_hub) == []


def test_r08_two_libraries_with_one_prefix_register_one_doi(
    institution_of: Open, plain_hub: Sandbox, postgres: Postgres
) -> None:
    here = institution_of()
    there = Institution(Settings.read(environment(plain_hub, postgres.new_database())))
    both = [intend(one, plain_hub.users["ada"]) for one in (here, there)]
    assert both[0].version.doi == both[1].version.doi
    assert [work_off(here), work_off(there)] == [1, 1]
    assert len(dois(plain_hub)) == 1
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    version = mint(here, plain_hub)
    with pytest.raises(AlreadyRegistered, match=str(version.doi)):
        mint(there, plain_hub, title="Another title")
    assert len(dois(plain_hub)) == 2
    there.close()


def test_r12_datacite_answers_422_after_a_timeout(
    institution_of: Open, plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    proxy = proxy_of(plain_hub)
    api = plain_hub.datacite_url.replace(plain_hub.endpoint, proxy.endpoint)
    institution = institution_of(HUBDOI_DATACITE_API=api)
    # It made the draft and the answer got lost: the second attempt is told that the DOI is taken.
    proxy.set(Fault("lost", method="POST", path="/dois"))
    version = mint(institution, plain_hub)
    assert proxy.count("POST", "/dois") == 2
    assert dois(plain_hub) == [str(version.doi)]
    assert institution.work.waiting() == []


def test_r12_the_database_goes_after_datacite_has_registered(
    plain_hub: Sandbox, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = Institution(Settings.read(environment(plain_hub, postgres.new_database())))
    client = TestClient(create_app(institution))
    works = institution.registrar.register

    def register(version: Version) -> None:
        works(version)
        postgres.stop()

    monkeypatch.setattr(institution.registrar, "register", register)
    try:
        with pytest.raises(LedgerError, match="nothing was lost, try again"):
            mint(institution, plain_hub)
        answers = [client.get("/readyz"), client.get(DOI), client.get("/healthz")]
    finally:
        postgres.start()
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert "try again in a minute" in answers[1].json()["error"]
    monkeypatch.setattr(institution.registrar, "register", works)
    assert work_off(institution) == 1
    status = backend_for(institution, None).status(REPO)
    assert status.state == "current"
    assert dois(plain_hub) == [str(status.versions[0].doi)]
    institution.close()


def test_r12_the_hub_is_away_for_a_day(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    entry = intend(institution, plain_hub.users["ada"])
    with monkeypatch.context() as away:
        for name in ("info", "repositories"):
            away.setattr(institution.hub, name, raising_any(ServiceUnreachable("No Hub.")))
        for _ in range(30):
            institution.work.retry(entry.id)
            outcome = institution.work.attempt(entry.id)
            assert outcome is not None
            assert isinstance(outcome.error, ServiceError)
        (waiting,) = institution.work.waiting()
        assert (waiting.state, waiting.attempts) == ("queued", 30)
        # It is not tried more often than once an hour, and not less often either.
        pause = waiting.due - datetime.now(UTC).timestamp()
        assert 0.7 * LONGEST_PAUSE < pause < 1.3 * LONGEST_PAUSE
        with pytest.raises(ServiceUnreachable):
            reconcile(institution)
        assert institution.ledger.tombstone(version.doi) is None
    institution.work.retry(entry.id)
    assert work_off(institution) == 1
    assert set(dois(plain_hub)) == {str(version.doi), str(entry.version.doi)}


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    institution = institution_of()
    wrong = timedelta(hours=hours)
    monkeypatch.setattr(institution.work.service, "clock", lambda: datetime.now(UTC) + wrong)
    first = mint(institution, plain_hub)
    monkeypatch.undo()
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    second = mint(institution, plain_hub)
    # Versions are in the order of their commits, whatever the clocks said (R7).
    assert second.previous == first.doi
    assert reconcile(institution).findings == ()
    assert institution.work.waiting() == []
    assert len(dois(plain_hub)) == 2


def raising_any(error: Exception) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise error

    return call
