import base64
import json
import threading
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hubdoi.records import Repo
from hubdoi.sandbox.changes import Change

BERT = "ada/tiny-bert"
COMMIT = f"/api/models/{BERT}/commit/main"


def lines(*items):
    return b"\n".join(json.dumps({"key": key, "value": value}).encode() for key, value in items)


def add(path, content=b"x"):
    return (
        "file",
        {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"},
    )


HEADER = ("header", {"summary": "a change", "description": "because"})


def test_upload_and_read_back(ada, tmp_path):
    info = ada.upload_file(
        path_or_fileobj=b"hello", path_in_repo="a/b.txt", repo_id=BERT, commit_message="One file"
    )
    assert info.oid == ada.model_info(BERT).sha
    assert (info.repo_url.repo_id, info.commit_message) == (BERT, "One file")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "empty").write_bytes(b"")
    (folder / "ü.bin").write_bytes(bytes(range(256)))
    ada.upload_folder(repo_id=BERT, folder_path=folder, path_in_repo="up")
    assert {"a/b.txt", "up/sub/empty", "up/ü.bin"} <= set(ada.list_repo_files(BERT))
    path = ada.hf_hub_download(BERT, "up/ü.bin", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == bytes(range(256))


def test_a_new_repository_has_an_initial_commit(ada):
    ada.create_repo("ada/new", repo_type="dataset")
    assert ada.list_repo_files("ada/new", repo_type="dataset") == [".gitattributes"]
    (initial,) = ada.list_repo_commits("ada/new", repo_type="dataset")
    assert (initial.title, initial.authors) == ("initial commit", ["ada"])
    info = ada.upload_file(
        path_or_fileobj=b"x", path_in_repo="x.csv", repo_id="ada/new", repo_type="dataset"
    )
    commits = ada.list_repo_commits("ada/new", repo_type="dataset")
    assert [commit.commit_id for commit in commits] == [info.oid, initial.commit_id]


def test_everything_that_starts_on_a_new_repository(ada, grace, tmp_path):
    ada.create_repo("ada/new")
    ada.create_branch("ada/new", branch="side")
    ada.create_tag("ada/new", tag="v0")
    ada.create_pull_request("ada/new", title="a pull request")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/new", create_pr=True)
    folder = grace.snapshot_download("ada/new", cache_dir=tmp_path)
    assert [path.name for path in Path(folder).iterdir()] == [".gitattributes"]


def test_a_new_repository_with_a_licence(http, ada):
    body = {"name": "licensed", "license": "mit"}
    assert http("POST", "/api/repos/create", json=body).status_code == 200
    assert ada.model_info("ada/licensed").card_data.license == "mit"
    body = {"name": "other", "license": "mit\n---\n"}
    assert http("POST", "/api/repos/create", json=body).status_code == 400
    assert not ada.repo_exists("ada/other")


def test_delete_copy_and_replace_in_one_commit(ada, tmp_path):
    ada.create_commit(
        BERT,
        [
            CommitOperationAdd("data/one", b"1"),
            CommitOperationAdd("data/two", b"2"),
            CommitOperationDelete("model.safetensors"),
            CommitOperationCopy("config.json", "old/config.json"),
        ],
        commit_message="much at once",
    )
    files = ada.list_repo_files(BERT)
    assert {"data/one", "data/two", "old/config.json"} <= set(files)
    assert "model.safetensors" not in files
    ada.delete_folder("data", repo_id=BERT)
    ada.delete_file("old/config.json", repo_id=BERT)
    assert set(ada.list_repo_files(BERT)) == {".gitattributes", "README.md", "config.json"}


def test_what_is_not_there_cannot_be_deleted(ada):
    head = ada.model_info(BERT).sha
    with pytest.raises(EntryNotFoundError):
        ada.delete_file("nope", repo_id=BERT)
    with pytest.raises(EntryNotFoundError):
        ada.delete_folder("nope", repo_id=BERT)
    assert ada.model_info(BERT).sha == head


def test_a_folder_is_deleted_by_its_name_alone(ada):
    ada.create_repo("ada/folders")
    for path in ("a/1.txt", "a/b/2.txt", "ab/3.txt"):
        ada.upload_file(path_or_fileobj=b"x", path_in_repo=path, repo_id="ada/folders")
    ada.create_commit(
        "ada/folders", [CommitOperationDelete("a", is_folder=False)], commit_message="without a"
    )
    assert ada.list_repo_files("ada/folders") == [".gitattributes", "ab/3.txt"]


def test_the_same_content_makes_no_commit(ada):
    first = ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    again = ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    assert again.oid == first.oid


def test_history(ada):
    for number in range(5):
        ada.create_commit(
            BERT, [CommitOperationAdd("n", str(number).encode())], commit_message=f"number {number}"
        )
    commits = ada.list_repo_commits(BERT, formatted=True)
    assert [commit.title for commit in commits[:5]] == [f"number {n}" for n in (4, 3, 2, 1, 0)]
    assert commits[0].authors == ["ada"]
    assert commits[-1].title == "initial commit"
    assert ada.list_repo_commits(BERT, revision=commits[2].commit_id)[0].title == "number 2"


def test_history_in_pages(demo, ada, http):
    store = demo.world.store
    person, uid = store.people.person("ada"), store.info(Repo("model", BERT), None).uid
    with demo.world.transaction():
        for number in range(230):
            store.commits.commit(
                uid, person, Change({"n": str(number).encode()}), title=f"number {number}"
            )
    titles = [commit.title for commit in ada.list_repo_commits(BERT)]
    assert titles == [f"number {n}" for n in reversed(range(230))] + ["initial commit"]
    # As the JavaScript client counts them, and lists them in pages of its own size.
    url = f"/api/models/{BERT}/commits/main"
    answer = http("GET", url, params={"limit": 1})
    assert ([each["title"] for each in answer.json()], answer.headers["X-Total-Count"]) == (
        ["number 229"],
        "231",
    )
    seen = []
    answer = http("GET", url, params={"limit": 77})
    while True:
        seen += [each["title"] for each in answer.json()]
        if "next" not in answer.links:
            break
        answer = http("GET", answer.links["next"]["url"].removeprefix(demo.endpoint))
    assert seen == titles
    (older,) = ada.list_repo_commits(BERT)[-1:]
    assert http("GET", url.replace("main", older.commit_id)).headers["X-Total-Count"] == "1"


def test_title_and_message_are_escaped_when_formatted(ada):
    ada.create_commit(
        BERT,
        [CommitOperationAdd("x", b"x")],
        commit_message="<script>alert(1)</script>",
        commit_description="<b>",
    )
    commit = ada.list_repo_commits(BERT, formatted=True)[0]
    assert (commit.title, commit.message) == ("<script>alert(1)</script>", "<b>")
    assert "<" not in commit.formatted_title + commit.formatted_message


def test_parent_commit(ada):
    first = ada.model_info(BERT).sha
    operations = [CommitOperationAdd("x", b"1")]
    second = ada.create_commit(BERT, operations, commit_message="m", parent_commit=first).oid
    with pytest.raises(HfHubHTTPError) as caught:
        ada.create_commit(
            BERT, [CommitOperationAdd("x", b"2")], commit_message="m", parent_commit=first
        )
    assert caught.value.response.status_code == 412
    assert ada.model_info(BERT).sha == second


def test_who_may(ada, grace, nobody):
    for api, status in ((grace, 403), (nobody, 401)):
        with pytest.raises(HfHubHTTPError) as caught:
            api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
        assert caught.value.response.status_code == status
    with pytest.raises(RepositoryNotFoundError):
        ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="grace/secret-model")
    with pytest.raises(RevisionNotFoundError):
        ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT, revision="nope")


