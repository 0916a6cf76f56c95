import html
import socket
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import (
    EntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

BERT = "ada/tiny-bert"
PREFIX = f"/{BERT}/resolve/main"


@pytest.fixture
def deep(ada):
    ada.create_commit(
        BERT,
        [CommitOperationAdd(path, path.encode()) for path in ("a/b/c.txt", "a/d.txt", "e f/é.txt")],
        commit_message="deep",
    )
    return ada


def test_tree(deep):
    top = {entry.path: entry for entry in deep.list_repo_tree(BERT)}
    assert {"a", "e f", "README.md"} <= set(top)
    assert "a/d.txt" not in top
    assert top["README.md"].size == 438
    assert len(top["a"].tree_id) == 40
    everything = {entry.path for entry in deep.list_repo_tree(BERT, recursive=True)}
    assert {"a", "a/b", "a/b/c.txt", "a/d.txt", "e f/é.txt"} <= everything
    assert {entry.path for entry in deep.list_repo_tree(BERT, "a")} == {"a/b", "a/d.txt"}
    assert [entry.path for entry in deep.list_repo_tree(BERT, "e f")] == ["e f/é.txt"]
    assert {entry.path for entry in deep.list_repo_tree(BERT, "a/b", recursive=True)} == {
        "a/b/c.txt"
    }
    for folder in ("nope", "README.md", "a/b/c.txt"):
        with pytest.raises(EntryNotFoundError):
            list(deep.list_repo_tree(BERT, folder))
    with pytest.raises(RevisionNotFoundError):
        list(deep.list_repo_tree(BERT, revision="nope"))


def test_the_last_commit_of_each(deep):
    second = deep.model_info(BERT).sha
    deep.upload_file(path_or_fileobj=b"new", path_in_repo="a/d.txt", repo_id=BERT)
    entries = {
        entry.path: entry.last_commit
        for entry in deep.list_repo_tree(BERT, recursive=True, expand=True)
    }
    assert entries["a/d.txt"].oid == entries["a"].oid == deep.model_info(BERT).sha
    assert entries["a/b"].oid == entries["a/b/c.txt"].oid == second
    assert entries["README.md"].title == "initial commit"


def test_a_tree_in_pages(http, deep):
    seen, url = [], f"/api/models/{BERT}/tree/main?recursive=true&limit=3"
    while url:
        answer = http("GET", url)
        assert len(answer.json()) <= 3
        seen += [entry["path"] for entry in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == [entry.path for entry in deep.list_repo_tree(BERT, recursive=True)]


def test_paths_info(deep):
    found = deep.get_paths_info(BERT, ["a", "a/d.txt", "nope", "e f/é.txt"], expand=True)
    assert [entry.path for entry in found] == ["a", "a/d.txt", "e f/é.txt"]
    assert found[0].last_commit.title == "deep"
    assert deep.get_paths_info(BERT, "README.md")[0].last_commit is None
    assert deep.get_paths_info(BERT, ["nope"]) == []


def test_download(deep, tmp_path):
    path = deep.hf_hub_download(BERT, "e f/é.txt", cache_dir=tmp_path)
    assert Path(path).read_text() == "e f/é.txt"
    assert f"/snapshots/{deep.model_info(BERT).sha}/" in Path(path).as_posix()
    folder = Path(deep.snapshot_download(BERT, cache_dir=tmp_path))
    assert (folder / "a" / "b" / "c.txt").read_text() == "a/b/c.txt"
    dataset = deep.snapshot_download("ada/notes", repo_type="dataset", cache_dir=tmp_path)
    assert (Path(dataset) / "train.csv").read_text().startswith("note,text\nA,")


def test_download_at_a_revision(deep, tmp_path):
    first = deep.list_repo_commits(BERT)[-1].commit_id
    deep.create_branch(BERT, branch="feature/x", revision=first)
    for revision in (first, first[:7], "feature/x"):
        assert deep.file_exists(BERT, "README.md", revision=revision)
        assert not deep.file_exists(BERT, "a/d.txt", revision=revision)
    assert deep.hf_hub_download(BERT, "config.json", revision="feature/x", cache_dir=tmp_path)


def test_what_is_not_there(ada, nobody, tmp_path):
    assert not ada.file_exists(BERT, "nope")
    assert not ada.file_exists("ada/nope", "nope")
    for repo_id, name, revision, error in (
        (BERT, "nope", None, EntryNotFoundError),
        (BERT, "config.json", "nope", RevisionNotFoundError),
        ("ada/nope", "config.json", None, RepositoryNotFoundError),
        ("grace/secret-model", "README.md", None, RepositoryNotFoundError),
    ):
        for api in (ada, nobody):
            with pytest.raises(error):
                api.hf_hub_download(repo_id, name, revision=revision, cache_dir=tmp_path)
    ada.create_repo("ada/empty")
    with pytest.raises(EntryNotFoundError):
        ada.hf_hub_download("ada/empty", "README.md", cache_dir=tmp_path)


def test_head_says_what_get_gives(http):
    head = http("HEAD", f"{PREFIX}/config.json")
    get = http("GET", f"{PREFIX}/config.json")
    for name in ("ETag", "X-Repo-Commit", "Content-Length", "Accept-Ranges"):
        assert head.headers[name] == get.headers[name]
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(get.content)
    assert len(get.headers["X-Repo-Commit"]) == 40
    same = http("GET", f"{PREFIX}/config.json", headers={"If-None-Match": get.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    raw = http("GET", f"/{BERT}/raw/main/config.json")
    assert raw.content == get.content
    assert http("GET", "/datasets/ada/notes/raw/main/train.csv").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-999999", 200, slice(None)),
        ("bytes=-999999", 200, slice(None)),
        ("bytes=999999-", 416, None),
        ("bytes=5-2", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=-", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_ranges(http, asked, status, part):
    whole = http("GET", f"{PREFIX}/README.md").content
    answer = http("GET", f"{PREFIX}/README.md", headers={"Range": asked})
    assert answer.status_code == status
    if part is not None:
        assert answer.content == whole[part]
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


def test_what_strangers_uploaded_does_not_run(ada, http):
    for name in ("page.html", "picture.svg", "script.js", "x.xhtml", "weird"):
        ada.upload_file(
            path_or_fileobj=b"<script>alert(1)</script>", path_in_repo=name, repo_id=BERT
        )
        answer = http("GET", f"{PREFIX}/{name}")
        kind = answer.headers["content-type"]
        assert kind in ("text/plain; charset=utf-8", "application/octet-stream")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "../../credentials.json",
        "..%2f..%2fcredentials.json",
        "%2e%2e/%2e%2e/credentials.json",
        "%2fetc%2fpasswd",
        "..%5c..%5ccredentials.json",
        "%00",
        "",
        "a%0d%0aX-Evil:%201",
    ],
)
def test_downloads_cannot_leave_the_repository(demo, path):
    # As raw bytes: a client would tidy the address up before it sends it.
    host = demo.endpoint.removeprefix("http://")
    answer = _raw(
        demo.endpoint,
        f"GET /{BERT}/resolve/main/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    )
    assert b" 404 " in answer.split(b"\r\n")[0]
    assert b"hf_" not in answer
    assert b"root:" not in answer
    assert b"\r\nx-evil" not in answer.lower()


def _raw(endpoint, request):
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"paths=%FF", "application/x-www-form-urlencoded"),
        (b'{"paths": [1]}', "application/json"),
        (b'{"paths": {}}', "application/json"),
        (b"{", "application/json"),
    ],
)
def test_paths_info_that_cannot_be_read(http, content, kind):
    answer = http(
        "POST",
        f"/api/models/{BERT}/paths-info/main",
        content=content,
        headers={"Content-Type": kind},
    )
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json() == []


def test_a_file_name_in_a_header(ada, demo):
    name = 'quote" and é; x=y.txt'
    ada.upload_file(path_or_fileobj=b"x", path_in_repo=name, repo_id=BERT)
    url = httpx.URL(demo.endpoint).copy_with(raw_path=b"/")
    listed = ada.list_repo_files(BERT)
    assert name in listed
    answer = httpx.get(f"{url}{BERT}/resolve/main/quote%22%20and%20%C3%A9%3B%20x%3Dy.txt")
    assert answer.content == b"x"
    assert answer.headers["Content-Disposition"] == (
        "inline; filename*=UTF-8''quote%22%20and%20%C3%A9%3B%20x%3Dy.txt"
    )


def test_a_path_of_every_legal_character(ada, http, tmp_path):
    legal = "".join(map(chr, range(32, 127))).replace("/", "")
    paths = [
        f"a {legal} z/{legal}.txt",
        "back\\slash.txt",
        "one: two.txt",
        "100%25 é 中文 \U0001f469\u200d\U0001f4bb\u00a0.txt",
    ]
    ada.create_commit(
        BERT, [CommitOperationAdd(path, path.encode()) for path in paths], commit_message="legal"
    )
    assert set(paths) <= set(ada.list_repo_files(BERT))
    assert [entry.path for entry in ada.get_paths_info(BERT, paths)] == paths
    for path in paths:
        assert ada.file_exists(BERT, path)
        held = ada.hf_hub_download(BERT, path, local_dir=tmp_path)
        assert Path(held).read_text("utf-8") == path
        page = http("GET", f"/{BERT}/blob/main/{quote(path)}")
        assert page.status_code == 200 and path.rpartition("/")[2] in html.unescape(page.text)
    ada.delete_files(BERT, paths[1:2], commit_message="one")
    ada.delete_folder(paths[0].partition("/")[0], BERT)
    assert set(paths) & set(ada.list_repo_files(BERT)) == set(paths[2:])
