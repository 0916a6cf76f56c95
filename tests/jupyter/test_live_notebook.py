"""What a kernel asks of the page in which its notebook is open, played over the kernel's own wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox

BERT = "ada/tiny-bert"
CELL = "the-cell"


class Page:
    """A front end: runs cells as JupyterLab does, and keeps what the kernel publishes."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, source: str, *, allow_stdin: bool = True, cell: str | None = CELL) -> list[Any]:
        """What the cell publishes until it has run."""
        content = {"code": source, "silent": False, "allow_stdin": allow_stdin}
        metadata = {"cellId": cell} if cell else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return self._published(message["header"]["msg_id"])

    def answer(self, kind: str, comm: str, data: dict[str, Any]) -> list[Any]:
        """What an answer on a comm makes the kernel publish."""
        message = self.client.session.msg(kind, {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)
        return self._published(message["header"]["msg_id"])

    def _published(self, parent: str) -> list[Any]:
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != parent:
                continue
            found.append(message)
            if message["content"].get("execution_state") == "idle":
                return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "analysis.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    return path


@pytest.fixture
def page(sandbox: Sandbox, file: Path) -> Iterator[Page]:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    environ = {**os.environ, "HF_ENDPOINT": sandbox.endpoint, "JPY_SESSION_NAME": str(file)}
    manager, kernel = start_new_kernel(env=environ, cwd=str(file.parent))
    page = Page(kernel)
    page.run("%load_ext hubdoi")
    yield page
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


def only(messages: list[Any], kind: str) -> Any:
    (found,) = [one["content"] for one in messages if one["msg_type"] == kind]
    return found


def text_of(content: Any) -> str:
    return str(content["data"]["text/plain"])


def test_an_open_notebook_is_changed_by_its_page_and_not_on_the_disk(
    page: Page, file: Path
) -> None:
    before = file.read_bytes()
    published = page.run(f"%doi cite {BERT} --insert")
    asked = only(published, "comm_open")
    assert asked["target_name"] == "hubdoi.notebook"
    assert asked["data"]["cell"] == CELL
    assert asked["data"]["bibliography"].startswith("## Bibliography\n\n")
    assert [one["DOI"] for one in asked["data"]["metadata"]["citations"]]
    shown = only(published, "display_data")
    assert "If the page is closed" in text_of(shown)
    answered = only(
        page.answer("comm_msg", asked["comm_id"], {"done": True}), "update_display_data"
    )
    assert text_of(answered) == "The open notebook is changed; save it to keep that."
    assert answered["transient"] == shown["transient"]
    assert file.read_bytes() == before


def test_what_was_loaded_is_kept_in_the_open_notebook(page: Page, file: Path) -> None:
    before = file.read_bytes()
    asked = only(page.run("%doi uses --save"), "comm_open")
    assert asked["data"]["metadata"].keys() == {"provenance"}
    assert "bibliography" not in asked["data"]
    assert file.read_bytes() == before


def test_a_page_without_the_extension_closes_the_comm_and_the_file_is_written(
    page: Page, file: Path
) -> None:
    asked = only(page.run(f"%doi cite {BERT} --insert {file.name}"), "comm_open")
    answered = only(page.answer("comm_close", asked["comm_id"], {}), "update_display_data")
    assert "is written. If the notebook is open, reload it" in text_of(answered)
    assert "## Bibliography" in file.read_text()


@pytest.mark.parametrize(("allow_stdin", "cell"), [(False, CELL), (True, None)])
def test_where_nobody_watches_the_file_is_written_at_once(
    page: Page, file: Path, allow_stdin: bool, cell: str | None
) -> None:
    published = page.run(f"%doi cite {BERT} --insert", allow_stdin=allow_stdin, cell=cell)
    assert "comm_open" not in [one["msg_type"] for one in published]
    assert "is written." in text_of(only(published, "execute_result"))
    assert "## Bibliography" in file.read_text()


def test_another_notebook_is_written_on_the_disk(page: Page, file: Path) -> None:
    other = file.with_name("other.ipynb")
    nbformat.write(nbformat.v4.new_notebook(), other)
    published = page.run(f"%doi cite {BERT} --insert other.ipynb")
    assert "is written." in text_of(only(published, "execute_result"))
    assert "## Bibliography" in other.read_text()
    missing = page.run(f"%doi cite {BERT} --insert missing.ipynb")
    assert "There is no file missing.ipynb." in only(missing, "error")["evalue"]
