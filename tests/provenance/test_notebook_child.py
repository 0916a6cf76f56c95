"""What a child process of a notebook loads: the kernel's recorder does not see it, and says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

from hubdoi import Client
from hubdoi.sandbox import Sandbox


def test_r13_what_hf_download_put_into_the_cache_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(clock="2026-11-23T09:00:00Z") as hub:
        head = Client(endpoint=hub.endpoint, token=False).status("ada/tiny-bert").head or ""
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HUBDOI_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        cells = (
            "%load_ext hubdoi",
            "!hf download ada/tiny-bert",
            "import hubdoi.record\nprint(hubdoi.record.recording().loads)",
            "%doi uses",
            "%doi uses --table",
        )
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        ExecutePreprocessor(timeout=120, kernel_name="python3").preprocess(notebook, {})
    snapshots = tmp_path / "hub" / "models--ada--tiny-bert" / "snapshots"
    assert [path.name for path in snapshots.iterdir()] == [head]
    _, _, recorded, used, table = notebook.cells
    assert recorded.outputs[0]["text"].strip() == "()"
    assert "hf download" in used.outputs[0]["data"]["text/plain"]
    said = table.outputs[0]["data"]["text/markdown"]
    assert f"not proven ({head[:7]} in the cache, not proven)" in said
