"""The rules R1-R12, each against the real sandbox: through the client, huggingface_hub and plain HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hubdoi import Client
from hubdoi.records import Author, Doi, Related, Repo, Terms, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    RepoNotEligible,
    RepoNotFound,
    SignInRequired,
    TermsChanged,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.registrar_tables import records
from hubdoi.sandbox.world import World

BERT = "ada/tiny-bert"
DOI = f"/api/models/{BERT}/doi"


def client(sandbox: Sandbox, user: str | None = "ada") -> Client:
    return Client(sandbox.endpoint, sandbox.users[user] if user else False)


def mint(client: Client, repo: str = BERT, **more: Any) -> Version:
    return client.mint(repo, agree=client.terms(repo, revision=more.get("revision")), **more)


def push(api: HfApi, content: str, repo: str = BERT, **more: Any) -> str:
    made = api.upload_file(
        path_or_fileobj=content.encode(), path_in_repo="notes.txt", repo_id=repo, **more
    )
    return made.oid


def support(sandbox: Sandbox, repo: str, action: str, user: str = "ada", **more: str) -> None:
    """Ask for a locked action, and grant it."""
    asked = client(sandbox, user).request_support(repo, action, reason="A good reason.", **more)
    granted = httpx.post(
        f"{sandbox.endpoint}/api/support/requests/{asked['number']}/grant",
        headers={"Authorization": f"Bearer {sandbox.support_token}"},
    )
    assert granted.status_code == 200, granted.text


# R1


def test_r01_a_model_and_a_dataset_get_a_doi(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    assert mint(ada).resource_type == "Model"
    assert mint(ada, "datasets/ada/notes").resource_type == "Dataset"


def test_r01_a_space_a_private_and_an_empty_repository_do_not(sandbox: Sandbox) -> None:
    sandbox.hf_api().create_repo("ada/empty")
    for user, repo, reason, word in (
        ("ada", "spaces/ada/demo", "space", "Space"),
        ("grace", "grace/secret-model", "private", "private"),
        ("ada", "ada/empty", "empty", "no files"),
    ):
        with pytest.raises(RepoNotEligible, match=word) as refused:
            mint(client(sandbox, user), repo)
        assert refused.value.reason == reason
    assert mint(client(sandbox)).doi == Doi("10.5072/hf/0001")


# R2


def test_r02_only_who_can_write_mints_and_everybody_sees(sandbox: Sandbox) -> None:
    with pytest.raises(SignInRequired):
        mint(client(sandbox, None))
    with pytest.raises(WriteAccessRequired, match="ask its owner, ada"):
        mint(client(sandbox, "grace"))
    minted = mint(client(sandbox))
    for user in ("grace", None):
        status = client(sandbox, user).status(BERT)
        assert (status.doi, status.can_mint) == (minted.doi, False)
        assert status.suggested_authors == ()
        assert str(minted.doi) in str(client(sandbox, user).cite(BERT))


def test_r02_a_member_mints_for_the_organisation(sandbox: Sandbox) -> None:
    repo = "analytical-engine/model"
    sandbox.hf_api("ada").create_repo(repo)
    push(sandbox.hf_api("ada"), "x", repo)
    assert mint(client(sandbox, "grace"), repo).doi


def test_r02_what_is_private_is_not_there_for_strangers(sandbox: Sandbox) -> None:
    for user in ("ada", None):
        with pytest.raises(RepoNotFound):
            client(sandbox, user).status("grace/secret-model")


# R3


def test_r03_nothing_is_minted_without_the_terms_object(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    terms = ada.terms(BERT)
    for agree in (None, True, terms.digest, terms.text, {"digest": terms.digest}):
        with pytest.raises(ConsentRequired) as refused:
            ada.mint(BERT, agree=agree)  # type: ignore[arg-type]
        assert refused.value.terms == terms
    assert ada.status(BERT).state == "unregistered"


def test_r03_the_terms_say_what_they_must(sandbox: Sandbox) -> None:
    text = client(sandbox, None).terms(BERT).text
    for words in (
        "permanent",
        "deleted, renamed, transferred or made private",
        "request to support",
        "Your full name",
        "list of authors",
        "DataCite",
        "public",
    ):
        assert words in text


def test_r03_terms_that_changed_in_between_are_refused_and_shown(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    shown = ada.terms(BERT)
    (sandbox.world.data / "terms.txt").write_text("New terms: – everything costs.\n", "utf-8")
    with pytest.raises(TermsChanged) as refused:
        ada.mint(BERT, agree=shown)
    assert refused.value.terms == ada.terms(BERT) == Terms("New terms: – everything costs.")
    assert ada.status(BERT).state == "unregistered"
    minted = ada.mint(BERT, agree=refused.value.terms)
    assert minted.consent is not None
    assert sandbox.world.ledger.terms_text(minted.consent.terms) == refused.value.terms.text


def test_r03_consent_is_recorded_and_never_remembered(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    first = mint(ada)
    assert first.consent is not None
    assert (first.consent.by, first.consent.terms) == ("ada", ada.terms(BERT).digest)
    push(sandbox.hf_api(), "more")
    with pytest.raises(ConsentRequired):
        ada.regenerate(BERT)
    answer = httpx.post(
        sandbox.endpoint + DOI,
        headers={"Authorization": f"Bearer {sandbox.users['ada']}"},
        json={"terms": first.consent.terms},
    )
    assert answer.status_code == 400
    assert len(ada.history(BERT)) == 1


# R4


def test_r04_a_minted_doi_carries_its_metadata(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    minted = mint(ada)
    head = sandbox.hf_api().model_info(BERT).sha
    assert head is not None
    assert minted.revision == head
    assert minted.title == f"tiny-bert (Revision {head[:7]})"
    assert minted.url == f"{sandbox.endpoint}/{BERT}"
    assert minted.authors == (Author.person("Ada Lovelace"),)
    assert (minted.publisher, minted.resource_type) == ("Hugging Face", "Model")
    assert minted.created is not None
    assert minted.year == minted.created.year
    assert minted.license == "apache-2.0"
    assert (minted.description or "").startswith("A BERT with two layers")
    assert (
        Related("IsDerivedFrom", "https://huggingface.co/google-bert/bert-base-uncased", "URL")
        in minted.related
    )
    assert ada.resolve(str(minted.doi)) == minted.replace(consent=None)


# R5


def test_r05_the_authors_default_to_the_minter_or_the_organisation(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    assert ada.status(BERT).suggested_authors == (Author.person("Ada Lovelace"),)
    repo = "analytical-engine/model"
    sandbox.hf_api("ada").create_repo(repo)
    push(sandbox.hf_api("ada"), "x", repo)
    engine = (Author("Analytical Engine", "organization"),)
    assert ada.status(repo).suggested_authors == engine
    assert mint(ada, repo).authors == engine


def test_r05_the_authors_are_replaced_in_order(sandbox: Sandbox) -> None:
    authors = [
        Author.person("Hopper, Grace", orcid="0000-0002-1825-0097"),
        Author("Analytical Engine", "organization", ror="05a28rw58"),
        Author.person("Ada Lovelace", affiliation="Engine Works"),
    ]
    ada = client(sandbox)
    minted = mint(ada, authors=[authors[0], authors[1].to_json(), authors[2]])
    assert minted.authors == tuple(authors)
    assert ada.status(BERT).versions[0].authors == tuple(authors)


def test_r05_a_full_name_that_no_record_can_carry_is_the_user_name(sandbox: Sandbox) -> None:
    token = sandbox.world.add_user("odd", "\u200b \u202e")
    api = HfApi(endpoint=sandbox.endpoint, token=token)
    api.create_repo("odd/model")
    push(api, "x", "odd/model")
    odd = Client(sandbox.endpoint, token)
    assert odd.status("odd/model").suggested_authors == (Author.person("odd"),)
    assert mint(odd, "odd/model").authors[0].name == "odd"


# R6


def test_r06_the_repository_carries_the_tag_and_the_page_the_citation(sandbox: Sandbox) -> None:
    minted = mint(client(sandbox))
    info = HfApi(endpoint=sandbox.endpoint, token=False).model_info(BERT)
    assert f"doi:{minted.doi}" in (info.tags or [])
    page = httpx.get(f"{sandbox.endpoint}/{BERT}", headers={"Accept": "text/html"}).text
    assert str(minted.doi) in page
    assert "Cite this model" in page


# R7


def test_r07_a_head_that_moves_on_leaves_the_repository_behind(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    first = mint(ada)
    assert ada.status(BERT).state == "current"
    head = push(sandbox.hf_api(), "more")
    status = ada.status(BERT)
    assert (status.state, status.revision, status.head) == ("behind", first.revision, head)
    assert [file.path for file in ada.changes(status).files] == ["notes.txt"]

    second = mint(ada)
    status = ada.status(BERT)
    assert (status.state, status.revision) == ("current", head)
    newest, oldest = status.versions
    assert (newest.doi, newest.state, newest.previous, newest.next) == (
        second.doi, "current", first.doi, None,
    )  # fmt: skip
    assert (oldest.doi, oldest.state, oldest.previous, oldest.next) == (
        first.doi, "outdated", None, second.doi,
    )  # fmt: skip
    assert ada.resolve(str(first.doi)).next == second.doi


def test_r07_an_old_revision_that_gets_its_doi_late_does_not_become_current(
    demo: Sandbox,
) -> None:
    ada = client(demo)
    revisions = [ada.status(BERT).head, *(push(demo.hf_api(), str(n)) for n in range(3))]
    dois = {}
    for place in (3, 0, 2, 1):
        dois[place] = mint(ada, revision=revisions[place]).doi
        status = ada.status(BERT)
        assert status.state == "current"
        assert status.versions[0].revision == revisions[3]
        assert [v.state for v in status.versions] == ["current"] + ["outdated"] * (len(dois) - 1)
    versions = ada.history(BERT).versions
    assert [v.revision for v in versions] == revisions[::-1]
    assert [v.doi for v in versions] == [dois[3], dois[2], dois[1], dois[0]]
    assert [v.previous for v in versions] == [dois[2], dois[1], dois[0], None]
    assert [v.next for v in versions] == [None, dois[3], dois[2], dois[1]]
    for version in versions:
        assert ada.resolve(str(version.doi)) == version.replace(consent=None)


def test_r07_an_old_revision_alone_leaves_the_repository_behind(demo: Sandbox) -> None:
    ada = client(demo)
    first = ada.status(BERT).head
    push(demo.hf_api(), "more")
    mint(ada, revision=first)
    status = ada.status(BERT)
    assert (status.state, status.can_mint) == ("behind", True)


def test_r07_a_newer_doi_of_a_branch_leaves_the_head_current(demo: Sandbox) -> None:
    ada, api = client(demo), demo.hf_api()
    api.create_branch(BERT, branch="trial")
    aside = push(api, "aside", revision="trial")
    mint(ada)
    mint(ada, revision=aside)
    assert ada.status(BERT).state == "current"
    push(api, "ahead")
    assert ada.status(BERT).state == "behind"


# R8


def test_r08_a_revision_that_has_a_doi_is_refused_and_named(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    first = mint(ada)
    with pytest.raises(AlreadyRegistered, match=str(first.doi)) as refused:
        mint(ada)
    assert refused.value.version is not None
    assert refused.value.version.doi == first.doi
    status = ada.status(BERT)
    assert (status.can_mint, status.obstacle_code) == (False, "AlreadyRegistered")
    assert str(first.doi) in (status.obstacle or "")


def test_r08_forty_at_once_get_one_doi(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
    digest = client(sandbox).terms(BERT).digest
    together = threading.Barrier(40)

    def press(_: int) -> httpx.Response:
        with httpx.Client(timeout=60) as http:
            together.wait()
            return http.post(
                sandbox.endpoint + DOI, headers=headers, json={"agree": True, "terms": digest}
            )

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(press, range(40)))
    made = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert (len(made), len(refused)) == (1, 39)
    doi = made[0].json()["doi"]
    for answer in refused:
        assert answer.json()["code"] == "AlreadyRegistered"
        assert answer.json()["doi"] == doi
        assert doi in answer.json()["error"]
    assert [v.doi for v in client(sandbox).history(BERT)] == [Doi(doi)]


def test_r12_forty_at_once_with_one_key_get_one_answer(sandbox: Sandbox) -> None:
    headers = {
        "Authorization": f"Bearer {sandbox.users['ada']}",
        "Idempotency-Key": "one key",
    }
    body = {"agree": True, "terms": client(sandbox).terms(BERT).digest}

    def press(_: int) -> httpx.Response:
        return httpx.post(sandbox.endpoint + DOI, headers=headers, json=body, timeout=60)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(press, range(40)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


# R9


@pytest.mark.parametrize("owner", ["ada", "analytical-engine"])
def test_r09_a_locked_repository_stays_whoever_asks(sandbox: Sandbox, owner: str) -> None:
    repo = f"{owner}/locked"
    ada = sandbox.hf_api("ada")
    ada.create_repo(repo)
    push(ada, "x", repo)
    doi = mint(client(sandbox), repo).doi
    people = ["ada"] if owner == "ada" else ["ada", "grace"]
    for user in people:
        api = sandbox.hf_api(user)
        for action in (
            lambda api=api: api.delete_repo(repo),
            lambda api=api: api.move_repo(repo, f"{owner}/renamed"),
            lambda api=api, user=user: api.move_repo(
                repo, f"{'analytical-engine' if owner != 'analytical-engine' else user}/locked"
            ),
            lambda api=api: api.move_repo(repo, f"{owner}/LOCKED"),
            lambda api=api: api.update_repo_settings(repo, private=True),
        ):
            with pytest.raises(HfHubHTTPError, match="locked by DOI") as refused:
                action()
            assert refused.value.response.status_code == 403
            assert str(doi) in str(refused.value)
    # Whoever may not even write is refused as well, and nothing has happened.
    for api in (sandbox.hf_api(None), *([sandbox.hf_api("grace")] if owner == "ada" else [])):
        with pytest.raises(HfHubHTTPError):
            api.delete_repo(repo)
    info = ada.model_info(repo)
    assert (info.id, info.private) == (repo, False)
    # Pushing is not restricted, and what changes nothing is not refused.
    push(ada, "y", repo)
    ada.update_repo_settings(repo, private=False)
    assert client(sandbox).status(repo).locked


def test_r09_without_a_doi_nothing_is_locked(sandbox: Sandbox) -> None:
    api = sandbox.hf_api()
    api.move_repo(BERT, "ada/renamed")
    api.update_repo_settings("ada/renamed", private=True)
    api.delete_repo("ada/renamed")
    assert not api.repo_exists("ada/renamed")


# R10


def test_r10_after_a_granted_deletion_the_doi_still_answers(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    minted = mint(ada)
    support(sandbox, BERT, "delete")
    assert not sandbox.hf_api().repo_exists(BERT)
    with pytest.raises(RepoNotFound):
        ada.status(BERT)
    assert ada.resolve(str(minted.doi)) == minted.replace(consent=None)
    gone = httpx.get(f"{sandbox.endpoint}/doi/{minted.doi}", headers={"Accept": "text/html"})
    assert gone.status_code == 410
    assert "A good reason." in gone.text
    # A new repository of the same name is another one.
    sandbox.hf_api().create_repo(BERT)
    push(sandbox.hf_api(), "again")
    assert ada.status(BERT).state == "unregistered"
    second = mint(ada)
    assert second.doi != minted.doi
    assert second.previous is None
    assert ada.resolve(str(minted.doi)).next is None
    assert httpx.get(f"{sandbox.endpoint}/doi/{minted.doi}").status_code == 410


@pytest.mark.parametrize("target", ["ada/small-bert", "analytical-engine/tiny-bert"])
def test_r10_after_a_granted_move_the_doi_leads_to_the_new_place(
    sandbox: Sandbox, target: str
) -> None:
    ada = client(sandbox)
    minted = mint(ada)
    support(sandbox, BERT, "move", to=target)
    moved = ada.resolve(str(minted.doi))
    assert moved.repo == Repo("model", target)
    assert moved.url == f"{sandbox.endpoint}/{target}"
    answer = httpx.get(f"{sandbox.endpoint}/doi/{minted.doi}")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/{target}/tree/{minted.revision}")
    # The old name leads to the new place, and the lock has moved along.
    assert ada.status(BERT).repo == Repo("model", target)
    with pytest.raises(HfHubHTTPError, match="locked by DOI"):
        sandbox.hf_api().delete_repo(target)
    push(sandbox.hf_api(), "more", target)
    assert mint(ada, target).previous == minted.doi


def test_r10_after_a_granted_privacy_the_doi_still_answers(sandbox: Sandbox) -> None:
    minted = mint(client(sandbox))
    support(sandbox, BERT, "private")
    assert sandbox.hf_api().model_info(BERT).private
    assert client(sandbox, None).resolve(str(minted.doi)) == minted.replace(consent=None)
    with pytest.raises(RepoNotFound):
        client(sandbox, None).status(BERT)


# R11


def test_r11_a_doi_is_never_given_again(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    first = mint(ada)
    support(sandbox, BERT, "delete")
    api.create_repo(BERT)
    dois = {first.doi}
    for number in range(4):
        push(api, str(number))
        minted = mint(ada)
        assert minted.doi not in dois
        dois.add(minted.doi)
    assert all(ada.resolve(str(doi)).doi == doi for doi in dois)


def test_r11_a_doi_that_somebody_drafted_is_passed_over(sandbox: Sandbox) -> None:
    with sandbox.world.transaction():
        for number in range(1, 1200):
            _draft(sandbox, f"10.5072/hf/{number:04d}")
    assert mint(client(sandbox)).doi == Doi("10.5072/hf/1200")


def _draft(sandbox: Sandbox, doi: str) -> None:
    with sandbox.world.transaction() as db:
        db.execute(
            records.insert().values(
                doi=doi,
                doi_key=doi,
                state="draft",
                attributes="{}",
                created="2026-01-01",
                updated="2026-01-01",
            )
        )


# R12


@contextmanager
def served(data: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """`python -m hubdoi sandbox serve` on `data`, with what it announces."""
    environ = {**os.environ, "XDG_STATE_HOME": str(data.parent / "state")}
    process = subprocess.Popen(
        [sys.executable, "-m", "hubdoi", "sandbox", "serve", "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def plant(data: Path, names: list[str]) -> None:
    """Models of ada, each with a commit."""
    with World(data) as world:
        ada = world.store.people.person("ada")
        assert ada is not None
        for name in names:
            made = world.store.repositories.create(Repo("model", name))
            world.store.commits.commit(made.uid, ada, Change({"x": name.encode()}), title="first")


@contextmanager
def asking(where: dict[str, Any]) -> Iterator[Callable[..., httpx.Response]]:
    token = where["users"]["ada"]
    with httpx.Client(
        base_url=where["endpoint"], headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as http:

        def ask(path: str, key: str = "", **more: Any) -> httpx.Response:
            method = "POST" if "json" in more else "GET"
            return http.request(
                method, path, headers={"Idempotency-Key": key} if key else {}, **more
            )

        yield ask


@pytest.mark.parametrize("enough", [1, 12])
def test_r12_a_killed_process_loses_no_acknowledged_doi(tmp_path: Path, enough: int) -> None:
    data = tmp_path / "data"
    names = [f"ada/model-{number}" for number in range(40)]
    acknowledged: dict[str, dict[str, Any]] = {}
    plant(data, names)
    with served(data) as (process, where), asking(where) as ask:
        body = {"agree": True, "terms": ask(DOI).json()["terms"]["digest"]}

        def burst(mine: list[str]) -> None:
            for name in mine:
                with suppress(httpx.HTTPError):
                    answer = ask(f"/api/models/{name}/doi", key=f"key {name}", json=body)
                    assert answer.status_code == 201
                    acknowledged[name] = answer.json()
                    if len(acknowledged) >= enough:
                        process.send_signal(signal.SIGKILL)

        threads = [threading.Thread(target=burst, args=(names[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.wait(60)
    assert enough <= len(acknowledged) < len(names)

    def same(version: dict[str, Any]) -> dict[str, Any]:
        # The new server is at another address.
        return {**version, "url": "", "endpoint": ""}

    with served(data) as (_, where), asking(where) as ask:
        dois = set()
        for name in names:
            status = ask(f"/api/models/{name}/doi").json()
            known = [version["doi"] for version in status["versions"]]
            if name in acknowledged:
                assert known == [acknowledged[name]["doi"]]
            # The lost answer is asked for again: with its key it is the same, and there is one DOI.
            again = ask(f"/api/models/{name}/doi", key=f"key {name}", json=body)
            assert again.status_code == 201
            assert known in ([], [again.json()["doi"]])
            if name in acknowledged:
                assert same(again.json()) == same(acknowledged[name])
            other = ask(f"/api/models/{name}/doi", key=f"key {name}", json={**body, "title": "x"})
            assert other.status_code == 422
            dois.add(again.json()["doi"])
            assert ask(f"/api/dois/{again.json()['doi']}").json()["repo"]["id"] == name
        assert len(dois) == len(names)


def test_r12_a_lost_answer_is_asked_for_again_with_the_same_key(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    first = mint(ada, idempotency_key="a key")
    assert mint(ada, idempotency_key="a key") == first
    # Without the key the ledger still knows it.
    with pytest.raises(AlreadyRegistered):
        mint(ada, idempotency_key="another key")
    assert len(ada.history(BERT)) == 1


def test_r12_there_is_nothing_left_to_finish(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    mint(ada)
    assert sandbox.world.ledger.unfinished() == ()
    assert sandbox.world.service.recover() == ()
    assert ada.recover() == ()
