from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock

from hubdoi.client import Client
from hubdoi.datacite.registrar import DataCiteRegistrar
from hubdoi.minting.backends.datacite import DataCiteBackend
from hubdoi.minting.user_ledger import data_directory
from hubdoi.records import Author, Doi, MintRequest, Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    DoiNotFound,
    HubdoiError,
    InvalidMetadata,
    RepoNotEligible,
    ServiceError,
    SignInRequired,
    TermsChanged,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy
from tests.proxy.minting import mint_once, processes

REPO = "ada/tiny-bert"
Institution = Callable[..., Client]
Records = Callable[[], list[dict[str, Any]]]
ProxyOf = Callable[[Sandbox], LossyProxy]


def settings_of(hub: Sandbox) -> dict[str, Any]:
    """The settings of a client that mints at the sandbox's DataCite, for another process."""
    account = hub.datacite_repository
    return {
        "endpoint": hub.endpoint,
        "token": hub.users["ada"],
        "registrar": "datacite",
        "datacite_api": hub.datacite_url,
        "datacite_repository": account["username"],
        "datacite_password": account["password"],
        "datacite_prefix": account["prefix"],
    }


def own_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("HUBDOI_DATA", "HUBDOI_CACHE")}


def mint(client: Client, repo: str = REPO, **more: Any) -> Version:
    return client.mint(repo, agree=client.terms(repo, revision=more.get("revision")), **more)


def test_r04_a_minted_doi_carries_what_the_repository_says(
    institution: Institution, at_datacite: Records, plain_hub: Sandbox
) -> None:
    version = mint(
        institution(),
        authors=[
            {
                "name": "Lovelace, Ada",
                "orcid": "0000-0002-1825-0097",
                "affiliation": "University of London",
                "ror": "04cw6st05",
            },
            "Analytical Engine Society",
        ],
    )
    (record,) = at_datacite()
    assert record["state"] == "findable"
    assert record["doi"] == version.doi.key
    assert record["url"] == f"{plain_hub.endpoint}/ada/tiny-bert/tree/{version.revision}"
    assert record["titles"][0]["title"] == f"tiny-bert (Revision {version.revision[:7]})"
    assert [creator["name"] for creator in record["creators"]] == [
        "Lovelace, Ada",
        "Analytical Engine Society",
    ]
    ada = record["creators"][0]
    assert ada["nameIdentifiers"][0]["nameIdentifier"] == "https://orcid.org/0000-0002-1825-0097"
    assert record["rightsList"][0]["rightsIdentifier"].lower() == "apache-2.0"
    assert record["descriptions"][0]["description"].startswith("A BERT with two layers")
    assert {"relationType": "IsDerivedFrom"}.items() <= record["relatedIdentifiers"][0].items()
    alternates = {a["alternateIdentifier"] for a in record["alternateIdentifiers"]}
    assert alternates == {"ada/tiny-bert", version.revision}
    assert "text/markdown" in record["formats"]
    assert record["sizes"][0] == "4 files"
    assert record["types"]["resourceTypeGeneral"] == "Model"


def test_r05_an_organisation_s_repository_is_by_the_organisation(
    institution: Institution, plain_hub: Sandbox
) -> None:
    api = plain_hub.hf_api("ada")
    api.create_repo("analytical-engine/difference")
    api.upload_file(
        path_or_fileobj=b"# Difference\n",
        path_in_repo="README.md",
        repo_id="analytical-engine/difference",
    )
    version = mint(institution(), "analytical-engine/difference")
    assert version.authors == (Author("Analytical Engine", "organization"),)


