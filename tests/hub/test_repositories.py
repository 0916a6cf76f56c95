from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubdoi.config import Config, Secret
from hubdoi.hub.repositories import HuggingFaceHub, Owner
from hubdoi.records import Doi, Person, Related, Repo
from hubdoi.records.errors import (
    AccessError,
    RepoNotFound,
    RevisionNotFound,
    ServiceUnreachable,
    SignInRequired,
    UnexpectedAnswer,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

REPO = Repo("model", "ada/tiny-bert")
NOTES = Repo("dataset", "ada/notes")
ADA = Person("ada", "Ada Lovelace", ("analytical-engine",))
ProxyOf = Callable[[Sandbox], LossyProxy]


def hub_of(
    sandbox: Sandbox, user: str | None = None, endpoint: str | None = None
) -> HuggingFaceHub:
    token = Secret(sandbox.users[user]) if user else None
    return HuggingFaceHub(Config(endpoint=endpoint or sandbox.endpoint, token=token))


def push(sandbox: Sandbox, path: str, content: str, repo: Repo = REPO, **more: Any) -> str:
    made = sandbox.hf_api("ada").upload_file(
        path_or_fileobj=content.encode(),
        path_in_repo=path,
        repo_id=repo.id,
        repo_type=repo.type,
        **more,
    )
    return str(made.oid)


def test_info_is_one_request(sandbox: Sandbox, proxy_of: ProxyOf) -> None:
    proxy = proxy_of(sandbox)
    info = hub_of(sandbox, endpoint=proxy.endpoint).info(REPO, None)
    assert proxy.requests == [("GET", "/api/models/ada/tiny-bert")]
    head = sandbox.hf_api(None).repo_info(REPO.id).sha
    assert (info.repo, info.head, info.revision) == (REPO, head, head)
    assert info.license == "apache-2.0"
    assert info.base_models == ("google-bert/bert-base-uncased",)
    assert info.datasets == ("ada/notes",)
    assert "text/markdown" in info.formats
    assert info.revision_date is not None
    assert not info.private
    assert info.dois == ()


def test_the_uid_outlasts_a_rename_and_the_old_name_leads_to_the_new(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox)
    before = hub.info(REPO, None)
    sandbox.hf_api("ada").move_repo(REPO.id, "ada/small-bert")
    after = hub.info(REPO, None)
    assert after.repo == Repo("model", "ada/small-bert")
    assert after.uid == before.uid


def test_r06_the_tags_give_the_dois(sandbox: Sandbox, mint: Callable[..., str]) -> None:
    first = mint(sandbox, "models/ada/tiny-bert")
    push(sandbox, "a.txt", "a")
    second = mint(sandbox, "models/ada/tiny-bert")
    info = hub_of(sandbox).info(REPO, None)
    assert info.dois == (Doi(second), Doi(first))
    assert info.doi_revision == info.head


@pytest.mark.parametrize("length", [40, 12, 7])
def test_a_revision_is_found_by_its_beginning(sandbox: Sandbox, length: int) -> None:
    hub = hub_of(sandbox)
    first = hub.info(REPO, None).head
    second = push(sandbox, "a.txt", "a")
    info = hub.info(REPO, None, first[:length])
    assert (info.head, info.revision) == (second, first)
    assert hub.info(REPO, None, second[:length]).revision == second


def test_a_branch_and_a_tag_are_revisions(sandbox: Sandbox) -> None:
    first = hub_of(sandbox).info(REPO, None).head
    sandbox.hf_api("ada").create_tag(REPO.id, tag="v1.0/final")
    push(sandbox, "a.txt", "a")
    assert hub_of(sandbox).info(REPO, None, "v1.0/final").revision == first


def test_what_is_not_there_is_said_in_one_sentence(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox)
    with pytest.raises(
        RepoNotFound, match=r"^There is no model ada/nothing on .* check the name\.$"
    ):
        hub.info(Repo("model", "ada/nothing"), None)
    with pytest.raises(RepoNotFound, match="or it is private"):
        hub.info(Repo("model", "grace/secret-model"), None)
    for revision in ("0" * 40, "0" * 7, "nowhere"):
        with pytest.raises(RevisionNotFound, match=f"no revision '{revision}'"):
            hub.info(REPO, None, revision)


def test_a_wrong_token_is_said_and_not_shown(sandbox: Sandbox) -> None:
    hub = HuggingFaceHub(Config(endpoint=sandbox.endpoint, token=Secret("hf_wrong")))
    for ask in (lambda: hub.info(REPO, None), hub.whoami):
        with pytest.raises(SignInRequired, match="hf auth login") as caught:
            ask()
        assert "hf_wrong" not in repr(caught.value) + repr(hub)


def test_whoami_names_who_is_signed_in_and_asks_once(sandbox: Sandbox, proxy_of: ProxyOf) -> None:
    proxy = proxy_of(sandbox)
    hub = hub_of(sandbox, "ada", proxy.endpoint)
    assert hub.whoami() == hub.whoami() == ADA
    assert proxy.count("GET", "whoami") == 1
    assert hub_of(sandbox).whoami() is None


def test_r02_a_contributor_of_an_organisation_cannot_write_to_its_repositories(
    sandbox: Sandbox, proxy_of: ProxyOf
) -> None:
    proxy = proxy_of(sandbox)
    orgs = [
        {"name": "lab", "fullname": "The Lab", "roleInOrg": "contributor"},
        {"name": "readers", "fullname": "Readers", "roleInOrg": "read"},
        {"name": "makers", "fullname": "Makers", "roleInOrg": "admin"},
    ]
    answer = {"name": "ada", "fullname": "Ada Lovelace", "orgs": orgs}
    proxy.set(Fault("status", path="whoami", status=200, body=answer))
    person = hub_of(sandbox, "ada", proxy.endpoint).whoami()
    assert person.organizations == ("makers",)
    assert person.can_write_to(Repo("model", "makers/thing"))
    assert not person.can_write_to(Repo("model", "lab/thing"))


def test_can_write_is_the_owner_s_and_the_members(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox)
    sandbox.hf_api("grace").create_repo("analytical-engine/engine")
    assert hub.info(REPO, ADA).can_write
    assert hub.info(Repo("model", "analytical-engine/engine"), ADA).can_write
    assert not hub.info(REPO, Person("grace", "Grace Hopper")).can_write
    assert not hub.info(REPO, None).can_write


def test_described_adds_what_a_doi_needs(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox, "ada")
    first = hub.info(REPO, ADA)
    push(sandbox, "README.md", "---\nlicense: mit\n---\n# T\n\nA **bold** <script>text</script>.\n")
    described = hub.described(hub.info(REPO, ADA))
    assert described.owner_name == "Ada Lovelace"
    assert not described.owner_is_organization
    assert described.description == "A bold text."
    assert described.sizes[0] == "4 files"
    assert described.sizes[1].endswith(" B")
    older = hub.described(hub.info(REPO, ADA, first.head))
    assert older.description.startswith("A BERT with two layers")
    assert older.revision_date < described.revision_date


def test_owner_is_a_user_or_an_organisation(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox)
    assert hub.owner("ada") == Owner("ada", "Ada Lovelace", False)
    assert hub.owner("analytical-engine") == Owner("analytical-engine", "Analytical Engine", True)
    with pytest.raises(RepoNotFound, match="no user or organisation 'nobody'"):
        hub.owner("nobody")


def test_files_and_revisions(sandbox: Sandbox) -> None:
    hub = hub_of(sandbox)
    first = hub.info(REPO, None).head
    second = push(sandbox, "sub/deep/a.txt", "abc")
    before, after = hub.files(REPO, first), hub.files(REPO, second[:7])
    assert set(after) - set(before) == {"sub/deep/a.txt"}
    assert after["sub/deep/a.txt"][1] == 3
    assert before["README.md"] == after["README.md"]
    commits = hub.revisions(REPO)
    assert commits[:2] == [second, first]
    assert hub.revisions(REPO, first) == commits


def test_many_files_and_commits_come_page_by_page(sandbox: Sandbox) -> None:
    from huggingface_hub import CommitOperationAdd

    sandbox.hf_api("ada").create_commit(
        REPO.id,
        operations=[CommitOperationAdd(f"f/{i}.txt", str(i).encode()) for i in range(1100)],
        commit_message="many",
    )
    hub = hub_of(sandbox)
    assert len(hub.files(REPO, hub.info(REPO, None).head)) == 1104


def test_repositories_of_an_owner(sandbox: Sandbox) -> None:
    api = sandbox.hf_api("ada")
    for number in range(3):
        api.create_repo(f"ada/m{number}")
    found = {str(info.repo): info for info in hub_of(sandbox).repositories("ada", ADA)}
    assert set(found) == {"ada/tiny-bert", "datasets/ada/notes", "ada/m0", "ada/m1", "ada/m2"}
    assert all(info.can_write for info in found.values())
    assert found["ada/tiny-bert"].head == hub_of(sandbox).info(REPO, None).head
    with pytest.raises(RepoNotFound, match="no user or organisation"):
        list(hub_of(sandbox).repositories("nobody"))


def test_a_card_of_a_stranger_does_no_harm(sandbox: Sandbox, proxy_of: ProxyOf) -> None:
    proxy = proxy_of(sandbox)
    answer = {
        "_id": 7,
        "id": "ada/tiny-bert",
        "sha": "a" * 40,
        "private": False,
        "lastModified": "yesterday",
        "tags": ["doi:10.57967/hf/1", "doi:javascript:alert(1)", 5, None, "DOI:10.57967/HF/1"],
        "cardData": {
            "license": {"a": 1},
            "language": [[], "en"],
            "base_model": "x" * 5,
            "datasets": 3,
        },
        "authorData": ["no"],
        "doi": "no",
        "siblings": [{"rfilename": 3}, "x", {"rfilename": "a.csv"}],
        "description": ["no"],
    }
    proxy.set(Fault("status", status=200, body=answer))
    info = hub_of(sandbox, endpoint=proxy.endpoint).info(REPO, None)
    assert info.dois == (Doi("10.57967/hf/1"),)
    assert (info.license, info.language, info.datasets) == (None, "en", ())
    assert info.uid == "model:ada/tiny-bert"
    assert info.formats == ("text/csv",)
    assert info.revision_date is None


def test_related_names_models_datasets_and_papers(sandbox: Sandbox) -> None:
    card = "---\nbase_model: google-bert/bert-base-uncased\ntags:\n- arxiv:1810.04805\n---\n"
    push(sandbox, "README.md", card)
    assert hub_of(sandbox).info(REPO, None).related == (
        Related("IsDerivedFrom", "https://huggingface.co/google-bert/bert-base-uncased", "URL"),
        Related("References", "arXiv:1810.04805", "arXiv"),
    )


@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (403, {"X-Error-Code": "GatedRepo"}, AccessError, "is gated; ask for access"),
        (403, {"X-Error-Message": "Access to this resource is disabled."}, RepoNotFound, "disabled"),
        (403, {}, AccessError, "does not let you see"),
        (404, {"X-Error-Code": "RepoNotFound"}, RepoNotFound, "There is no model"),
        (401, {"X-Error-Message": "Invalid username or password."}, RepoNotFound, "is private"),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, SignInRequired, "token"),
    ],
)  # fmt: skip
def test_the_hub_s_refusals(
    sandbox: Sandbox,
    proxy_of: ProxyOf,
    status: int,
    headers: dict[str, str],
    error: type[Exception],
    words: str,
) -> None:
    proxy = proxy_of(sandbox)
    proxy.set(Fault("status", status=status, headers=headers, body={"error": "no"}))
    with pytest.raises(error, match=words):
        hub_of(sandbox, endpoint=proxy.endpoint).info(REPO, None)