def test_a_file_in_a_commit_is_at_most_10_mib(ada, http):
    limit = 10 * 1024 * 1024
    assert (
        http("POST", COMMIT, content=lines(HEADER, add("large", b"x" * limit))).status_code == 200
    )
    # The client sends a larger one beforehand; in a commit it is refused.
    ada.upload_file(path_or_fileobj=b"y" * (limit + 1), path_in_repo="larger", repo_id=BERT)
    large, larger = ada.get_paths_info(BERT, ["large", "larger"])
    assert (large.lfs, larger.lfs.size) == (None, limit + 1)
    for size in (limit + 1, 2 * limit):
        answer = http("POST", COMMIT, content=lines(HEADER, add("more", b"x" * size)))
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (413, "FileTooLarge")
    assert "more" not in ada.list_repo_files(BERT)


def test_a_commit_that_does_not_fit_in_memory(ada, http):
    """Above 16 MiB the contents are read again from the body as they are written."""
    contents = {f"part-{number}": bytes([number]) * 7_000_000 for number in range(4)}
    body = lines(HEADER, *(add(path, content) for path, content in contents.items()))
    assert http("POST", COMMIT, content=body).status_code == 200
    for path, content in contents.items():
        assert http("GET", f"/{BERT}/resolve/main/{path}").content == content


