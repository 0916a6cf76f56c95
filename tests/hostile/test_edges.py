"""Surroundings that nobody tries: each ends in a sentence, never in a traceback."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from hubdoi import Client
from hubdoi.bibliography import card
from hubdoi.config import Config
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.net.http import Http
from hubdoi.records import Repo
from hubdoi.records.errors import HubdoiError
from hubdoi.records.repo_card import MOST_READ
from hubdoi.sandbox import Sandbox
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HEAD, HostileServer

HUGE = "9" * 30


def run(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`command` in a shell, in which ``hubdoi`` is this one."""
    shell = f'hubdoi() {{ "{sys.executable}" -m hubdoi "$@"; }}; {command}'
    return subprocess.run(
        ["/bin/bash", "-c", shell], capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **environ}, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("hubdoi --version >&-", 1, "standard output is closed"),
        ("hubdoi --version >/dev/full", 1, "No space left on device"),
        ("hubdoi status >&- 2>&-", 2, ""),
        ("hubdoi nonsense 2>/dev/full", 2, ""),
        ("hubdoi sandbox serve >/dev/full", 1, "No space left on device"),
        ("hubdoi sandbox serve >&-", 1, "it is closed"),
        ("hubdoi sandbox serve --data ~nobody-at-all/x", 2, "unknown user"),
        ("PYTHONIOENCODING=ascii hubdoi --help", 0, ""),
    ],
)
def test_output_that_cannot_be_written_is_one_sentence(
    command: str, status: int, said: str
) -> None:
    done = run(command)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    if said:
        assert len(done.stderr.splitlines()) == 1


def test_a_path_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for environ in ({"HUBDOI_DATA": str(file)}, {"HUBDOI_CACHE": str(file)}, {"HUBDOI_DATA": "~nobody-at-all"}):  # fmt: skip
        done = run("hubdoi status ada/tiny-bert", **environ)
        assert done.returncode in (1, 2) and "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "path",
    [
        f"/api/models/ada/tiny-bert/discussions/{HUGE}",
        f"/ada/tiny-bert/commits/main?p={HUGE}",
        f"/api/models/ada/tiny-bert/commits/main?p={HUGE}&limit={HUGE}",
        f"/api/models/ada/tiny-bert/tree/refs%2Fpr%2F{HUGE}",
        f"/api/models?limit={HUGE}",
        f"/datacite/dois?page[size]={HUGE}&page[number]={HUGE}",
    ],
)
def test_huge_numbers_are_no_fault_of_the_server(path: str, shared_sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {shared_sandbox.users['ada']}"}
    assert httpx.get(shared_sandbox.endpoint + path, headers=headers, timeout=60).status_code < 500


def test_huge_numbers_in_a_commit_and_a_range(shared_sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {shared_sandbox.users['ada']}"}
    for number in (HUGE, "9" * 5000, "\u0662"):
        commit = f"{shared_sandbox.endpoint}/api/models/ada/tiny-bert/commit/refs%2Fpr%2F{number}"
        body = '{"key": "header", "value": {"summary": "Hostile"}}'
        assert httpx.post(commit, headers=headers, content=body, timeout=60).status_code < 500
    url = f"{shared_sandbox.endpoint}/ada/tiny-bert/resolve/main/README.md"
    asked = {**headers, "Range": f"bytes={HUGE}-{HUGE}"}
    assert httpx.get(url, headers=asked, timeout=60).status_code < 500


def endless_card(connection: socket.socket, ended: threading.Event) -> None:
    packer = gzip.compress(b"A line of a card. " * 100_000)
    connection.sendall(HEAD + b"Content-Length: 200000000\r\n\r\n")
    while not ended.is_set():
        connection.sendall(packer)


def test_a_card_of_200_mb_is_not_read_whole() -> None:
    with HostileServer(endless_card) as server:
        hub = HuggingFaceHub(Config(endpoint=server.endpoint))
        # It comes without an end: whoever read it whole would fail.
        assert hub._card_text(Repo("model", "ada/tiny-bert"), "main") is not None
        answer = Http(server.endpoint).request("GET", "/", json_expected=False, first=MOST_READ)
        assert len(answer.content) == MOST_READ


def test_what_huggingface_hub_raises_is_a_sentence(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(sandbox.endpoint, token=sandbox.users["ada"])
    for name in ("ada/tiny-bert", "ada/a--b", "ada/name.git", "ada/no-such"):
        # huggingface_hub refuses some of these names itself, before it asks anybody.
        with pytest.raises(HubdoiError) as got:
            card.propose(client, name)
            raise HubdoiError("It has no DOI.")
        assert got.value.message.endswith((".", "'", "bert"))
    with HostileServer(hostile_server.no_http) as server:
        broken = Client(server.endpoint, token="hf_other")
        for repo in ("ada/tiny-bert", "ada/a.git"):
            with pytest.raises(HubdoiError):
                card.propose(broken, repo)