def test_r02_who_cannot_write_mints_nothing_and_datacite_hears_nothing(
    institution: Institution, at_datacite: Records, plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    proxy = proxy_of(plain_hub)
    grace = institution("grace", datacite_api=f"{proxy.endpoint}/datacite")
    terms = grace.terms(REPO)
    proxy.set()
    with pytest.raises(WriteAccessRequired, match="write access"):
        grace.mint(REPO, agree=terms)
    assert proxy.requests == []
    with pytest.raises(SignInRequired, match="hf auth login"):
        mint(institution(None))
    assert at_datacite() == []


def test_r03_the_terms_say_that_the_hub_does_not_lock(
    institution: Institution, at_datacite: Records
) -> None:
    client = institution()
    terms = client.terms(REPO)
    for words in ("permanent", "will not enforce the lock", "You promise", "full name", "public"):
        assert words in terms.text
    with pytest.raises(ConsentRequired):
        client.mint(REPO)
    with pytest.raises(TermsChanged) as caught:
        client.mint(REPO, agree=replace(terms, text="Something else."))
    assert caught.value.terms == terms
    assert at_datacite() == []


def test_r01_a_private_repository_gets_no_doi(
    institution: Institution, at_datacite: Records
) -> None:
    grace = institution("grace")
    with pytest.raises(RepoNotEligible, match="private"):
        mint(grace, "grace/secret-model")
    assert at_datacite() == []


def test_r07_versions_are_linked_both_ways(
    institution: Institution, push: Callable[[str], str]
) -> None:
    client = institution()
    first = mint(client)
    push("one more")
    assert client.status(REPO).state == "behind"
    second = mint(client)
    assert second.previous == first.doi
    assert client.resolve(first.doi).next == second.doi
    assert client.resolve(first.doi).state == "outdated"
    assert client.resolve(second.doi).previous == first.doi
    status = client.status(REPO)
    assert (status.state, status.doi) == ("current", second.doi)
    assert [version.doi for version in client.history(REPO)] == [second.doi, first.doi]


def test_r08_a_revision_has_one_doi_whichever_ledger_asks(
    institution: Institution, at_datacite: Records, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    first = mint(institution())
    terms = institution().terms(REPO)
    with pytest.raises(AlreadyRegistered) as caught:
        institution().mint(REPO, agree=terms)
    assert caught.value.version.doi == first.doi

    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / "another computer"))
    elsewhere = institution()
    status = elsewhere.status(REPO)
    assert (status.state, status.doi, status.can_mint) == ("current", first.doi, False)
    with pytest.raises(AlreadyRegistered) as caught:
        elsewhere.mint(REPO, agree=terms)
    assert caught.value.version.doi == first.doi
    assert len(at_datacite()) == 1


def test_r08_a_revision_that_the_hub_registered_gets_no_second_doi(
    institution: Institution,
    at_datacite: Records,
    plain_hub: Sandbox,
    push: Callable[[str], str],
) -> None:
    service = plain_hub.world.service
    person = plain_hub.world.store.people.person("ada")
    request = MintRequest(agree=True, terms=service.registrar.terms.digest)
    registered = service.mint(Repo("model", REPO), person, request)
    client = institution()
    status = client.status(REPO)
    assert (status.state, status.doi, status.can_mint) == ("current", registered.doi, False)
    assert status.locked
    assert client.statuses([REPO])[Repo("model", REPO)].doi == registered.doi
    before = [record["doi"] for record in at_datacite()]
    with pytest.raises(AlreadyRegistered, match=str(registered.doi)):
        mint(client)
    assert [record["doi"] for record in at_datacite()] == before
    push("more")
    assert mint(client).doi != registered.doi


def test_r08_a_card_that_names_the_hub_s_doi_of_another_repository_does_not_stop_a_mint(
    institution: Institution, plain_hub: Sandbox
) -> None:
    service = plain_hub.world.service
    person = plain_hub.world.store.people.person("ada")
    request = MintRequest(agree=True, terms=service.registrar.terms.digest)
    named = service.mint(Repo("model", REPO), person, request)
    api = plain_hub.hf_api("ada")
    api.create_repo("ada/copy")
    api.upload_file(
        path_or_fileobj=f"---\ntags:\n- doi:{named.doi}\n---\n# Mine\n".encode(),
        path_in_repo="README.md",
        repo_id="ada/copy",
    )
    assert mint(institution(), "ada/copy").doi != named.doi


