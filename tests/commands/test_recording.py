"""``run`` and ``uses --save``: what a run loaded, kept in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hubdoi.commands import Context, run
from hubdoi.provenance.recorder import recorder
from hubdoi.provenance.recording import Load, Recording
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


def test_the_file_of_two_runs_at_once_is_valid_and_whole(tmp_path: Path) -> None:
    path = cached(tmp_path)
    script = tmp_path / "train.py"
    script.write_text(f"open({str(path)!r}).read()\n")
    file = tmp_path / "train.provenance.json"
    file.write_text("{ an interrupted write of another program")
    command = [sys.executable, "-m", "hubdoi", "run", str(script)]
    running = [subprocess.Popen(command, cwd=tmp_path) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    kept = json.loads(file.read_text(encoding="utf-8"))
    schema = files("hubdoi.provenance").joinpath("provenance.schema.json")
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(kept)
    assert [load.repo_id for load in Recording.from_json(kept).loads] == ["ada/engine"]
    assert not list(tmp_path.glob(".train*"))


def test_the_schema_allows_what_is_written_and_nothing_else(tmp_path: Path) -> None:
    text = files("hubdoi.provenance").joinpath("provenance.schema.json").read_text("utf-8")
    validator = Draft202012Validator(json.loads(text))
    load = Load("model", "ada/engine", COMMIT, ("opened",), first="2026-11-23T09:00:00Z")
    made = Recording((load,), "2026-11-23T09:00:00Z", "2026-11-23T09:01:00Z", "a.py").to_json()
    validator.validate(made)
    (own,) = made["recorded"]
    assert set(own) == set(json.loads(text)["$defs"]["load"]["properties"])
    for wrong in ({"commit": "main"}, {"how": ["guessed"]}, {"repo_type": "space"}, {"ref": 1}):
        assert not validator.is_valid({**made, "recorded": [{**own, **wrong}]}), wrong


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


def test_a_run_that_fails_leaves_the_record_of_an_earlier_one(tmp_path: Path) -> None:
    path = cached(tmp_path)
    script = tmp_path / "train.py"
    script.write_text(f"import sys; 1 / (len(sys.argv) - 1); open({str(path)!r}).read()\n")
    file = tmp_path / "train.provenance.json"
    first = hubdoi("run", "train.py", cwd=tmp_path)
    assert first.returncode == 1 and "Recorded what was loaded" in first.stdout + first.stderr
    assert json.loads(file.read_text())["recorded"] == []
    # Nothing was in it that could be lost.
    assert hubdoi("run", "train.py", "x", cwd=tmp_path).returncode == 0
    kept = file.read_text()
    assert [load.repo_id for load in Recording.from_json(json.loads(kept)).loads] == ["ada/engine"]
    again = hubdoi("run", "train.py", cwd=tmp_path)
    assert (
        again.returncode == 1 and "stays as an earlier run wrote it" in again.stdout + again.stderr
    )
    assert file.read_text() == kept


def test_run_names_a_script_that_is_missing(context: Context, tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match=r"There is no file .*none\.py"):
        run(["run", str(tmp_path / "none.py")], context)


def test_run_writes_here_what_cannot_be_written_there(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "a.py").write_text("")
    done = hubdoi("run", "--output", "round/a.json", "a.py", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert "a.json" in done.stdout + done.stderr
    assert (tmp_path / "a.json").exists()


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
