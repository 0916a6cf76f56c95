"""Every call of the installed `HfApi`: supported and tested, or answered with one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_bytes

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hubdoi.sandbox import Sandbox
from tests.sandbox.hf_api_calls import NOT_OFFERED, OTHERWISE, methods, table, untested
from tests.sandbox.plain_browser import Browser

BERT = "ada/tiny-bert"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    """One for all tests here: each of them makes repositories of its own."""
    with Sandbox() as running:
        yield running


def test_the_page_tells_of_every_call() -> None:
    assert not (NOT_OFFERED.keys() | OTHERWISE.keys()) - set(methods())
    assert table() in PAGE.read_text("utf-8"), "run: python scripts/hf_api_table.py"


def test_what_is_supported_is_tested() -> None:
    assert untested() == []


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_what_is_not_offered_says_so(ada: HfApi, name: str) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        NOT_OFFERED[name](ada)
    answer = caught.value.response
    assert answer.status_code == 501
    sentence = answer.headers["X-Error-Message"]
    assert sentence.startswith("The sandbox ") and sentence.endswith(".")


def test_likes(ada: HfApi, grace: HfApi, http: Callable[..., httpx.Response]) -> None:
    ada.create_repo("ada/liked")
    for user in ("ada", "grace", "grace"):
        assert http("POST", "/api/models/ada/liked/like", user=user).status_code == 200
    assert [user.username for user in ada.list_repo_likers("ada/liked")] == ["ada", "grace"]
    assert grace.list_liked_repos().models == ["ada/liked"]
    assert ada.model_info("ada/liked").likes == 2
    grace.unlike("ada/liked")
    assert grace.list_liked_repos("grace").total == 0
    # A like does not tell of what is private by now.
    ada.update_repo_settings("ada/liked", private=True)
    assert grace.list_liked_repos("ada").models == []
    assert http("POST", "/api/models/ada/liked/like", user=None).status_code == 401
    assert http("POST", "/api/models/ada/liked/like", user="grace").status_code == 404


def test_lists_that_are_empty_or_short(ada: HfApi, grace: HfApi) -> None:
    for listed in (
        ada.list_user_followers("grace"),
        ada.list_user_following("grace"),
        ada.list_organization_followers("analytical-engine"),
    ):
        assert list(listed) == []
    for unknown in (
        ada.list_user_followers("nobody"),
        ada.list_user_following("nobody"),
        ada.list_organization_followers("ada"),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            list(unknown)
        assert caught.value.response.status_code == 404
    (secret,) = [one for one in grace.list_user_repos() if one.id == "grace/secret-model"]
    assert (secret.type, secret.visibility) == ("model", "private")
    assert secret.storage > 0
    assert list(ada.list_user_repos("analytical-engine")) == []
    with pytest.raises(HfHubHTTPError) as caught:
        list(ada.list_user_repos("grace"))
    assert caught.value.response.status_code == 403


def test_tags_by_their_kind(ada: HfApi) -> None:
    tags = ada.get_model_tags()
    assert {"type": "license", "id": "license:apache-2.0", "label": "apache-2.0"} in tags["license"]
    assert all("other" not in tag["id"] for tag in tags.get("license", ()))
    assert "task_categories" in ada.get_dataset_tags()


def test_duplicate(ada: HfApi, grace: HfApi, tmp_path: Path) -> None:
    content = token_bytes(50_000)
    ada.create_repo("ada/original")
    ada.upload_file(path_or_fileobj=content, path_in_repo="x.bin", repo_id="ada/original")
    made = grace.duplicate_repo("ada/original", "grace/copied")
    assert made.repo_id == "grace/copied"
    path = grace.hf_hub_download("grace/copied", "x.bin", cache_dir=tmp_path)
    assert Path(path).read_bytes() == content
    assert len(grace.list_repo_commits("grace/copied")) == 1
    with pytest.raises(HfHubHTTPError) as caught:
        grace.duplicate_repo("ada/original", "grace/copied")
    assert caught.value.response.status_code == 409
    with pytest.raises(HfHubHTTPError) as caught:
        grace.duplicate_repo("ada/original", "ada/copied")
    assert caught.value.response.status_code == 403
    assert ada.duplicate_repo("ada/notes", "ada/more-notes", repo_type="dataset", private=True)
    assert ada.dataset_info("ada/more-notes").private


def test_squash_and_r09_not_what_a_doi_names(
    demo: Sandbox, ada: HfApi, mint: Callable[..., str]
) -> None:
    ada.create_repo("ada/long")
    for number in range(3):
        ada.upload_file(path_or_fileobj=b"%d" % number, path_in_repo="n", repo_id="ada/long")
    files = ada.list_repo_files("ada/long")
    ada.super_squash_history("ada/long")
    (only,) = ada.list_repo_commits("ada/long")
    assert only.title.startswith("Super-squash")
    assert ada.list_repo_files("ada/long") == files
    ada.create_branch("ada/long", branch="side")
    mint(demo, "models/ada/long")
    ada.upload_file(path_or_fileobj=b"later", path_in_repo="n", repo_id="ada/long")
    for branch in ("main", "side"):
        with pytest.raises(HfHubHTTPError, match="locked by DOI") as caught:
            ada.super_squash_history("ada/long", branch=branch)
        assert caught.value.response.status_code == 403
    with pytest.raises(RevisionNotFoundError):
        ada.super_squash_history("ada/long", branch="nope")


def test_squash_a_pull_request(ada: HfApi) -> None:
    ada.create_repo("ada/proposed")
    pull = ada.create_pull_request("ada/proposed", title="Two steps")
    for number in range(2):
        ada.upload_file(
            path_or_fileobj=b"%d" % number,
            path_in_repo="n",
            repo_id="ada/proposed",
            revision=pull.git_reference,
        )
    ada.super_squash_history("ada/proposed", branch=pull.git_reference)
    assert len(ada.list_repo_commits("ada/proposed", revision=pull.git_reference)) == 1
    ada.merge_pull_request("ada/proposed", pull.num)
    assert "n" in ada.list_repo_files("ada/proposed")


def test_the_wording_that_clients_show(
    ada: HfApi, grace: HfApi, http: Callable[..., httpx.Response]
) -> None:
    with pytest.raises(RepositoryNotFoundError) as caught:
        ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/not-there")
    assert caught.value.server_message == "Repository not found"
    with pytest.raises(RepositoryNotFoundError):
        ada.unlike("one-part")
    ada.create_repo("ada/behind-a-gate")
    ada.update_repo_settings("ada/behind-a-gate", gated="auto")
    with pytest.raises(GatedRepoError, match="Access to model ada/behind-a-gate is restricted"):
        grace.hf_hub_download("ada/behind-a-gate", ".gitattributes")


def test_an_answer_has_the_name_that_the_client_gave(
    http: Callable[..., httpx.Response],
) -> None:
    for header in ("X-Request-Id", "X-Amzn-Trace-Id"):
        answer = http("GET", "/api/models", headers={header: "Root=1-abc"})
        assert answer.headers["X-Request-Id"] == "Root=1-abc"
    odd = http("GET", "/api/models", headers={"X-Request-Id": "<b>" + "x" * 300})
    assert odd.headers["X-Request-Id"].startswith("Root=")
    assert http("GET", "/api/models").headers["X-Request-Id"] != odd.headers["X-Request-Id"]


def test_the_large_files_of_a_repository(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    ada.create_repo("ada/heavy")
    for number in range(2):
        ada.upload_file(
            path_or_fileobj=bytes([number]) * 5000, path_in_repo="x.bin", repo_id="ada/heavy"
        )
    first, second = ada.list_lfs_files("ada/heavy")
    assert (first.filename, first.size, first.ref) == ("x.bin", 5000, "refs/heads/main")
    assert first.file_oid != second.file_oid
    with pytest.raises(HfHubHTTPError) as caught:
        ada.permanently_delete_lfs_files("ada/heavy", [first])
    assert caught.value.response.status_code == 501
    assert http("GET", "/api/models/ada/heavy/lfs-files", user="grace").status_code == 403


def test_a_gated_repository(
    demo: Sandbox, ada: HfApi, grace: HfApi, nobody: HfApi, mint: Callable[..., str], tmp_path: Path
) -> None:
    ada.create_repo("ada/gated")
    ada.upload_file(path_or_fileobj=b"secret", path_in_repo="x.txt", repo_id="ada/gated")
    with pytest.raises(HfHubHTTPError, match="not gated"):
        ada.grant_access("ada/gated", "grace")
    ada.update_repo_settings("ada/gated", gated="manual")
    info = nobody.model_info("ada/gated")
    assert info.gated == "manual"
    # A gated repository is public, so it can have a DOI (R1).
    assert mint(demo, "models/ada/gated").startswith("10.5072/")

    def reads(api: HfApi) -> bool:
        try:
            api.auth_check("ada/gated")
            api.hf_hub_download("ada/gated", "x.txt", cache_dir=tmp_path, force_download=True)
        except GatedRepoError:
            return False
        return True

    assert (reads(ada), reads(grace), reads(nobody)) == (True, False, False)
    browser = Browser(demo).sign_in("grace")
    page = browser.open("/ada/gated")
    assert browser.client.get("/ada/gated/blob/main/x.txt").status_code == 403
    browser.send(page.form("/ada/gated/ask-access"), {})
    assert "pending a review" in browser.open("/ada/gated").text
    (asked,) = ada.list_pending_access_requests("ada/gated")
    assert (asked.username, asked.status) == ("grace", "pending")
    with pytest.raises(HfHubHTTPError) as caught:
        list(grace.list_pending_access_requests("ada/gated"))
    assert caught.value.response.status_code == 403
    ada.accept_access_request("ada/gated", "grace")
    assert reads(grace)
    assert [one.username for one in ada.list_accepted_access_requests("ada/gated")] == ["grace"]
    ada.cancel_access_request("ada/gated", "grace")
    assert not reads(grace)
    ada.reject_access_request("ada/gated", "grace", rejection_reason=None)
    assert [one.username for one in ada.list_rejected_access_requests("ada/gated")] == ["grace"]
    ada.grant_access("ada/gated", "grace")
    assert reads(grace)
    for refused, status in (
        (lambda: ada.grant_access("ada/gated", "grace"), 400),
        (lambda: ada.grant_access("ada/gated", "nobody"), 404),
        (lambda: ada.accept_access_request("ada/gated", "nobody"), 404),
        (lambda: ada.accept_access_request("ada/gated", "grace"), 404),
        (lambda: grace.grant_access("ada/gated", "grace"), 403),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            refused()
        assert caught.value.response.status_code == status
    ada.update_repo_settings("ada/gated", gated=False)
    assert reads(nobody)


def test_no_way_around_a_gate(ada: HfApi, grace: HfApi, nobody: HfApi, tmp_path: Path) -> None:
    ada.create_repo("ada/guarded")
    ada.upload_file(path_or_fileobj=b"secret", path_in_repo="x.txt", repo_id="ada/guarded")
    pull = ada.create_commit(
        "ada/guarded",
        [CommitOperationAdd("x.txt", b"more secret")],
        commit_message="change",
        create_pr=True,
    ).pr_num
    assert pull is not None
    ada.update_repo_settings("ada/guarded", gated="manual")
    for api in (grace, nobody):
        assert api.get_discussion_details("ada/guarded", pull).diff is None
    with pytest.raises(HfHubHTTPError, match="restricted"):
        grace.duplicate_repo("ada/guarded", "grace/copy")
    assert not grace.repo_exists("grace/copy")
    ada.grant_access("ada/guarded", "grace")
    grace.duplicate_repo("ada/guarded", "grace/copy")
    assert Path(grace.hf_hub_download("grace/copy", "x.txt", cache_dir=tmp_path)).read_bytes()
    for api in (grace, ada):
        assert "more secret" in (api.get_discussion_details("ada/guarded", pull).diff or "")


def test_a_gate_that_opens_by_itself(
    demo: Sandbox, ada: HfApi, grace: HfApi, http: Callable[..., httpx.Response]
) -> None:
    ada.create_repo("ada/automatic", repo_type="dataset")
    ada.update_repo_settings("ada/automatic", repo_type="dataset", gated="auto")
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    asking = "/datasets/ada/automatic/ask-access"
    assert http("POST", asking, user=None, **form).status_code == 401
    assert http("POST", asking, user="grace", **form).status_code == 303
    grace.auth_check("ada/automatic", repo_type="dataset")


def test_what_the_client_does_with_what_it_reads(ada: HfApi, demo: Sandbox, tmp_path: Path) -> None:
    sha = ada.model_info(BERT).sha
    assert ada.resolve_revision(BERT).resolved == sha
    assert ada.get_full_repo_name("x") == "ada/x"
    assert ada.run_as_future(ada.whoami).result()["name"] == "ada"
    url = f"{demo.endpoint}/{BERT}/resolve/main/README.md"
    assert ada.get_hf_file_metadata(url=url).commit_hash == sha
    read = ada.parse_safetensors_file_metadata(BERT, "model.safetensors")
    assert read.parameter_count == {"F32": 384}
    ada.snapshot_download(BERT, local_dir=tmp_path / "here")
    checked = ada.verify_repo_checksums(BERT, local_dir=tmp_path / "here")
    assert (checked.mismatches, checked.missing_paths) == ([], [])
    ada.create_repo("ada/patterns")
    for name in ("a.txt", "b.txt", "c.md"):
        ada.upload_file(path_or_fileobj=b"x", path_in_repo=name, repo_id="ada/patterns")
    ada.delete_files("ada/patterns", ["*.txt"])
    assert set(ada.list_repo_files("ada/patterns")) == {".gitattributes", "c.md"}
    for ask in (lambda: ada.kernel_info("ada/none"), lambda: ada.space_info("ada/none")):
        with pytest.raises(RepositoryNotFoundError):
            ask()