def test_gitignore_is_honoured(ada, http, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".gitignore").write_text("*.log\n")
    for name in ("a.log", "a.txt"):
        (folder / name).write_text(name)
    ada.upload_folder(repo_id=BERT, folder_path=folder)
    assert {".gitignore", "a.txt"} <= set(ada.list_repo_files(BERT))
    assert "a.log" not in ada.list_repo_files(BERT)
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="deep/b.log", repo_id=BERT)
    assert "deep/b.log" not in ada.list_repo_files(BERT)
    (file,) = http(
        "POST",
        f"/api/models/{BERT}/preupload/main",
        json={"files": [{"path": "b.log", "size": 1}], "gitIgnore": ""},
    ).json()["files"]
    assert file["shouldIgnore"] is False


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/passwd",
        "a/../../x",
        "a\\../../../x",
        ".git/config",
        "",
        "a//b",
        "a\nb",
        None,
        7,
    ],
)
def test_paths_cannot_leave_the_repository(http, path):
    head = http("GET", f"/api/models/{BERT}").json()["sha"]
    for change in (
        add(path),
        ("deletedFile", {"path": path}),
        ("deletedFolder", {"path": path}),
    ):
        assert http("POST", COMMIT, content=lines(HEADER, change)).status_code == 422
    body = {"files": [{"path": path, "size": 1, "sample": ""}]}
    assert http("POST", f"/api/models/{BERT}/preupload/main", json=body).status_code == 422
    assert http("GET", f"/api/models/{BERT}").json()["sha"] == head


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"not json",
        b"[]",
        b'{"key": 1, "value": {}}',
        b'{"key": "header", "value": []}',
        b'{"key": "header", "value": {"summary": ""}}',
        b'{"key": "header", "value": {"summary": 1}}',
        b'{"key": "header", "value": {"summary": "x", "parentCommit": 1}}',
        lines(("header", {"summary": "x" * 100_000})),
        lines(HEADER, ("lfsFile", {"path": "x", "oid": "0" * 64, "algo": "sha256"})),
        lines(HEADER, ("unknown", {})),
        lines(HEADER, ("file", {"path": "x"})),
        lines(HEADER, ("file", {"path": "x", "content": "%%%", "encoding": "base64"})),
        lines(HEADER, add("a"), add("a/b")),
        lines(HEADER, add("README.md/x")),
        lines(add("x")),
    ],
)
def test_commits_that_cannot_be_read(http, body):
    head = http("GET", f"/api/models/{BERT}").json()["sha"]
    assert http("POST", COMMIT, content=body).status_code == 400
    assert http("GET", f"/api/models/{BERT}").json()["sha"] == head


@pytest.mark.parametrize(
    "body", [{}, {"files": 1}, {"files": [1]}, {"files": [{"path": "x", "size": "1"}]}]
)
def test_preuploads_that_cannot_be_read(http, body):
    assert http("POST", f"/api/models/{BERT}/preupload/main", json=body).status_code == 400


def test_texts_that_are_hard_to_keep(http):
    body = b'{"key": "header", "value": {"summary": "\\ud800 \\u202e \\u0000 \'\\"", "description": ""}}\n'
    answer = http("POST", COMMIT, content=body + lines(add("x")))
    assert answer.status_code == 200
    assert http("GET", f"/api/models/{BERT}/commits/main").json()[0]["title"].startswith("?")


def test_many_at_once_lose_nothing(demo, ada):
    errors = []

    def push(number):
        try:
            for step in range(4):
                demo.hf_api("ada").create_commit(
                    BERT,
                    [CommitOperationAdd(f"{number}-{step}", b"x")],
                    commit_message=f"{number}-{step}",
                )
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    pushed = {f"{number}-{step}" for number in range(8) for step in range(4)}
    assert pushed <= set(ada.list_repo_files(BERT))
    assert len(ada.list_repo_commits(BERT)) == 33
