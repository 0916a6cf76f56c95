"""What clients send on a bad day: all of it or nothing, and a clear answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox import Sandbox
from tests.sandbox.test_hub_commits import HEADER, add, lines

CLIENTS = 20
FILES = 10_000


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_twenty_clients_on_one_parent(
    demo: Sandbox, ada: HfApi, http: Callable[..., httpx.Response]
) -> None:
    head = ada.model_info("ada/tiny-bert").sha
    ready = Barrier(CLIENTS)

    def commit(number: int) -> httpx.Response:
        header = ("header", {"summary": f"by {number}", "parentCommit": head})
        ready.wait()
        return http(
            "POST",
            "/api/models/ada/tiny-bert/commit/main",
            content=lines(header, add(f"{number}.txt", b"x")),
        )

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(commit, range(CLIENTS)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CLIENTS - 1}
    (won,) = (number for number, answer in enumerate(answers) if answer.status_code == 200)
    history = ada.list_repo_commits("ada/tiny-bert")
    assert (history[0].title, history[1].commit_id) == (f"by {won}", head)
    files = {path for path in ada.list_repo_files("ada/tiny-bert") if path[0].isdigit()}
    assert files == {f"{won}.txt"}


def test_a_folder_of_ten_thousand_files(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    ada.create_repo("ada/many", repo_type="dataset")
    url = "/api/datasets/ada/many/commit/main"
    files = [add(f"folder/{number:05}.txt", b"%d" % number) for number in range(FILES)]
    # One bad line, the last one, and nothing is there.
    refused = http("POST", url, content=lines(HEADER, *files, add("../x", b"")))
    assert refused.status_code == 422
    assert ada.list_repo_files("ada/many", repo_type="dataset") == [".gitattributes"]
    assert http("POST", url, content=lines(HEADER, *files)).status_code == 200
    tree = list(ada.list_repo_tree("ada/many", "folder", repo_type="dataset"))
    assert [entry.path for entry in tree] == [f"folder/{number:05}.txt" for number in range(FILES)]
    last = f"/datasets/ada/many/resolve/main/folder/{FILES - 1:05}.txt"
    assert http("GET", last).content == b"9999"
    # The page shows the first of them and says so.
    page = http("GET", "/datasets/ada/many/tree/main/folder", headers={"Accept": "text/html"})
    assert page.status_code == 200 and "Only the first" in page.text
