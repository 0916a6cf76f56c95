from __future__ import annotations

import json
import re
import sqlite3
import threading
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hubdoi.client import Client
from hubdoi.commands import Context
from hubdoi.commands.minting import status as status_command
from hubdoi.commands.session import Session
from hubdoi.config import Config, Secret
from hubdoi.minting.backends.handoff import HandOffBackend
from hubdoi.minting.backends.resources import Resources
from hubdoi.records import Doi, MintRequest, Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    HandOff,
    InvalidMetadata,
    RepoNotEligible,
    ServiceUnreachable,
    SignInRequired,
    TermsChanged,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

REPO = Repo("model", "ada/tiny-bert")
ProxyOf = Callable[[Sandbox], LossyProxy]


def client_of(hub: Sandbox, user: str | None = "ada", endpoint: str | None = None) -> Client:
    base = endpoint or hub.endpoint
    token = hub.users[user] if user else False
    return Client(base, token, registrar="handoff", datacite_api=f"{base}/datacite")


def backend_of(hub: Sandbox, endpoint: str | None = None) -> HandOffBackend:
    """A backend that looks every few hundredths of a second."""
    base = endpoint or hub.endpoint
    config = Config(endpoint=base, token=Secret(hub.users["ada"]), datacite_api=f"{base}/datacite")
    backend = HandOffBackend(Resources(config))
    backend.first_interval, backend.longest_interval = 0.02, 0.1
    return backend


def generate(hub: Sandbox, repo: Repo = REPO, revision: str | None = None) -> Version:
    """What a person does on the settings page."""
    service = hub.world.service
    person = hub.world.store.people.person("ada")
    terms = service.registrar.terms.digest
    return service.mint(repo, person, MintRequest(agree=True, terms=terms, revision=revision))


def push(hub: Sandbox, text: str, path: str = "log.txt") -> str:
    made = hub.hf_api("ada").upload_file(
        path_or_fileobj=text.encode(), path_in_repo=path, repo_id=REPO.id
    )
    return str(made.oid)


def test_status_without_a_doi(plain_hub: Sandbox) -> None:
    status = client_of(plain_hub).status(REPO)
    assert (status.state, status.locked, status.can_mint) == ("unregistered", False, True)
    assert not status.has_doi_api
    assert [author.name for author in status.suggested_authors] == ["Lovelace, Ada"]


def test_r02_everybody_sees_the_status_and_cites(plain_hub: Sandbox) -> None:
    version = generate(plain_hub)
    nobody = client_of(plain_hub, None)
    status = nobody.status(REPO)
    assert (status.state, status.doi, status.locked) == ("current", version.doi, True)
    assert str(version.doi) in str(nobody.cite(REPO, format="text"))


def test_r02_who_may_not_is_told_why(plain_hub: Sandbox) -> None:
    assert "hf auth login" in client_of(plain_hub, None).status(REPO).obstacle
    assert "write access" in client_of(plain_hub, "grace").status(REPO).obstacle


def test_r07_the_state_follows_the_head(plain_hub: Sandbox) -> None:
    first = generate(plain_hub)
    client = client_of(plain_hub)
    assert client.status(REPO).state == "current"
    head = push(plain_hub, "more")
    behind = client.status(REPO)
    assert (behind.state, behind.head, behind.revision) == ("behind", head, first.revision)
    second = generate(plain_hub)
    status = client.status(REPO)
    assert [version.doi for version in status.versions] == [second.doi, first.doi]
    assert [version.state for version in status.versions] == ["current", "outdated"]
    assert (status.versions[0].previous, status.versions[1].next) == (first.doi, second.doi)