def test_r08_a_doi_of_something_else_is_left_alone(
    institution: Institution, at_datacite: Records, plain_hub: Sandbox
) -> None:
    client = institution()
    info = client.hub.info(Repo("model", REPO), None)
    registrar = DataCiteRegistrar(client.config, client.hub, client.public_records)
    doi = registrar.reserve(info.repo, info.uid, info.head)
    assert registrar.reserve(info.repo, info.uid, info.head) == doi
    assert registrar.reserve(info.repo, info.uid, "0" * 40) != doi
    account = plain_hub.datacite_repository
    taken = {
        "doi": doi.name,
        "url": "https://example.org/else",
        "titles": [{"title": "Something else"}],
    }
    httpx.post(
        f"{plain_hub.datacite_url}/dois",
        json={"data": {"type": "dois", "attributes": taken}},
        headers={"Content-Type": "application/vnd.api+json"},
        auth=(account["username"], account["password"]),
    ).raise_for_status()
    with pytest.raises(AlreadyRegistered, match="something else"):
        mint(client)
    (record,) = at_datacite()
    assert record["url"] == "https://example.org/else"
    assert record["state"] == "draft"
    assert client.recover() == ()


def test_wrong_credentials_are_one_sentence_without_the_password(
    institution: Institution, at_datacite: Records
) -> None:
    client = institution(datacite_password="hunter2")
    with pytest.raises(
        SignInRequired, match=r"does not accept the password of SANDBOX\.HF"
    ) as caught:
        mint(client)
    assert (
        "hunter2" not in f"{caught.value!r} {client!r} {client.config!r} {vars(client._backend)!r}"
    )
    assert at_datacite() == []
    # The consent was given and recorded: with the right password the same DOI is finished.
    (version,) = institution().recover()
    assert [record["doi"] for record in at_datacite()] == [version.doi.key]


def test_missing_credentials_are_named(institution: Institution) -> None:
    client = institution(datacite_prefix=None)
    for act in (
        lambda: mint(client),
        lambda: client.reserve(REPO),
        lambda: client.release(REPO),
        lambda: client.recover(),
        lambda: client.preview_amendment(REPO, title="x"),
    ):
        with pytest.raises(HubdoiError, match="set DATACITE_PREFIX"):
            act()
    (problem,) = (one for one in client.doctor(REPO).findings if one.is_problem)
    assert "set DATACITE_PREFIX" in problem.sentence


def test_without_credentials_there_is_a_status_and_a_citation(institution: Institution) -> None:
    client = institution(datacite_repository=None, datacite_password=None)
    status = client.status(REPO)
    assert (status.state, status.can_mint, status.terms) == ("unregistered", False, None)
    assert "set DATACITE_REPOSITORY and DATACITE_PASSWORD" in (status.obstacle or "")
    assert "tiny-bert" in client.cite(REPO).text
    assert {one.obstacle for one in client.statuses(owner="ada").values()} == {status.obstacle}  # type: ignore[union-attr]


