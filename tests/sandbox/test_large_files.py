"""Large files, by Xet and by Git LFS, as huggingface_hub sends them and as nobody should."""

from __future__ import annotations

import errno
import hashlib
import io
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from secrets import token_bytes
from typing import Any

import httpx
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    HfApi,
    constants,
    hf_hub_url,
)
from huggingface_hub.errors import HfHubHTTPError

from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.large import MAX_LARGE_BYTES, Incoming, LargeFile
from tests.sandbox.test_hub_commits import HEADER, add, lines

BERT = "ada/tiny-bert"
NAME = "weights.safetensors"
BATCH = f"/{BERT}.git/info/lfs/objects/batch"


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    """One for all tests here: each of them sends contents of its own."""
    with Sandbox() as running:
        yield running


@pytest.fixture(params=["xet", "lfs"])
def transfer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def announce(
    http: Callable[..., httpx.Response], content: bytes, operation: str = "upload", **more: Any
) -> dict[str, Any]:
    """The batch API's answer for one file."""
    file = {"oid": sha256(content), "size": len(content)}
    body = {"operation": operation, "transfers": ["basic"], "objects": [file]}
    answer = http("POST", more.pop("path", BATCH), json=body, **more)
    assert answer.status_code == 200, answer.text
    (described,) = answer.json()["objects"]
    return dict(described)


def commit_of(content: bytes, path: str = NAME) -> bytes:
    value = {"path": path, "algo": "sha256", "oid": sha256(content), "size": len(content)}
    return lines(HEADER, ("lfsFile", value))


def contents() -> list[bytes]:
    """What Xet packs in each of its ways: as it is, by LZ4, by LZ4 in groups of four bytes."""
    random = Random(7)
    floats = b"".join(random.randbytes(2) + b"\x80\x3f" for _ in range(40_000))
    return [token_bytes(700_000), b"a line of text\n" * 50_000 + token_bytes(9), floats + b"xyz"]


def test_send_and_read_back(ada: HfApi, transfer: str, tmp_path: Path) -> None:
    wanted = {f"{number}.safetensors": content for number, content in enumerate(contents())}
    operations = [CommitOperationAdd(f"{transfer}/{name}", wanted[name]) for name in wanted]
    made = ada.create_commit(BERT, operations, commit_message="weights")
    for name, content in wanted.items():
        path = ada.hf_hub_download(BERT, f"{transfer}/{name}", cache_dir=tmp_path)
        assert Path(path).read_bytes() == content
    files = {file.path: file for file in ada.list_repo_tree(BERT, transfer, revision=made.oid)}
    for name, content in wanted.items():
        file = files[f"{transfer}/{name}"]
        assert (file.size, file.lfs.sha256) == (len(content), sha256(content))
        pointer = LargeFile(sha256(content), len(content)).pointer
        assert (file.lfs.pointer_size, file.blob_id) == (len(pointer), git_id(pointer))
    (again,) = [
        file
        for file in ada.model_info(BERT, files_metadata=True).siblings
        if file.rfilename == f"{transfer}/0.safetensors"
    ]
    assert again.lfs.sha256 == sha256(wanted["0.safetensors"])