def test_r07_r08_a_newer_doi_of_a_branch_leaves_the_latest_commit_current(
    plain_hub: Sandbox,
) -> None:
    """The same as where the Hub itself mints: the newest DOI need not be that of the latest commit."""
    first = generate(plain_hub)
    api = plain_hub.hf_api("ada")
    api.create_branch(REPO.id, branch="trial")
    aside = api.upload_file(
        path_or_fileobj=b"aside", path_in_repo="log.txt", repo_id=REPO.id, revision="trial"
    )
    generate(plain_hub, revision=str(aside.oid))
    client = client_of(plain_hub)
    status = client.status(REPO)
    assert (status.state, status.can_mint) == ("current", False)
    assert status.obstacle_code == "AlreadyRegistered"
    assert str(first.doi) in (status.obstacle or "")
    assert client.wait_for_doi(REPO, timeout=0).doi == first.doi
    with pytest.raises(AlreadyRegistered, match=str(first.doi)):
        client.mint(REPO, agree=client.terms(REPO))


def test_a_status_is_one_request_to_each_service_and_from_the_cache_none(
    plain_hub: Sandbox, proxy_of: ProxyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(plain_hub)
    proxy = proxy_of(plain_hub)
    proxy.set()
    before = client_of(plain_hub, None, proxy.endpoint).status(REPO)
    assert proxy.count("GET", "/api/") == 1
    assert proxy.count("GET", "/datacite/") == 1
    assert len(proxy.requests) == 2

    proxy.set()
    client_of(plain_hub, None, proxy.endpoint).status(REPO)
    assert proxy.count("GET", "/datacite/") == 0

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    proxy.set()
    offline = client_of(plain_hub, None, proxy.endpoint)
    assert offline.status(REPO) == before
    assert str(before.doi) in str(offline.cite(REPO, format="bibtex"))
    assert proxy.requests == []


def test_what_was_seen_is_shown_without_network_where_nobody_said_that_there_is_no_doi_api(
    plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(plain_hub)

    def client() -> Client:
        return Client(plain_hub.endpoint, False, datacite_api=plain_hub.datacite_url)

    before = client().status(REPO)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert client().status(REPO) == before
    assert str(before.doi) in str(client().cite(REPO, format="bibtex"))
    assert client().resolve(before.doi).doi == before.doi
    assert client().statuses([REPO]) == {REPO: before}
    with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
        client().status("ada/never-seen")
    with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
        client().resolve("10.5072/hf/9999")


def test_without_network_nothing_that_was_seen_says_that_there_is_no_doi(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    Client(sandbox.endpoint, False).hub.info(REPO, None)
    generate(sandbox)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
        Client(sandbox.endpoint, False).status(REPO)


def test_a_status_that_is_behind_is_shown_without_network(
    plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(plain_hub)
    push(plain_hub, "more")
    monkeypatch.setenv("HUBDOI_ENDPOINT", plain_hub.endpoint)
    monkeypatch.setenv("HUBDOI_DATACITE_API", plain_hub.datacite_url)
    context = Context(Session())
    arguments = Namespace(repos=[str(REPO)], owner=None, changes=False)
    assert status_command(arguments, context).changes is not None
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    offline = status_command(arguments, context)
    assert (offline.state, offline.changes) == ("behind", None)


def test_who_is_signed_in_sees_without_network_as_well(
    plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = generate(plain_hub)
    push(plain_hub, "more")
    client_of(plain_hub).status(REPO)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    status = client_of(plain_hub).status(REPO)
    assert (status.state, status.doi, status.can_mint) == ("behind", version.doi, False)
    assert "HF_HUB_OFFLINE is set" in status.obstacle


def test_a_doi_that_datacite_does_not_show_yet_is_shown_all_the_same(
    plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    version = generate(plain_hub)
    proxy = proxy_of(plain_hub)
    proxy.set(Fault("status", path="/datacite/dois", status=404, times=99, body={"errors": []}))
    status = client_of(plain_hub, None, proxy.endpoint).status(REPO)
    assert (status.state, status.doi, status.revision) == (
        "current",
        version.doi,
        version.revision,
    )


def test_a_card_that_names_somebody_else_s_doi_gets_nothing_from_it(plain_hub: Sandbox) -> None:
    version = generate(plain_hub)
    card = (
        f"---\ntags:\n- doi:{version.doi}\n- doi:10.5281/zenodo.1\n- doi:not-a-doi\n---\n# Mine\n"
    )
    api = plain_hub.hf_api("grace")
    api.create_repo("grace/copy")
    api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id="grace/copy")
    status = client_of(plain_hub, None).status("grace/copy")
    assert (status.state, status.locked, status.versions) == ("unregistered", False, ())


def test_r03_mint_records_the_consent_and_hands_over(plain_hub: Sandbox, tmp_path: Path) -> None:
    client = client_of(plain_hub)
    terms = client.terms(REPO)
    for words in ("permanent", "cannot be deleted", "full name", "settings page"):
        assert words in terms.text
    with pytest.raises(HandOff) as caught:
        client.mint(REPO, agree=terms)
    assert caught.value.settings_url == f"{plain_hub.endpoint}/ada/tiny-bert/settings"
    with sqlite3.connect(tmp_path / "hubdoi-data" / "ledger.db") as db:
        rows = db.execute(
            "select h.name, h.revision, c.username, t.text from handoff_consents h"
            " join ledger_consents c on c.id = h.consent join ledger_terms t on t.digest = c.digest"
        ).fetchall()
    db.close()
    assert rows == [("ada/tiny-bert", client.status(REPO).head, "ada", terms.text)]


def test_r03_no_consent_no_hand_over(plain_hub: Sandbox, tmp_path: Path) -> None:
    client = client_of(plain_hub)
    with pytest.raises(ConsentRequired):
        client.mint(REPO)
    with pytest.raises(TermsChanged):
        client.mint(REPO, agree=replace(client.terms(REPO), text="Something else."))
    assert not (tmp_path / "hubdoi-data" / "ledger.db").exists()


def test_what_stands_in_the_way_is_said_before_the_settings_page(plain_hub: Sandbox) -> None:
    client = client_of(plain_hub)
    first = client.status(REPO).head
    push(plain_hub, "more")
    terms = client.terms(REPO)
    with pytest.raises(InvalidMetadata, match="latest commit only"):
        client.mint(REPO, agree=client.terms(REPO, revision=first))
    with pytest.raises(InvalidMetadata, match="no title"):
        client.mint(REPO, agree=terms, title="Another")
    grace, nobody = client_of(plain_hub, "grace"), client_of(plain_hub, None)
    with pytest.raises(WriteAccessRequired):
        grace.mint(REPO, agree=grace.terms(REPO))
    with pytest.raises(SignInRequired):
        nobody.mint(REPO, agree=nobody.terms(REPO))
    with pytest.raises(RepoNotEligible, match="private"):
        grace.mint("grace/secret-model", agree=grace.terms("grace/secret-model"))
    version = generate(plain_hub)
    with pytest.raises(AlreadyRegistered) as caught:
        client.mint(REPO, agree=terms)
    assert caught.value.version.doi == version.doi


def test_wait_goes_on_by_itself_when_the_doi_appears(plain_hub: Sandbox) -> None:
    said: list[str] = []
    made: list[Version] = []
    later = threading.Timer(0.3, lambda: made.append(generate(plain_hub)))
    later.start()
    found = backend_of(plain_hub).wait(REPO, timeout=20, progress=said.append)
    later.join()
    assert found.doi == made[0].doi
    assert found.revision == made[0].revision
    assert said == [
        f"Waiting for the DOI of ada/tiny-bert: generate it on {plain_hub.endpoint}/ada/tiny-bert/settings."
    ]


def test_wait_is_not_content_with_the_doi_of_an_older_revision(plain_hub: Sandbox) -> None:
    generate(plain_hub)
    push(plain_hub, "more")
    with pytest.raises(HandOff, match="No DOI"):
        backend_of(plain_hub).wait(REPO, timeout=0.2)
    second = generate(plain_hub)
    assert backend_of(plain_hub).wait(REPO, timeout=0.2).doi == second.doi


def test_wait_can_be_cancelled_at_once(plain_hub: Sandbox) -> None:
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    assert client_of(plain_hub).wait_for_doi(REPO, timeout=60, cancel=cancel) is None


def test_wait_outlasts_a_hub_that_is_away_for_a_while(
    plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    version = generate(plain_hub)
    proxy = proxy_of(plain_hub)
    backend = backend_of(plain_hub, proxy.endpoint)
    proxy.set(Fault("html", path="/api/models", times=2))
    said: list[str] = []
    assert backend.wait(REPO, timeout=20, progress=said.append).doi == version.doi
    assert any("Still waiting." in sentence for sentence in said)


def test_wait_looks_less_and_less_often(plain_hub: Sandbox, proxy_of: ProxyOf) -> None:
    proxy = proxy_of(plain_hub)
    backend = backend_of(plain_hub, proxy.endpoint)
    proxy.set()
    with pytest.raises(HandOff):
        backend.wait(REPO, timeout=3.0)
    # 0.02 s, then half as long again each time, at most 0.1 s: some thirty looks, not 150.
    assert 2 <= len(proxy.requests) <= 36
    assert proxy.count("GET", "/datacite") == 0


def test_a_renamed_repository_keeps_its_doi(plain_hub: Sandbox) -> None:
    version = generate(plain_hub)
    support = plain_hub.world.support
    person = plain_hub.world.store.people.person("ada")
    asked = support.ask(REPO, person, "move", "A better name.", "ada/small-bert")
    support.grant(asked.number)
    status = client_of(plain_hub).status("ada/tiny-bert")
    assert status.repo == Repo("model", "ada/small-bert")
    assert status.doi == version.doi == Doi(version.doi.name)


GPT2 = {
    "_id": "621ffdc036468d709f17434d",
    "id": "openai-community/gpt2",
    "modelId": "openai-community/gpt2",
    "author": "openai-community",
    "sha": "607a30d783dfa663caf39e06633721c8d4cfcd7e",
    "lastModified": "2024-02-19T10:57:45.000Z",
    "private": False,
    "gated": False,
    "tags": ["transformers", "en", "doi:10.57967/hf/0039", "license:mit", "region:us"],
    "cardData": {"language": "en", "tags": ["exbert"], "license": "mit"},
    "siblings": [{"rfilename": "README.md"}, {"rfilename": "model.safetensors"}],
}
GPT2_RECORD = {
    "doi": "10.57967/hf/0039",
    "creators": [{"name": "HF Canonical Model Maintainers"}],
    "titles": [{"title": "gpt2 (Revision 909a290)"}],
    "publisher": "Hugging Face",
    "publicationYear": 2022,
    "url": "https://huggingface.co/gpt2",
    "types": {"resourceTypeGeneral": "Model"},
    "registered": "2022-10-11T12:00:00.000Z",
    "state": "findable",
}


@pytest.mark.parametrize(
    "name", ["gpt2", "openai-community/gpt2", "hf://openai-community/gpt2@main"]
)
def test_the_oldest_repositories_keep_their_dois_under_their_present_names(
    plain_hub: Sandbox, proxy_of: ProxyOf, name: str
) -> None:
    proxy = proxy_of(plain_hub)
    present = "/api/models/openai-community/gpt2"
    proxy.set(
        Fault("redirect", path="/api/models/gpt2", location=present),
        Fault("status", path=present, status=200, body=GPT2, times=9),
        Fault("status", path="/datacite/dois", status=200,
              body={"data": {"id": "10.57967/hf/0039", "attributes": GPT2_RECORD}}),
    )  # fmt: skip
    client = client_of(plain_hub, None, proxy.endpoint)
    status = client.status(name)
    # The redirect of an old name is the one request more.
    assert len(proxy.requests) == (3 if name == "gpt2" else 2)
    assert status.repo == Repo("model", "openai-community/gpt2")
    assert (status.state, status.doi, status.revision) == (
        "behind",
        Doi("10.57967/hf/0039"),
        "909a290",
    )
    assert status.locked
    text = str(client.cite(status.repo, format="text"))
    assert "HF Canonical Model Maintainers (2022): gpt2 (Revision 909a290)" in text
    assert "https://doi.org/10.57967/hf/0039" in text


def test_a_record_without_a_revision_names_what_was_the_head_then(
    plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    proxy = proxy_of(plain_hub)
    record = GPT2_RECORD | {"titles": [{"title": "gpt2"}]}
    for changed, state in (
        ("2022-10-01T00:00:00.000Z", "current"),
        ("2024-02-19T10:57:45.000Z", "behind"),
    ):
        proxy.set(
            Fault("status", path="/api/", status=200, body=GPT2 | {"lastModified": changed}),
            Fault("status", path="/datacite/", status=200, body={"data": {"attributes": record}}),
        )  # fmt: skip
        status = client_of(plain_hub, None, proxy.endpoint).status("openai-community/gpt2")
        assert status.state == state
        assert status.revision == (GPT2["sha"] if state == "current" else None)


def test_any_doi_of_datacite_is_cited(plain_hub: Sandbox, proxy_of: ProxyOf) -> None:
    records = json.loads((Path(__file__).parents[2] / "data" / "datacite-records.json").read_text())
    proxy = proxy_of(plain_hub)
    client = client_of(plain_hub, None, proxy.endpoint)
    for doi, record in records.items():
        attributes = record.get("attributes", record)
        body = {"data": {"id": doi, "type": "dois", "attributes": {"doi": doi, **attributes}}}
        proxy.set(Fault("status", path="/datacite/dois", status=200, body=body))
        assert f"https://doi.org/{doi}" in str(client.cite(f"doi:{doi}", format="text")).lower()
        assert len(proxy.requests) == 1


@pytest.fixture
def account(plain_hub: Sandbox) -> Client:
    """A client of the same person with the credentials of a DataCite account."""
    settings = plain_hub.datacite_repository
    return Client(
        plain_hub.endpoint,
        plain_hub.users["ada"],
        registrar="datacite",
        datacite_api=plain_hub.datacite_url,
        datacite_repository=settings["username"],
        datacite_password=settings["password"],
        datacite_prefix=settings["prefix"],
    )


def test_r08_without_the_credentials_its_dois_are_there_all_the_same(
    plain_hub: Sandbox, account: Client
) -> None:
    first = account.mint(REPO, agree=account.terms(REPO), authors=["Grace Hopper"])
    client = client_of(plain_hub)
    status = client.status(REPO)
    assert (status.state, status.doi, status.locked) == ("current", first.doi, False)
    assert status.can_mint is False
    assert str(first.doi) in str(client.cite(REPO))
    with pytest.raises(AlreadyRegistered, match=re.escape(str(first.doi))):
        client.mint(REPO, agree=client.terms(REPO))
    push(plain_hub, "more")
    second = account.mint(REPO, agree=account.terms(REPO))
    behind = push(plain_hub, "still more")
    status = client.status(REPO)
    assert (status.state, status.head) == ("behind", behind)
    assert [version.doi for version in status.versions] == [second.doi, first.doi]
    assert [version.state for version in status.versions] == ["current", "outdated"]
    # A mint carries the authors of the DOI before (R5), whoever registered that.
    assert [author.name for author in status.suggested_authors] == ["Hopper, Grace"]
    (only,) = client.statuses([REPO]).values()
    assert only == status
    # Of the DOIs that the card names as well, each is there once.
    plain_hub.hf_api("ada").upload_file(
        path_or_fileobj=f"---\ndoi: {second.doi}\n---\n# Tiny\n".encode(),
        path_in_repo="README.md",
        repo_id=REPO.id,
    )
    assert [v.doi for v in client.status(REPO).versions] == [second.doi, first.doi]


def test_a_ledger_that_is_damaged_or_being_written_does_not_end_reading(
    plain_hub: Sandbox, account: Client
) -> None:
    version = account.mint(REPO, agree=account.terms(REPO))
    path = account._backend.ledger.database.path  # type: ignore[attr-defined]
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert client_of(plain_hub).status(REPO).doi == version.doi
    writer.execute("ROLLBACK")
    writer.close()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.write_bytes(b"no database at all" * 100)
    assert client_of(plain_hub).status(REPO).state == "unregistered"
