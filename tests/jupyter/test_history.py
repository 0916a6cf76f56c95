"""A token that is written into a cell, in a real kernel with a history database of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from hubdoi.sandbox import Sandbox

SECONDS = 120


class Kernel:
    """A kernel, and all that it published."""

    def __init__(self, client: BlockingKernelClient, home: Path) -> None:
        self.client = client
        self.home = home
        self.published: list[dict[str, Any]] = []

    def run(self, source: str, entered: str | None = None) -> dict[str, Any]:
        """Run a cell; `entered` is what a person types where they are asked."""
        asked: list[dict[str, Any]] = []

        def answer(message: dict[str, Any]) -> None:
            asked.append(message["content"])
            self.client.input(entered or "")

        reply = self.client.execute_interactive(
            source,
            allow_stdin=entered is not None,
            stdin_hook=answer,
            output_hook=self.published.append,
            timeout=SECONDS,
        )
        return {**reply["content"], "asked": asked}

    @property
    def shown(self) -> str:
        """What came out; the cells themselves are published too."""
        return str([one for one in self.published if one["msg_type"] != "execute_input"])

    def on_disk(self) -> bytes:
        """Everything that IPython wrote, the history with what it has not yet written."""
        self.run("get_ipython().history_manager.writeout_cache()")
        return b"".join(file.read_bytes() for file in self.home.rglob("*") if file.is_file())


@pytest.fixture
def kernel(sandbox: Sandbox, tmp_path: Path) -> Iterator[Kernel]:
    environ = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
    environ |= {"IPYTHONDIR": str(tmp_path), "TOKEN_OF_ADA": sandbox.users["ada"]}
    manager, client = start_new_kernel(env=environ, cwd=str(tmp_path), startup_timeout=SECONDS)
    try:
        yield Kernel(client, tmp_path)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_token_in_a_cell_is_in_no_history(kernel: Kernel, sandbox: Sandbox) -> None:
    token = sandbox.users["ada"]
    kernel.run("%load_ext hubdoi")
    for quoted in (token, f"'{token}'"):
        reply = kernel.run(f"1 + 1\n%doi use {sandbox.endpoint} --token {quoted}")
        assert reply["status"] == "ok"
        assert "Ada Lovelace" in kernel.shown
        assert "A token stands in a cell" in kernel.shown
        # The front end is asked to put this in the cell's place.
        (payload,) = reply["payload"]
        assert payload["replace"] is True
        assert payload["text"].startswith(f"1 + 1\n%doi use {sandbox.endpoint} --token")
        assert token not in payload["text"]
    for look in ("%history", "%history -n -g use", "print(In, _i, _ii, _iii, _i2, _i3)"):
        kernel.run(look)
    assert f"use {sandbox.endpoint} --token" in kernel.shown
    assert token not in kernel.shown
    found = kernel.on_disk()
    assert b"--token" in found
    assert token.encode() not in found


def test_a_token_in_the_cell_that_loads_the_extension_is_in_no_history(
    kernel: Kernel, sandbox: Sandbox
) -> None:
    token = sandbox.users["ada"]
    reply = kernel.run(f"%load_ext hubdoi\n%doi use {sandbox.endpoint} --token {token}")
    assert token not in reply["payload"][0]["text"]
    kernel.run("%history\n%doi uses")
    assert token not in kernel.shown
    assert token.encode() not in kernel.on_disk()


def test_a_token_in_a_line_that_is_refused_is_in_no_history(
    kernel: Kernel, sandbox: Sandbox
) -> None:
    token = sandbox.users["ada"]
    kernel.run("%load_ext hubdoi")
    for line in (
        f"{sandbox.endpoint} --token {token} --bogus",
        f"{sandbox.endpoint} words --token={token}",
        f"{sandbox.endpoint} --fresh --token {token}",
        f"{sandbox.endpoint} --tokn {token}",
        f"{sandbox.endpoint} --token '{token}",
        f"{sandbox.endpoint} {token}",
        f"{sandbox.endpoint} --token-env {token}",
        f"{sandbox.endpoint} --token-env 0123456789abcdef0123456789abcdef",
        token,
        f"sandbox --user {token}",
        f"http://ada:{token}@127.0.0.1:9",
    ):
        reply = kernel.run(f"%doi use {line}")
        assert reply["status"] == "error"
        assert "A token stands in a cell" in kernel.shown, line
        assert token not in kernel.shown and "0123456789abcdef" not in kernel.shown, line
        kernel.published.clear()
    kernel.run("%history\n%history -n -g use\nprint(In, _i, _ii, _iii, _i2, _i3)")
    assert token not in kernel.shown and "0123456789abcdef" not in kernel.shown
    found = kernel.on_disk()
    assert token.encode() not in found and b"0123456789abcdef" not in found


def test_the_name_of_a_repository_is_no_token(kernel: Kernel, sandbox: Sandbox) -> None:
    kernel.run(f"%load_ext hubdoi\n%doi use {sandbox.endpoint}")
    kernel.run("%doi status ada/hf_Tiny_Bert_Of_Twenty_Letters_And_More")
    assert "hf_Tiny_Bert_Of_Twenty_Letters_And_More" in kernel.shown
    assert "A token stands in a cell" not in kernel.shown


def test_a_token_is_asked_for_and_never_shown(kernel: Kernel, sandbox: Sandbox) -> None:
    token = sandbox.users["ada"]
    kernel.run("%load_ext hubdoi")
    for line in (f"{sandbox.endpoint} --token", f"--token {sandbox.endpoint}"):
        reply = kernel.run(f"%doi use {line}", entered=token)
        assert reply["status"] == "ok" and reply["payload"] == []
        (asked,) = reply["asked"]
        assert asked["password"] is True
        assert sandbox.endpoint in asked["prompt"]
    assert kernel.shown.count("Ada Lovelace") >= 2
    assert token not in kernel.shown
    assert token.encode() not in kernel.on_disk()


def test_a_token_comes_from_a_variable(kernel: Kernel, sandbox: Sandbox) -> None:
    kernel.run("%load_ext hubdoi\nimport os")
    kernel.run(f"%doi use {sandbox.endpoint} --token-env TOKEN_OF_ADA")
    kernel.run(f"token = os.environ['TOKEN_OF_ADA']\n%doi use {sandbox.endpoint} --token $token")
    assert kernel.shown.count("Ada Lovelace") >= 2
    assert "A token stands in a cell" not in kernel.shown
    assert sandbox.users["ada"] not in kernel.shown


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--token", "No token was entered"),
        ("--token-env NOT_THERE", "NOT_THERE is not set in the environment"),
        ("--tokn hf_madeupmadeup", "Unrecognized arguments: --tokn hf_…"),
    ],
)
def test_without_a_token_nothing_is_chosen(
    kernel: Kernel, sandbox: Sandbox, line: str, sentence: str
) -> None:
    kernel.run("%load_ext hubdoi")
    reply = kernel.run(f"%doi use {sandbox.endpoint} {line}")
    assert reply["status"] == "error"
    assert sentence in reply["evalue"]
    assert "hf_madeup" not in kernel.shown
