"""Webhooks of the Hub: who may send them, which are taken, and what comes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Semaphore
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from hubdoi.config import Config, Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.tables import deliveries, watched
from hubdoi.gateway.worker import look
from hubdoi.minting.backends.handoff import HandOffBackend
from hubdoi.minting.backends.resources import Resources
from hubdoi.records import Doi, MintRequest, Person, Repo, Version
from hubdoi.records.errors import InReview, InvalidInput
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment
from .test_care import mint, url_at_datacite
from .test_work import intend, until

REPO = Repo("model", "ada/tiny-bert")
SECRET = "a secret of the Hub's webhook"
Open = Callable[..., Institution]


def opened(institution_of: Open, **more: str) -> tuple[Institution, TestClient]:
    institution = institution_of(HUBDOI_GATEWAY_WEBHOOK_SECRET=SECRET, **more)
    institution.watch.settle = 0.0
    return institution, TestClient(create_app(institution))


def event(sandbox: Sandbox, action: str = "update", **more: Any) -> dict[str, Any]:
    uid = httpx.get(f"{sandbox.endpoint}/api/models/{REPO.id}").json()["_id"]
    return {
        "event": {"action": action, "scope": "repo.config"},
        "repo": {"type": "model", "name": REPO.id, "id": uid, "private": False},
        **more,
    }


def send(client: TestClient, body: Any, secret: str = SECRET) -> Any:
    return client.post("/webhooks/hub", json=body, headers={"X-Webhook-Secret": secret})


@pytest.mark.parametrize("uid", ["\ud800", "a\0b"])
def test_an_identifier_that_cannot_be_stored_is_no_webhook(uid: str, institution_of: Open) -> None:
    institution, client = opened(institution_of)
    headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
    body = json.dumps({"repo": {"type": "model", "name": "ada/x", "id": uid}})
    assert client.post("/webhooks/hub", content=body, headers=headers).status_code == 422
    if uid.isascii():
        assert client.get("/api/gateway/webhooks/a%00b").status_code in (200, 422)
    assert looked(institution) == 0


def looked(institution: Institution) -> int:
    count = 0
    while look(institution):
        count += 1
    return count


def mint_on_the_hub(sandbox: Sandbox) -> Version:
    """What a person does on the settings page."""
    world = sandbox.world
    request = MintRequest(agree=True, terms=world.registrar.terms.digest)
    return world.service.mint(REPO, world.store.people.person("ada") or Person("ada", ""), request)


def test_only_the_hub_may_send_them(institution_of: Open, plain_hub: Sandbox) -> None:
    institution, client = opened(institution_of)
    mint(institution, plain_hub)
    answer = send(client, event(plain_hub), "a secret of somebody else")
    assert (answer.status_code, answer.json()["code"]) == (401, "SignInRequired")
    assert client.post("/webhooks/hub", json=event(plain_hub)).status_code == 401
    assert SECRET not in answer.text
    assert looked(institution) == 0
    assert send(client, event(plain_hub)).json() == {"queued": True}
    assert looked(institution) == 1


def test_without_a_secret_there_is_nothing(institution_of: Open, plain_hub: Sandbox) -> None:
    client = TestClient(create_app(institution_of()))
    assert send(client, event(plain_hub), "").status_code == 404


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(InvalidInput, match="16 characters"):
        Settings.read({"HUBDOI_GATEWAY_WEBHOOK_SECRET": "short"})


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(InvalidInput, match="is empty"):
        Settings.read({"HUBDOI_GATEWAY_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")})


def test_what_is_no_webhook_is_refused(institution_of: Open) -> None:
    _, client = opened(institution_of)
    for body in (
        b"",
        b"[]",
        b"{",
        b'{"repo": 1}',
        b'{"repo": {"id": ""}}',
        b'{"repo": {"id": [1]}}',
    ):
        answer = client.post("/webhooks/hub", content=body, headers={"X-Webhook-Secret": SECRET})
        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]
    assert send(client, {"padding": "x" * 2_000_000}).status_code == 413


def test_what_the_ledger_does_not_know_is_not_looked_at(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution, client = opened(institution_of)
    assert send(client, event(plain_hub)).json() == {"queued": False}
    assert looked(institution) == 0


def test_a_replay_is_refused(institution_of: Open, plain_hub: Sandbox) -> None:
    institution, client = opened(institution_of)
    mint(institution, plain_hub)
    pushes = [event(plain_hub, updatedRefs=[{"newSha": digit * 40}]) for digit in "ab"]
    assert [send(client, body).status_code for body in pushes] == [202, 202]
    assert looked(institution) == 1
    answers = [send(client, body) for body in pushes]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "received before" in answers[0].json()["error"]
    assert looked(institution) == 0


def test_there_and_back_and_there_again_is_no_replay(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution, client = opened(institution_of)
    mint(institution, plain_hub)
    private, public = (event(plain_hub, updatedConfig={"private": p}) for p in (True, False))
    sent = [send(client, body).status_code for body in (private, public, private, private)]
    assert sent == [202, 202, 202, 409]


def test_a_storm_is_one_look(institution_of: Open, plain_hub: Sandbox) -> None:
    institution, _ = opened(institution_of)
    mint(institution, plain_hub)
    body = event(plain_hub)

    def told(number: int) -> bool:
        sent = {**body, "updatedRefs": [{"newSha": f"{number:040x}"}]}
        return institution.watch.told(sent, json.dumps(sent).encode())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(told, range(1000)))
    assert looked(institution) == 1
    with institution.database.reading() as db:
        assert len(db.execute(watched.select()).all()) == 1
        assert len(db.execute(deliveries.select()).all()) == 1000


def test_what_is_told_during_a_look_is_looked_at_afterwards(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution, client = opened(institution_of)
    mint(institution, plain_hub)
    send(client, event(plain_hub))
    info = institution.hub.info

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.undo()
        assert send(client, event(plain_hub, updatedRefs=["x"])).status_code == 202
        assert not look(institution), "somebody is at it"
        return info(*arguments)

    monkeypatch.setattr(institution.hub, "info", meanwhile)
    assert looked(institution) == 2


def test_r08_a_doi_of_the_hub_stops_the_mint_that_waits(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution, client = opened(institution_of, HUBDOI_GATEWAY_REVIEW="1")
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    with pytest.raises(InReview):
        backend_for(institution, Secret(plain_hub.users["ada"])).mint(REPO, request)
    (review,) = institution.reviews.all("waiting")
    doi = mint_on_the_hub(plain_hub).doi
    send(client, event(plain_hub))
    assert looked(institution) == 1
    seen = institution.watch.seen(review.uid)
    assert (seen.dois, seen.head) == (str(doi), review.version.revision)
    assert ("DOIs of the Hub", str(doi)) in [
        (e["act"], e["why"]) for e in institution.audit.latest()
    ]
    with pytest.raises(Exception, match=str(doi)):
        institution.reviews.approve(review.id, "grace", check=institution.check_still)
    assert institution.reviews.all("waiting")


def test_r08_a_doi_of_the_hub_stops_a_mint_of_this_minute(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    entry = intend(institution, plain_hub.users["ada"])
    doi = mint_on_the_hub(plain_hub).doi
    outcome = institution.work.attempt(entry.id)
    assert outcome is not None
    assert outcome.parked
    assert str(doi) in str(outcome.error)
    assert institution.registrar.find(entry.version.doi or Doi("10.1/x")) is None


def test_it_hears_of_everything_from_a_real_hub(
    serve_here: Callable[..., str],
    plain_hub: Sandbox,
    postgres: Postgres,
) -> None:
    variables = {
        **environment(plain_hub, postgres.new_database()),
        "HUBDOI_GATEWAY_WEBHOOK_SECRET": SECRET,
        "HUBDOI_GATEWAY_URL": "https://dois.example.org",
    }
    institution = Institution(Settings.read(variables))
    version = mint(institution, plain_hub)
    url = serve_here(variables)
    api = plain_hub.hf_api()
    api.create_webhook(
        url=f"{url}/webhooks/hub",
        watched=[{"type": "user", "name": "ada"}],
        domains=["repo"],
        secret=SECRET,
    )
    uid = institution.ledger.uid_of(version.doi)

    def now(part: str) -> Any:
        return getattr(institution.watch.seen(uid), part, None)

    commit = api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    until(lambda: now("head") == commit.oid)
    api.move_repo(REPO.id, "ada/small-bert")
    until(lambda: "ada/small-bert" in url_at_datacite(plain_hub, version))
    api.update_repo_settings("ada/small-bert", private=True)
    until(lambda: url_at_datacite(plain_hub, version).startswith("https://dois.example.org/gone"))
    institution.close()


def test_whoever_waits_for_a_doi_of_the_hub_hears_of_it(
    serve_here: Callable[..., str],
    plain_hub: Sandbox,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = environment(plain_hub, database_url, HUBDOI_GATEWAY_WEBHOOK_SECRET=SECRET)
    url = serve_here(variables)
    monkeypatch.setenv("HUBDOI_GATEWAY_URL", url)
    backend = HandOffBackend(
        Resources(Config(endpoint=plain_hub.endpoint, datacite_api=plain_hub.datacite_url))
    )
    # By itself it would look again after hours.
    backend.first_interval = backend.longest_interval = 10_000.0
    looks = Semaphore(0)
    registered = backend.registered

    def looking(repo: Repo, revision: str | None) -> Version | None:
        found = registered(repo, revision)
        looks.release()
        return found

    monkeypatch.setattr(backend, "registered", looking)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(backend.wait, REPO, timeout=9000)
        assert looks.acquire(timeout=60)
        # Nothing has happened, and somebody asks the gateway by now.
        body = event(plain_hub)
        version = mint_on_the_hub(plain_hub)
        headers = {"X-Webhook-Secret": SECRET}
        number = 0
        while not waiting.done():
            # Of the deliveries at least the second one comes after the first question.
            number += 1
            told = {**body, "updatedRefs": [{"ref": f"refs/heads/{number}"}]}
            httpx.post(f"{url}/webhooks/hub", json=told, headers=headers)
            wait([waiting], timeout=1)
    found = waiting.result()
    assert found is not None
    assert found.doi == version.doi


def test_without_webhooks_there_is_nothing_to_hear(institution_of: Open) -> None:
    client = TestClient(create_app(institution_of()))
    assert client.get("/api/gateway").json()["webhooks"] is False
    assert client.get("/api/gateway/webhooks/some-id").status_code == 404