def git_id(content: bytes) -> str:
    done = subprocess.run(
        ["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_what_is_sent_by_xet_is_read_over_http(transfer: str, tmp_path: Path) -> None:
    with Sandbox(tmp_path / "data") as sandbox:
        ada = sandbox.hf_api("ada")
        ada.upload_file(path_or_fileobj=token_bytes(90_000), path_in_repo=NAME, repo_id=BERT)
        blocks = [path for path in (tmp_path / "data").rglob("xorbs/ada/*") if path.is_file()]
        assert bool(blocks) == (transfer == "xet")
        url = hf_hub_url(BERT, NAME, endpoint=sandbox.endpoint)
        about = ada.get_hf_file_metadata(url=url)
        assert about.xet_file_data is None
        assert (about.location, about.size) == (url, 90_000)


def test_from_a_path_and_an_open_file(ada: HfApi, transfer: str, tmp_path: Path) -> None:
    content = token_bytes(300_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "x.safetensors"
    path.write_bytes(content)
    ada.upload_file(path_or_fileobj=path, path_in_repo=f"{transfer}.safetensors", repo_id=BERT)
    buffer = io.BytesIO(content + b"!")
    ada.upload_file(path_or_fileobj=buffer, path_in_repo=f"{transfer}2.safetensors", repo_id=BERT)
    ada.upload_folder(folder_path=folder, path_in_repo=f"{transfer}3", repo_id=BERT)
    # The same once more makes no commit, since the Hub says what it has.
    head = ada.model_info(BERT).sha
    ada.upload_folder(folder_path=folder, path_in_repo=f"{transfer}3", repo_id=BERT)
    assert ada.model_info(BERT).sha == head
    read = ada.hf_hub_download(BERT, f"{transfer}3/x.safetensors", cache_dir=tmp_path / "cache")
    assert Path(read).read_bytes() == content


def test_a_large_file_in_a_pull_request_of_somebody_else(grace: HfApi, transfer: str) -> None:
    made = grace.upload_file(
        path_or_fileobj=token_bytes(100_000), path_in_repo=NAME, repo_id=BERT, create_pr=True
    )
    (file,) = grace.get_paths_info(BERT, [NAME], revision=made.pr_revision)
    assert file.lfs is not None


def test_copy_move_and_delete(ada: HfApi) -> None:
    content = token_bytes(100_000)
    ada.upload_file(path_or_fileobj=content, path_in_repo="first.safetensors", repo_id=BERT)
    operations = [CommitOperationCopy("first.safetensors", "second.safetensors")]
    ada.create_commit(BERT, operations, commit_message="copy")
    ada.delete_file("first.safetensors", repo_id=BERT)
    (file,) = ada.get_paths_info(BERT, ["first.safetensors", "second.safetensors"])
    assert (file.size, file.lfs.sha256) == (100_000, sha256(content))


@pytest.mark.parametrize("source", [BERT, "datasets/ada/notes"])
def test_a_large_file_is_copied_within_and_between_repositories(
    ada: HfApi, http: Callable[..., httpx.Response], transfer: str, source: str, tmp_path: Path
) -> None:
    large, small = token_bytes(100_000), token_bytes(100)
    kind, repo = ("dataset", "ada/notes") if source.startswith("datasets") else ("model", BERT)
    for path, content in ((f"{transfer}/a.safetensors", large), (f"{transfer}/b.txt", small)):
        ada.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repo, repo_type=kind)
    target = ada.create_repo(f"ada/copy-{kind}-{transfer}").repo_id
    ada.copy_files(f"hf://{source}/{transfer}/", f"hf://{target}/into/")
    for path, content in (("into/a.safetensors", large), ("into/b.txt", small)):
        read = Path(ada.hf_hub_download(target, path, cache_dir=tmp_path))
        assert read.read_bytes() == content
    ada.copy_files(f"hf://{target}/into/a.safetensors", f"hf://{target}/again.safetensors")
    ada.delete_file("into/a.safetensors", repo_id=target)
    # What the copies hold stays when the source goes.
    ada.delete_folder(transfer, repo_id=repo, repo_type=kind)
    folder = ada.snapshot_download(target, cache_dir=tmp_path / "all")
    assert (Path(folder) / "again.safetensors").read_bytes() == large


def test_files_are_copied_by_who_may_read_and_write(
    ada: HfApi, grace: HfApi, http: Callable[..., httpx.Response]
) -> None:
    content, unknown = token_bytes(50_000), "f" * 64
    ada.upload_file(path_or_fileobj=content, path_in_repo="mine.safetensors", repo_id=BERT)
    body = {
        "target": {"type": "model", "name": "grace/target"},
        "files": [{"sha256": sha256(content)}, {"sha256": unknown}, 3],
    }
    grace.create_repo("grace/target", private=True, exist_ok=True)
    url = f"/api/models/{BERT}/lfs-files/duplicate"
    assert http("POST", url, json=body, user=None).status_code == 401
    # Ada does not see the target.
    assert http("POST", url, json=body, user="ada").status_code == 404
    answer = http("POST", url, json=body, user="grace").json()
    assert [one["sha256"] for one in answer["success"]] == [sha256(content)]
    assert [one["sha256"] for one in answer["failed"]] == [unknown, ""]
    ada.update_repo_settings(BERT, gated="manual")
    try:
        assert http("POST", url, json=body, user="grace").status_code == 403
    finally:
        ada.update_repo_settings(BERT, gated=False)
    for wrong in ({}, {"target": {}}, {"target": {}, "files": 1}, {**body, "files": [{}] * 1001}):
        assert http("POST", url, json=wrong, user="grace").status_code == 400
    away = {**body, "target": {"type": "space", "name": "../.."}}
    assert http("POST", url, json=away, user="grace").status_code == 404


def test_ranges_and_pointers(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    content = token_bytes(50_000)
    ada.upload_file(path_or_fileobj=content, path_in_repo="r.safetensors", repo_id=BERT)
    url = f"/{BERT}/resolve/main/r.safetensors"
    for asked, part in (
        ("bytes=10-19", content[10:20]),
        ("bytes=49990-", content[-10:]),
        ("bytes=-5", content[-5:]),
        ("bytes=0-999999", content),
    ):
        answer = http("GET", url, headers={"Range": asked})
        assert answer.content == part
        assert answer.status_code == (200 if part == content else 206)
    assert http("GET", url, headers={"Range": "bytes=50000-"}).status_code == 416
    head = http("HEAD", url)
    assert (head.headers["X-Linked-Size"], head.headers["Content-Length"]) == ("50000", "50000")
    assert head.headers["ETag"] == head.headers["X-Linked-ETag"] == f'"{sha256(content)}"'
    assert http("GET", url, headers={"If-None-Match": head.headers["ETag"]}).status_code == 304
    pointer = http("GET", f"/{BERT}/raw/main/r.safetensors").content
    assert pointer == LargeFile(sha256(content), 50_000).pointer
    action = announce(http, content, "download", user=None)["actions"]["download"]
    assert httpx.get(action["href"]).content == content
    assert httpx.get(action["href"].replace("download", "upload")).status_code == 405
    page = http("GET", f"/{BERT}/blob/main/r.safetensors", headers={"Accept": "text/html"})
    assert (page.status_code, "git-lfs.github.com" in page.text) == (200, False)


def test_by_git_lfs_step_by_step(http: Callable[..., httpx.Response]) -> None:
    content = token_bytes(30_000)
    actions = announce(http, content)["actions"]
    assert http("POST", COMMIT, content=commit_of(content)).status_code == 400
    assert httpx.put(actions["upload"]["href"], content=content).status_code == 200
    file = {"oid": sha256(content), "size": len(content)}
    verify = httpx.URL(actions["verify"]["href"]).path
    assert http("POST", verify, json=file).status_code == 200
    assert http("POST", verify, json={**file, "size": 1}).status_code == 422
    assert http("POST", verify, json={**file, "oid": "0" * 64}).status_code == 404
    # What is there need not be sent again, to this repository alone.
    assert "actions" not in announce(http, content)
    assert "actions" in announce(
        http, content, path="/datasets/ada/notes.git/info/lfs/objects/batch"
    )
    assert http("POST", COMMIT, content=commit_of(content)).status_code == 200
    assert http("GET", f"/{BERT}/resolve/main/{NAME}").content == content


COMMIT = f"/api/models/{BERT}/commit/main"


def test_uploads_that_are_not_what_was_announced(http: Callable[..., httpx.Response]) -> None:
    content = token_bytes(40_000)
    href = announce(http, content)["actions"]["upload"]["href"]
    # Another last byte, whatever it is.
    for sent in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), b""):
        answer = httpx.put(href, content=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "LfsObjectMismatch")
    longer = httpx.put(href, content=content + b"x")
    assert (longer.status_code, longer.json()["code"]) == (413, "FileTooLarge")
    for wrong in (
        href[:-1] + ("0" if href[-1] != "0" else "1"),
        href.replace("/upload/", "/upload/x"),
    ):
        assert httpx.put(wrong, content=content).status_code == 403
    answer = http("POST", COMMIT, content=commit_of(content))
    assert (answer.status_code, answer.json()["code"]) == (400, "LfsObjectNotFound")


def test_an_upload_that_breaks_off_leaves_nothing(
    demo: Sandbox, http: Callable[..., httpx.Response]
) -> None:
    content = token_bytes(3_000_000)
    href = announce(http, content)["actions"]["upload"]["href"]

    def half() -> Iterator[bytes]:
        yield content[:2_000_000]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        httpx.put(href, content=half(), headers={"Content-Length": str(len(content))})
    assert httpx.put(href, content=content).status_code == 200
    # The server may notice the end of the first one later than it answers the second.
    end = time.monotonic() + 60
    while list((demo.world.data / "large" / "incoming").iterdir()):
        assert time.monotonic() < end


def test_an_upload_to_a_full_disk_is_one_sentence(
    demo: Sandbox, http: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = token_bytes(50_000)
    href = announce(http, content)["actions"]["upload"]["href"]

    def full(incoming: Incoming, part: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Incoming, "write", full)
        answer = httpx.put(href, content=content)
    assert answer.status_code == 503
    assert answer.json()["error"].startswith("There is no room left")
    assert not list((demo.world.data / "large" / "incoming").iterdir())
    assert httpx.put(href, content=content).status_code == 200


def test_an_upload_goes_to_disk_as_it_comes(
    demo: Sandbox, http: Callable[..., httpx.Response]
) -> None:
    content = token_bytes(1000_000) * 40
    href = announce(http, content)["actions"]["upload"]["href"]
    on_disk = []

    def slowly() -> Iterator[bytes]:
        for start in range(0, len(content), 1000_000):
            yield content[start : start + 1000_000]
        # More was sent than the sockets hold, so the server has taken some of it.
        incoming = (demo.world.data / "large" / "incoming").iterdir()
        on_disk.extend(path.stat().st_size for path in incoming)

    answer = httpx.put(href, content=slowly(), headers={"Content-Length": str(len(content))})
    assert answer.status_code == 200
    assert on_disk and on_disk[0] > len(content) // 2


def test_nobody_commits_what_is_somebody_elses(
    demo: Sandbox, grace: HfApi, http: Callable[..., httpx.Response]
) -> None:
    secret = token_bytes(60_000)
    grace.upload_file(path_or_fileobj=secret, path_in_repo="a.bin", repo_id="grace/secret-model")
    grace.upload_file(
        path_or_fileobj=secret + b"!", path_in_repo="a.safetensors", repo_id="grace/secret-model"
    )
    for content in (secret, secret + b"!"):
        assert http("POST", COMMIT, content=commit_of(content)).status_code == 400
        # Nor with a pointer that looks like a plain file.
        pointer = LargeFile(sha256(content), len(content)).pointer
        answer = http("POST", COMMIT, content=lines(HEADER, add("a.safetensors", pointer)))
        assert (answer.status_code, answer.json()["code"]) == (400, "LfsObjectNotFound")
        assert "error" in announce(http, content, "download")


def test_what_is_too_large_is_refused_before_it_is_sent(
    http: Callable[..., httpx.Response],
) -> None:
    size = MAX_LARGE_BYTES + 1
    files = {"files": [{"path": "x.bin", "size": size, "sample": ""}]}
    answer = http("POST", f"/api/models/{BERT}/preupload/main", json=files)
    assert (answer.status_code, answer.json()["code"]) == (413, "FileTooLarge")
    body = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": size}]}
    (described,) = http("POST", BATCH, json=body).json()["objects"]
    assert described["error"]["code"] == 413
    files["files"][0]["size"] = MAX_LARGE_BYTES
    assert http("POST", f"/api/models/{BERT}/preupload/main", json=files).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operation": "steal", "objects": []},
        {"operation": "upload", "objects": 1},
        {"operation": "upload", "objects": [1]},
        {"operation": "upload", "objects": [], "transfers": ["ssh"]},
        {"operation": "upload", "objects": [], "transfers": 1},
        {"operation": "upload", "objects": [{}] * 1001},
    ],
)
def test_batches_that_cannot_be_read(
    http: Callable[..., httpx.Response], body: dict[str, Any]
) -> None:
    assert http("POST", BATCH, json=body).status_code == 422


