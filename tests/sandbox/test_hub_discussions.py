import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError

BERT = "ada/tiny-bert"


@pytest.fixture
def pull(grace):
    """A pull request by somebody who cannot write."""
    return grace.create_commit(
        BERT,
        [CommitOperationAdd("CITATION.bib", b"@misc{x}\n"), CommitOperationDelete("config.json")],
        commit_message="Add a citation",
        commit_description="So that people can cite this.",
        create_pr=True,
    )


def test_a_pull_request_by_somebody_who_cannot_write(ada, grace, pull):
    assert (pull.pr_num, pull.pr_revision) == (1, "refs/pr/1")
    assert "CITATION.bib" not in ada.list_repo_files(BERT)
    assert "CITATION.bib" in ada.list_repo_files(BERT, revision="refs/pr/1")
    details = ada.get_discussion_details(BERT, 1)
    assert (details.title, details.author, details.status) == ("Add a citation", "grace", "open")
    assert details.is_pull_request
    assert details.conflicting_files == []
    assert details.target_branch == "refs/heads/main"
    assert [event.type for event in details.events] == ["comment", "commit"]
    assert details.events[0].content == "So that people can cite this."
    assert details.events[1].oid == pull.oid
    assert "+@misc{x}" in details.diff
    pulls = ada.list_repo_refs(BERT, include_pull_requests=True).pull_requests
    assert [(ref.ref, ref.target_commit) for ref in pulls] == [("refs/pr/1", pull.oid)]


def test_merge(ada, grace, pull, tmp_path):
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    with pytest.raises(HfHubHTTPError) as caught:
        grace.merge_pull_request(BERT, 1)
    assert caught.value.response.status_code == 403
    ada.merge_pull_request(BERT, 1, comment="Thank you.")
    files = ada.list_repo_files(BERT)
    assert {"CITATION.bib", "x"} <= set(files)
    assert "config.json" not in files
    details = ada.get_discussion_details(BERT, 1)
    assert details.status == "merged"
    assert details.merge_commit_oid == ada.model_info(BERT).sha
    assert details.events[-1].new_status == "merged"
    with pytest.raises(HfHubHTTPError) as caught:
        ada.merge_pull_request(BERT, 1)
    assert caught.value.response.status_code == 409
    with pytest.raises(HfHubHTTPError) as caught:
        grace.upload_file(
            path_or_fileobj=b"x", path_in_repo="y", repo_id=BERT, revision="refs/pr/1"
        )
    assert caught.value.response.status_code == 403


def test_conflicts(ada, pull):
    ada.upload_file(path_or_fileobj=b"other", path_in_repo="CITATION.bib", repo_id=BERT)
    assert ada.get_discussion_details(BERT, 1).conflicting_files == ["CITATION.bib"]
    with pytest.raises(HfHubHTTPError, match="resolve the conflict") as caught:
        ada.merge_pull_request(BERT, 1)
    assert caught.value.response.status_code == 409


def test_going_on_with_a_pull_request(ada, grace, pull):
    more = grace.upload_file(
        path_or_fileobj=b"more", path_in_repo="more", repo_id=BERT, revision="refs/pr/1"
    )
    assert grace.list_repo_commits(BERT, revision="refs/pr/1")[0].commit_id == more.oid
    ada.create_commit(
        BERT, [CommitOperationAdd("x", b"")], commit_message="m", revision="refs/pr/1"
    )
    assert [event.type for event in ada.get_discussion_details(BERT, 1).events].count("commit") == 3
    ada.create_pull_request(BERT, title="Ada's own")
    with pytest.raises(HfHubHTTPError) as caught:
        grace.upload_file(
            path_or_fileobj=b"x", path_in_repo="y", repo_id=BERT, revision="refs/pr/2"
        )
    assert caught.value.response.status_code == 403


def test_discussions(ada, grace, nobody):
    opened = grace.create_discussion(BERT, title="  Request: DOI  ", description="Please.")
    assert (opened.num, opened.title, opened.is_pull_request) == (1, "Request: DOI", False)
    comment = ada.comment_discussion(BERT, 1, "I will.")
    assert (comment.content, comment.author) == ("I will.", "ada")
    edited = ada.edit_discussion_comment(BERT, 1, comment.id, "I <b>did</b>.")
    assert (edited.content, edited.edited) == ("I <b>did</b>.", True)
    assert "<b>" not in edited.rendered
    with pytest.warns(UserWarning, match="irreversible"):
        assert ada.hide_discussion_comment(BERT, 1, comment.id).hidden
    theirs = grace.comment_discussion(BERT, 1, "Buy now!")
    for refused in (
        lambda: ada.edit_discussion_comment(BERT, 1, theirs.id, "Please do not."),
        lambda: grace.hide_discussion_comment(BERT, 1, comment.id),
    ):
        with pytest.raises(HfHubHTTPError, match="Only the author"):
            refused()
    # Whoever may write to the repository moderates its discussions.
    assert ada.hide_discussion_comment(BERT, 1, theirs.id).author == "grace"
    hidden = nobody.get_discussion_details(BERT, 1).events[-1]
    assert (hidden.hidden, hidden.content) == (True, "")
    assert ada.rename_discussion(BERT, 1, "DOI").new_title == "DOI"
    assert ada.change_discussion_status(BERT, 1, "closed", comment="Done.").new_status == "closed"
    details = nobody.get_discussion_details(BERT, 1)
    assert (details.status, details.title) == ("closed", "DOI")
    assert [event.type for event in details.events] == [
        "comment",
        "comment",
        "comment",
        "title-change",
        "comment",
        "status-change",
    ]
    assert grace.change_discussion_status(BERT, 1, "open").new_status == "open"


def test_lists(ada, grace, pull):
    for number in range(60):
        ada.create_discussion(BERT, title=f"number {number}")
    ada.change_discussion_status(BERT, 5, "closed")
    assert len(list(ada.get_repo_discussions(BERT))) == 61
    pulls = list(ada.get_repo_discussions(BERT, discussion_type="pull_request"))
    assert [(item.num, item.title) for item in pulls] == [(1, "Add a citation")]
    closed = list(ada.get_repo_discussions(BERT, discussion_status="closed"))
    assert [item.num for item in closed] == [5]
    assert len(list(ada.get_repo_discussions(BERT, author="grace"))) == 1


def test_refused(ada, grace, nobody, pull):
    with pytest.raises(BadRequestError):
        ada.create_discussion(BERT, title="x")
    with pytest.raises(RepositoryNotFoundError):
        ada.create_discussion("grace/secret-model", title="a title")
    for act, status in (
        (lambda: nobody.create_discussion(BERT, title="a title"), 401),
        (lambda: ada.get_discussion_details(BERT, 99), 404),
        (lambda: ada.comment_discussion(BERT, 99, "x"), 404),
        (lambda: ada.edit_discussion_comment(BERT, 1, "0" * 24, "x"), 404),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            act()
        assert caught.value.response.status_code == status
    comment = ada.comment_discussion(BERT, 1, "mine")
    with pytest.raises(HfHubHTTPError) as caught:
        grace.edit_discussion_comment(BERT, 1, comment.id, "yours")
    assert caught.value.response.status_code == 403
    ada.create_discussion(BERT, title="a title")
    with pytest.raises(HfHubHTTPError) as caught:
        grace.rename_discussion(BERT, 2, "other title")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("path", ["discussions/x", "discussions/1/status", "discussions?p=-1"])
def test_what_cannot_be_read(http, pull, path):
    answer = http("POST" if path.endswith("status") else "GET", f"/api/models/{BERT}/{path}")
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
