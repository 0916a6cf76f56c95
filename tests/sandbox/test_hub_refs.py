import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError

BERT = "ada/tiny-bert"


def test_branches(ada):
    first = ada.model_info(BERT).sha
    ada.create_branch(BERT, branch="feature/x")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT, revision="feature/x")
    refs = ada.list_repo_refs(BERT)
    assert {branch.name for branch in refs.branches} == {"main", "feature/x"}
    assert ada.model_info(BERT).sha == first
    assert "x" in ada.list_repo_files(BERT, revision="feature/x")
    assert "x" not in ada.list_repo_files(BERT)
    ada.create_branch(BERT, branch="from-first", revision=first)
    with pytest.raises(HfHubHTTPError) as caught:
        ada.create_branch(BERT, branch="feature/x")
    assert caught.value.response.status_code == 409
    ada.create_branch(BERT, branch="feature/x", exist_ok=True)
    ada.delete_branch(BERT, branch="feature/x")
    with pytest.raises(RevisionNotFoundError):
        ada.delete_branch(BERT, branch="feature/x")
    with pytest.raises(HfHubHTTPError) as caught:
        ada.delete_branch(BERT, branch="main")
    assert caught.value.response.status_code == 403


def test_tags(ada):
    first = ada.model_info(BERT).sha
    ada.create_tag(BERT, tag="v1.0", tag_message="the first")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    ada.create_tag(BERT, tag="v0", revision=first[:8])
    tags = {tag.name: tag.target_commit for tag in ada.list_repo_refs(BERT).tags}
    assert tags == {"v1.0": first, "v0": first}
    with pytest.raises(HfHubHTTPError) as caught:
        ada.create_tag(BERT, tag="v0")
    assert caught.value.response.status_code == 409
    ada.create_tag(BERT, tag="v0", exist_ok=True)
    ada.delete_tag(BERT, tag="v0")
    with pytest.raises(RevisionNotFoundError):
        ada.delete_tag(BERT, tag="v0")
    with pytest.raises(RevisionNotFoundError):
        ada.create_tag(BERT, tag="v3", revision="nope")


@pytest.mark.parametrize(
    "name", ["", "a b", "a..b", "/a", "a/", "a~1", "refs/pr/1", "a.lock", "é", "-x"]
)
def test_names_that_cannot_be(http, name):
    answer = http("POST", f"/api/models/{BERT}/tag/main", json={"tag": name})
    assert answer.status_code == 400


def test_a_new_repository(ada):
    ada.create_repo("ada/new")
    refs = ada.list_repo_refs("ada/new", include_pull_requests=True)
    assert [branch.name for branch in refs.branches] == ["main"]
    assert (refs.tags, refs.pull_requests) == ([], [])
    ada.create_tag("ada/new", tag="v1")
    with pytest.raises(RevisionNotFoundError):
        ada.create_tag("ada/new", tag="v2", revision="nope")
    with pytest.raises(BadRequestError):
        ada.create_tag(BERT, tag="a b")


def test_others_cannot(grace):
    for act in (
        lambda: grace.create_tag(BERT, tag="v1"),
        lambda: grace.create_branch(BERT, branch="x"),
        lambda: grace.delete_branch(BERT, branch="main"),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            act()
        assert caught.value.response.status_code == 403