@pytest.mark.parametrize("file", [{}, {"oid": "x", "size": 1}, {"oid": "0" * 64, "size": "1"}])
def test_objects_that_cannot_be(http: Callable[..., httpx.Response], file: dict[str, Any]) -> None:
    (described,) = http("POST", BATCH, json={"operation": "upload", "objects": [file]}).json()[
        "objects"
    ]
    assert described["error"]["code"] == 422


def test_who_may_upload(demo: Sandbox, http: Callable[..., httpx.Response], nobody: HfApi) -> None:
    body = {"operation": "upload", "objects": []}
    assert http("POST", BATCH, user=None, json=body).status_code == 401
    token = f"/api/models/{BERT}/xet-write-token/main"
    assert http("GET", token, user=None).status_code == 401
    assert http("GET", token, user="grace").status_code == 403
    assert http("GET", token, user="grace", params={"create_pr": 1}).status_code == 200
    secret = "/grace/secret-model.git/info/lfs/objects/batch"
    assert http("POST", secret, json=body).status_code == 404


class Storage:
    """The storage that the token of `http` opens."""

    def __init__(self, http: Callable[..., httpx.Response]) -> None:
        opened = http("GET", f"/api/models/{BERT}/xet-write-token/main").json()
        headers = {"Authorization": f"Bearer {opened['accessToken']}"}
        self.client = httpx.Client(base_url=opened["casUrl"], headers=headers)

    def send(self, path: str, content: bytes, **more: Any) -> int:
        with self.client as client:
            status = client.post(path, content=content, **more).status_code
        self.client = httpx.Client(base_url=client.base_url, headers=client.headers)
        return status


