"""What a child process of a notebook loads: its writes to the cache prove it, and nothing else does."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

from hubdoi.provenance.evidence import with_recording
from hubdoi.provenance.recording import Load, Recording
from hubdoi.provenance.use import Use, Uses
from hubdoi.sandbox import Sandbox

CELLS = (
    "%load_ext hubdoi",
    "import os, subprocess",
    "!hf download ada/tiny-bert",
    # In the cache already: nothing is written, and nothing says which revision was read.
    "!hf download ada/warm",
    # What comes into the cache meanwhile, and is not what the command names.
    "other = subprocess.Popen(os.environ['OTHER'].split(), stdout=subprocess.DEVNULL)\n"
    "!hf download ada/engine --revision main >/dev/null\n"
    "other.wait()",
    "import hubdoi.record\nprint(sorted((load.repo_id, load.how, load.cells) for load in hubdoi.record.recording().loads))",
    "%doi uses",
    "%doi uses --table",
)


def test_r13_what_hf_download_put_into_the_cache_is_recorded_for_its_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(clock="2026-11-23T09:00:00Z") as hub:
        api = hub.hf_api("ada")
        head = {"ada/tiny-bert": str(api.model_info("ada/tiny-bert").sha)}
        for name in ("ada/warm", "ada/engine"):
            api.create_repo(name)
            made = api.upload_file(path_or_fileobj=b"x", path_in_repo="x/y.txt", repo_id=name)
            head[name] = made.oid
        api.snapshot_download("ada/warm", cache_dir=tmp_path / "hub")
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HUBDOI_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setenv("OTHER", "hf download ada/notes --repo-type dataset")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
        ExecutePreprocessor(timeout=120, kernel_name="python3").preprocess(notebook, {})
    snapshots = tmp_path / "hub" / "models--ada--tiny-bert" / "snapshots"
    assert [path.name for path in snapshots.iterdir()] == [head["ada/tiny-bert"]]
    *_, recorded, used, table = notebook.cells
    said = "[('ada/engine', ('child',), (5,)), ('ada/notes', ('child',), (5,)), ('ada/tiny-bert', ('child',), (3,))]"
    assert recorded.outputs[0]["text"].strip() == said
    shown = used.outputs[0]["data"]["text/plain"]
    assert shown.count("hf download") == 3
    assert "ada/notes" not in shown
    table = table.outputs[0]["data"]["text/markdown"]
    for name in ("ada/tiny-bert", "ada/engine"):
        assert f"[{head[name][:7]}]" in table
    assert table.count("(recorded)") == 2
    assert f"not proven ({head['ada/warm'][:7]} in the cache, not proven)" in table


def test_r13_of_two_commits_that_a_child_process_may_have_loaded_none_is_proven() -> None:
    command = Use("model", "ada/engine", call="hf download", execution_count=3, form="option")
    loads = [Load("model", "ada/engine", commit * 40, ("child",), cells=(3,)) for commit in "ab"]

    def proven(use: Use, *found: Load) -> tuple[str, ...]:
        # As the metadata of a notebook keeps them.
        recording = Recording.from_json(Recording(found).to_json())
        return with_recording(Uses((use,)), recording).items[0].recorded

    assert proven(command, loads[0]) == ("a" * 40,)
    assert proven(command, *loads) == ()
    assert proven(replace(command, execution_count=4), loads[0]) == ()
    assert proven(replace(command, revision="v1"), loads[0]) == ("a" * 40,)
    assert proven(replace(command, revision="v1"), replace(loads[0], ref="main")) == ()
    assert proven(replace(command, call="from_pretrained", form="argument"), loads[0]) == ()
    # What this process loaded itself counts before it.
    assert proven(command, replace(loads[1], how=("opened",)), loads[0]) == ("b" * 40,)
    assert len(with_recording(Uses(), Recording(tuple(loads)))) == 0
