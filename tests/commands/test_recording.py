"""``run`` and ``uses --save``: what a run loaded, kept in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hubdoi.commands import Context, run
from hubdoi.provenance.recorder import recorder
from hubdoi.provenance.recording import Recording
from hubdoi.records import errors

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cached(root: Path) -> Path:
    path = root / "models--ada--engine" / "snapshots" / COMMIT / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    return path


def hubdoi(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hubdoi", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": ""},
    )


@pytest.mark.parametrize(
    ("ending", "status"), [("", 0), ("raise SystemExit(3)", 3), ("1 / 0", 1), ("exit('no')", 1)]
)
def test_run_writes_what_the_script_loaded_however_it_ends(
    tmp_path: Path, ending: str, status: int
) -> None:
    path = cached(tmp_path)
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, beside\n"
        f"if __name__ == '__main__': print(beside.NAME, sys.argv[1:], open({str(path)!r}).read())\n"
        f"{ending}\n"
    )
    done = hubdoi("run", str(script), "--epochs", "3", cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert done.stdout == "beside ['--epochs', '3'] {}\n"
    kept = json.loads((tmp_path / "train.provenance.json").read_text())
    assert kept["@context"]["prov"] == "http://www.w3.org/ns/prov#"
    (load,) = Recording.from_json(kept).loads
    assert (load.repo_id, load.commit, load.files) == ("ada/engine", COMMIT, ("config.json",))
    if ending == "1 / 0":
        assert "ZeroDivisionError" in done.stderr
        assert "runpy" not in done.stderr


def test_run_names_a_script_that_is_missing(context: Context, tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match=r"There is no file .*none\.py"):
        run(["run", str(tmp_path / "none.py")], context)


def test_run_in_a_notebook_says_what_to_use(context: Context) -> None:
    context.cells = list
    with pytest.raises(errors.UsageError, match="%run SCRIPT"):
        run(["run", "train.py"], context)


def test_uses_save_keeps_the_recording_in_the_notebook(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1}
    cell["source"] = 'AutoModel.from_pretrained("ada/engine")'
    path.write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1)
    )
    recorder.start()
    recorder.cell = 1
    cached(tmp_path / "cache").read_text()
    context.cells = lambda: [str(cell["source"])]
    context.namespace = dict
    context.notebook_path = str(path)
    said = run(["uses", "--save"], context)
    assert "1 repository" in str(said)
    recorder.stop()
    context.cells = None
    (use,) = run(["uses", str(path)], context)
    assert use.recorded == (COMMIT,)
    assert use.place == f"{path}, cell [1], line 1"


def test_uses_save_needs_a_running_notebook(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    with pytest.raises(errors.UsageError, match="hubdoi run SCRIPT"):
        run(["uses", str(path), "--save"], context)
    context.cells, context.namespace = list, dict
    with pytest.raises(errors.UsageError, match="name it: %doi uses"):
        run(["uses", "--save"], context)