def chunk(content: bytes, scheme: int = 0, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return (
        bytes([0, *len(content).to_bytes(3, "little"), scheme, *size.to_bytes(3, "little")])
        + content
    )


@pytest.mark.parametrize(
    "xorb",
    [
        b"",
        b"x" * 100,
        chunk(b"abc")[:-1],
        chunk(b"abc", length=10**6),
        b"\1" + chunk(b"abc")[1:],
    ],
)
def test_xorbs_that_cannot_be_read(http: Callable[..., httpx.Response], xorb: bytes) -> None:
    assert Storage(http).send("/v1/xorbs/default/" + "0" * 64, xorb) == 400


@pytest.mark.parametrize("shard", [b"", b"x" * 500, b"HFRepoMetaData" + b"\0" * 34 + b"\1" * 480])
def test_shards_that_cannot_be_read(http: Callable[..., httpx.Response], shard: bytes) -> None:
    assert Storage(http).send("/v1/shards", shard) == 400


def shard(xorb: str, count: int, size: int, content: bytes) -> bytes:
    """A shard with one file, made of the first `count` chunks of one xorb."""
    number = count.to_bytes(4, "little")
    raw = b"".join(bytes.fromhex(xorb[at : at + 16])[::-1] for at in range(0, 64, 16))
    digest = hashlib.sha256(content).hexdigest()
    told = b"".join(bytes.fromhex(digest[at : at + 16])[::-1] for at in range(0, 64, 16))
    header = b"f" * 32 + (1 << 30).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8)
    term = raw + bytes(4) + size.to_bytes(4, "little") + bytes(4) + number
    return (
        b"HFRepoMetaData".ljust(48, b"\0")
        + header
        + term
        + told
        + bytes(16)
        + b"\xff" * 32
        + bytes(16)
    )