def test_a_page_instead_of_json_is_one_sentence(sandbox: Sandbox, proxy_of: ProxyOf) -> None:
    proxy = proxy_of(sandbox)
    proxy.set(Fault("html", times=9))
    with pytest.raises(UnexpectedAnswer, match="did not return JSON"):
        hub_of(sandbox, endpoint=proxy.endpoint).info(REPO, None)
    proxy.set(Fault("status", status=200, body=["a", "list"], times=9))
    with pytest.raises(UnexpectedAnswer, match="as a Hub would"):
        hub_of(sandbox, endpoint=proxy.endpoint).info(REPO, None)


def test_what_was_public_is_seen_again_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox() as sandbox:
        hub = hub_of(sandbox, "grace")
        before = hub.info(REPO, None)
        hub.info(Repo("model", "grace/secret-model"), None)
        endpoint = sandbox.endpoint
    away = HuggingFaceHub(Config(endpoint=endpoint))
    again = away.info(REPO, None)
    assert (again.head, again.uid, again.license, again.dois) == (
        before.head, before.uid, before.license, before.dois,
    )  # fmt: skip
    # Nothing that needs a token to be seen is on the disk.
    with pytest.raises(ServiceUnreachable, match="refuses the connection"):
        away.info(Repo("model", "grace/secret-model"), None)
    files = list((tmp_path / "hubdoi-cache").iterdir())
    assert all(b"secret-model" not in file.read_bytes() for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "hubdoi-cache").stat().st_mode) == 0o700
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert away.info(REPO, None).head == before.head
    with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
        away.info(NOTES, None)


def test_without_a_cache_directory_everything_else_works(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_CACHE", "/proc/no/such/place")
    assert hub_of(sandbox).info(REPO, None).head is not None