def test_a_refused_draft_leaves_nothing_behind(
    institution: Institution, at_datacite: Records, plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite")
    refusal = {"errors": [{"source": "creators", "title": "Can't be blank."}]}
    proxy.set(Fault("status", method="PUT", status=422, body=refusal))
    with pytest.raises(InvalidMetadata, match=r"creators: Can't be blank\.$"):
        mint(client)
    assert at_datacite() == []
    assert client.recover() == ()
    assert mint(client).doi is not None
    assert len(at_datacite()) == 1


def test_what_was_registered_before_a_rename_stays_the_repository_s(
    institution: Institution, plain_hub: Sandbox, push: Callable[[str], str]
) -> None:
    client = institution()
    first = mint(client)
    plain_hub.hf_api("ada").move_repo("ada/tiny-bert", "ada/small-bert")
    plain_hub.hf_api("ada").upload_file(
        path_or_fileobj=b"1", path_in_repo="a.txt", repo_id="ada/small-bert"
    )
    second = mint(client, "ada/small-bert")
    assert second.previous == first.doi
    assert client.resolve(first.doi).next == second.doi
    assert client.resolve(first.doi).repo == Repo("model", "ada/small-bert")


@pytest.mark.parametrize("kind", ["lost", "failed", "truncated", "unsent"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_r12_a_lost_answer_ends_with_one_doi(
    institution: Institution,
    at_datacite: Records,
    plain_hub: Sandbox,
    proxy_of: ProxyOf,
    kind: str,
    method: str,
) -> None:
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite")
    terms = client.terms(REPO)
    proxy.set(Fault(kind, method=method, path="/datacite/dois"))
    try:
        version = client.mint(REPO, agree=terms)
    except ServiceError:
        # An answer that was lost before anything was written down leaves nothing to recover.
        begun = client.recover()
        assert begun or not at_datacite()
        (version,) = begun or (client.mint(REPO, agree=terms),)
    (record,) = at_datacite()
    assert (record["doi"], record["state"]) == (version.doi.key, "findable")
    assert client.status(REPO).doi == version.doi
    assert client.recover() == ()


def test_r12_a_service_that_stays_away_is_finished_by_the_next_call(
    institution: Institution,
    at_datacite: Records,
    plain_hub: Sandbox,
    proxy_of: ProxyOf,
) -> None:
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite")
    terms = client.terms(REPO)
    proxy.set(Fault("status", method="PUT", status=503, times=100))
    with pytest.raises(ServiceError):
        client.mint(REPO, agree=terms)
    assert client.status(REPO).state == "unregistered"
    proxy.set()
    version = client.mint(REPO, agree=terms)
    (record,) = at_datacite()
    assert (record["doi"], record["state"]) == (version.doi.key, "findable")


def test_r12_a_new_process_recovers_without_being_told_the_registrar(
    institution: Institution, plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite", registrar="auto")
    terms = client.terms(REPO)
    proxy.set(Fault("status", method="PUT", status=503, times=100))
    with pytest.raises(ServiceError):
        client.mint(REPO, agree=terms)
    proxy.set()
    again = institution(datacite_api=f"{proxy.endpoint}/datacite", registrar="auto")
    (version,) = again.recover()
    assert again.status(REPO).doi == version.doi


def test_r12_where_nothing_was_interrupted_nobody_waits_for_a_mint(
    institution: Institution,
) -> None:
    client = institution()
    mint(client)
    # Somebody else mints: to look whether something is left must not wait for them.
    with FileLock(data_directory() / "ledger.lock"):
        assert client.recover() == ()


@pytest.mark.parametrize("finish", ["recover", "the next call"])
@pytest.mark.parametrize("when", ["unsent", "lost"])
def test_r12_a_process_killed_at_any_step_ends_with_one_doi(
    institution: Institution,
    at_datacite: Records,
    plain_hub: Sandbox,
    proxy_of: ProxyOf,
    push: Callable[[str], str],
    finish: str,
    when: str,
) -> None:
    """The process dies just before or just after DataCite has acted, at each of its requests in turn."""
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite")
    settings = settings_of(plain_hub) | {"datacite_api": f"{proxy.endpoint}/datacite"}
    context = processes()
    previous = mint(client)
    for step in range(20):
        head = push(f"step {step}")
        terms = client.terms(REPO)
        child = context.Process(target=mint_once, args=(settings, own_environment(), REPO))
        proxy.set(Fault(when, path="/datacite/dois", skip=step, then=child.kill))
        child.start()
        child.join(timeout=60)
        survived = child.exitcode == 0
        proxy.set()
        if finish == "recover":
            client.recover()
            if client.status(REPO).state != "current":
                # Nothing had begun yet.
                client.mint(REPO, agree=terms)
        else:
            try:
                client.mint(REPO, agree=terms)
            except AlreadyRegistered as error:
                assert survived or error.version.revision == head
        status = client.status(REPO)
        assert (status.state, status.revision) == ("current", head)
        records = {record["doi"]: record for record in at_datacite()}
        assert len(records) == step + 2
        assert {record["state"] for record in records.values()} == {"findable"}
        assert client.recover() == ()
        assert client.resolve(previous.doi).next == status.doi
        assert client.resolve(status.doi).previous == previous.doi
        previous = status.version
        if survived:
            # Status, existence, draft, publication, and the previous version's record.
            assert step >= 5
            return
    raise AssertionError("the mint never came to its end")


def test_r08_several_processes_with_one_ledger_end_in_one_doi(
    at_datacite: Records, plain_hub: Sandbox
) -> None:
    arguments = (settings_of(plain_hub), own_environment(), REPO)
    with processes().Pool(3) as pool:
        dois = set(pool.starmap(mint_once, [arguments] * 6))
    assert len(dois) == 1
    assert [record["doi"] for record in at_datacite()] == [dois.pop().lower()]


def test_what_the_ledger_knows_is_shown_without_network(
    institution: Institution, push: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = institution()
    version = mint(client)
    assert client.status(REPO).state == "current"
    push("more")
    assert client.status(REPO).state == "behind"
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    status = institution().status(REPO)
    assert (status.state, status.doi, status.can_mint) == ("behind", version.doi, False)
    assert "HF_HUB_OFFLINE is set" in status.obstacle


def test_no_secret_reaches_the_disk(
    institution: Institution, plain_hub: Sandbox, tmp_path: Path
) -> None:
    client = institution()
    mint(client)
    client.resolve(client.status(REPO).doi)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"tiny-bert" in written
    for secret in (plain_hub.users["ada"], plain_hub.datacite_repository["password"]):
        assert secret.encode() not in written
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.db*")}
    assert modes == {0o600}


def test_a_doi_that_is_not_registered_is_not_found(institution: Institution) -> None:
    with pytest.raises(DoiNotFound, match="no public record"):
        institution().resolve(Doi("10.9999/none"))
    with pytest.raises(DoiNotFound, match="only the server that made it"):
        institution().resolve(Doi("10.5072/hf.none"))


@pytest.mark.parametrize("finish", ["recover", "the next call"])
def test_r08_an_intent_does_not_outlive_a_doi_of_the_hub(sandbox: Sandbox, finish: str) -> None:
    """The process dies before DataCite is asked, and somebody mints on the Hub itself."""
    here = Client(**settings_of(sandbox))
    terms = here.terms(REPO)
    backend, person = here._backend, here.whoami()
    assert isinstance(backend, DataCiteBackend) and person is not None
    info = here.hub.info(Repo("model", REPO), person)
    request = MintRequest(agree=True, terms=backend.registrar.terms.digest)
    backend.service_for(info, request).begin(info.repo, person, request)
    on_the_hub = mint(Client(sandbox.endpoint, sandbox.users["ada"], registrar="hub"))

    with pytest.raises(AlreadyRegistered) as caught:
        here.recover() if finish == "recover" else here.mint(REPO, agree=terms)

    assert caught.value.version is not None and caught.value.version.doi == on_the_hub.doi
    if finish != "recover":
        with pytest.raises(AlreadyRegistered):
            here.recover()
    assert backend.ledger.unfinished() == ()
    assert here.status(REPO).doi == on_the_hub.doi


def test_r01_what_was_made_private_while_another_mint_went_on_gets_no_doi(
    institution: Institution, at_datacite: Records, plain_hub: Sandbox
) -> None:
    client = institution()
    terms = client.terms(REPO)
    with ThreadPoolExecutor(1) as pool:
        with FileLock(data_directory() / "ledger.lock"):
            minted = pool.submit(client.mint, REPO, agree=terms)
            time.sleep(1.0)
            assert not minted.done()
            plain_hub.hf_api("ada").update_repo_settings(REPO, private=True)
        with pytest.raises(RepoNotEligible):
            minted.result()
    assert at_datacite() == []
