"""The Parquet files of a dataset, as the Hub lists those of its viewer, and its Croissant file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubdoi.sandbox import Sandbox

CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: [data/test-*, "**/more.parquet"]
- config_name: a b
  data_files: other/*.parquet
- config_name: 1
  data_files: nothing-*
- {data_files: 7}
- 5
---
"""
FILES = (
    "data/train-00001-of-00002.parquet",
    "data/train-00000-of-00002.parquet",
    "data/test-00000-of-00001.parquet",
    "x/y/more.parquet",
    "other/ü 1.parquet",
    "other/deeper/1.parquet",
    "notes.csv",
)
URL = "/api/datasets/ada/{}/parquet"


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def push(ada: HfApi, name: str, files: dict[str, bytes]) -> None:
    ada.create_repo(f"ada/{name}", repo_type="dataset")
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    ada.create_commit(f"ada/{name}", operations, commit_message="x", repo_type="dataset")


def test_by_configuration_and_split(
    ada: HfApi, demo: Sandbox, http: Callable[..., httpx.Response]
) -> None:
    contents = {path: path.encode() for path in FILES}
    push(ada, "configured", {"README.md": CARD.encode(), **contents})
    url, base = URL.format("configured"), demo.endpoint + URL.format("configured")
    train, test = f"{base}/default/train", f"{base}/default/test"
    wanted = {
        "default": {
            "train": [f"{train}/0.parquet", f"{train}/1.parquet"],
            "test": [f"{test}/0.parquet", f"{test}/1.parquet"],
        },
        "a b": {"train": [f"{base}/a%20b/train/0.parquet"]},
    }
    assert http("GET", url, user=None).json() == wanted
    assert http("GET", url + "/default").json() == wanted["default"]
    assert http("GET", url + "/default/test").json() == wanted["default"]["test"]
    read = [
        httpx.get(each, follow_redirects=True).content
        for splits in wanted.values()
        for urls in splits.values()
        for each in urls
    ]
    assert read == [contents[FILES[n]] for n in (1, 0, 2, 3)] + [contents[FILES[4]]]
    for wrong in ("/other", "/default/other", "/default/train/2.parquet", "/1"):
        answer = http("GET", url + wrong)
        assert (answer.status_code, answer.json()["code"]) == (404, "ResponseNotFound")


def test_what_names_say_without_a_card(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    names = ("dev.parquet", "my_test-1.parquet", "eval/a.parquet", "trainer.parquet", "b.parquet")
    push(ada, "named", dict.fromkeys(names, b"x"))
    (splits,) = http("GET", URL.format("named")).json().values()
    assert {split: len(urls) for split, urls in splits.items()} == {
        "validation": 1,
        "test": 2,
        "train": 2,
    }


def test_what_has_none(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    assert http("GET", URL.format("notes")).status_code == 404
    assert http("GET", "/api/models/ada/tiny-bert/parquet").status_code == 404
    assert http("GET", URL.format("no-such")).headers["X-Error-Code"] == "RepoNotFound"
    push(ada, "closed", {"a.parquet": b"x"})
    ada.update_repo_settings("ada/closed", repo_type="dataset", gated="manual")
    assert http("GET", URL.format("closed")).status_code == 200
    assert http("GET", URL.format("closed"), user="grace").status_code == 403


def test_croissant_has_the_digest_of_a_large_file(
    ada: HfApi, http: Callable[..., httpx.Response]
) -> None:
    content = b"parquet" * 100
    push(ada, "large", {"a.parquet": content, "b.csv": b"a,b\n"})
    (file,) = ada.get_paths_info("ada/large", ["a.parquet"], repo_type="dataset")
    assert file.lfs is not None
    listed = http("GET", "/api/datasets/ada/large/croissant").json()["distribution"]
    assert [each["sha256"] for each in listed] == [
        sha256(content).hexdigest(),
        sha256(b"a,b\n").hexdigest(),
    ]