def test_a_shard_must_fit_what_was_sent(http: Callable[..., httpx.Response]) -> None:
    storage, name = Storage(http), sha256(b"a xorb")
    content = token_bytes(1000)
    assert storage.send("/v1/shards", shard(name, 1, 1000, content)) == 400
    assert storage.send(f"/v1/xorbs/default/{name}", chunk(content)) == 200
    for wrong in (
        shard(name, 2, 1000, content),
        shard(name, 0, 1000, content),
        shard(name, 1, 999, content),
        shard(name, 1, 1000, b"another"),
    ):
        assert storage.send("/v1/shards", wrong) == 400
    assert http("POST", COMMIT, content=commit_of(content, "s.safetensors")).status_code == 400
    assert storage.send("/v1/shards", shard(name, 1, 1000, content)) == 200
    assert http("POST", COMMIT, content=commit_of(content, "s.safetensors")).status_code == 200
    # A frame that grows beyond what its header says.
    bomb = sha256(b"a bomb")
    assert storage.send(f"/v1/xorbs/default/{bomb}", chunk(b"\x04\x22\x4d\x18", 1, 100)) == 200
    assert storage.send("/v1/shards", shard(bomb, 1, 100, b"")) == 400


def test_the_storage_is_open_to_its_token_alone(
    demo: Sandbox, http: Callable[..., httpx.Response]
) -> None:
    opened = http("GET", f"/api/models/{BERT}/xet-write-token/main").json()
    url = f"{opened['casUrl']}/v1/shards"
    assert httpx.post(url, content=b"").status_code == 401
    for token in ("x", opened["accessToken"][:-2], demo.users["ada"]):
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.post(url, content=b"", headers=headers).status_code == 401
    headers = {"Authorization": f"Bearer {opened['accessToken']}"}
    other = url.replace("/ada/", "/grace/")
    assert httpx.post(other, content=b"", headers=headers).status_code == 401
    answer = httpx.get(f"{opened['casUrl']}/v9/something", headers=headers)
    assert answer.status_code == 404


def test_what_no_commit_holds_goes_at_the_next_start(tmp_path: Path) -> None:
    kept, left = token_bytes(50_000), token_bytes(50_000)
    with Sandbox(tmp_path / "data") as sandbox:
        ada = sandbox.hf_api("ada")
        ada.upload_file(path_or_fileobj=kept, path_in_repo=NAME, repo_id=BERT)
        addition = CommitOperationAdd(NAME, left)
        ada.preupload_lfs_files(BERT, [addition])
    objects = tmp_path / "data" / "large" / "objects"
    assert {path.name for path in objects.glob("*/*")} == {sha256(kept), sha256(left)}
    with Sandbox(tmp_path / "data") as sandbox:
        ada = sandbox.hf_api("ada")
        assert {path.name for path in objects.glob("*/*")} == {sha256(kept)}
        with pytest.raises(HfHubHTTPError, match="upload it first"):
            ada.create_commit(BERT, [addition], commit_message="too late")
        path = ada.hf_hub_download(BERT, NAME, cache_dir=tmp_path / "cache")
        assert Path(path).read_bytes() == kept
        sandbox.reset()
        assert list(objects.glob("*/*")) == []
        ada.upload_file(path_or_fileobj=left, path_in_repo=NAME, repo_id=BERT)
