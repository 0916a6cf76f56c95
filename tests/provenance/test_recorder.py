"""The recorder, with the real libraries against the sandbox; one case for each row of the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubdoi.provenance.evidence import with_recording
from hubdoi.provenance.recorder import Recorder, recorder
from hubdoi.provenance.recording import Recording, recorded
from hubdoi.provenance.use import Use, Uses
from hubdoi.sandbox import Sandbox

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def hub() -> Iterator[Sandbox]:
    with Sandbox(clock="2026-11-23T09:00:00Z") as running:
        yield running


@pytest.fixture
def run(hub: Sandbox, tmp_path: Path) -> Callable[..., dict[str, dict[str, Any]]]:
    """Runs steps in one process; what each of them was seen to load.

    The cache is the test's own: what another test loaded would not be downloaded again.
    """
    home = tmp_path / "home"
    environ = {
        **os.environ,
        "HF_HOME": str(home),
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }

    def steps(code: str, **more: str) -> dict[str, dict[str, Any]]:
        program = (
            "import json, sys, hubdoi.record as record\n"
            "from hubdoi.provenance.recorder import recorder\n"
            "seen = {}\n"
            "def step(name, work):\n"
            "    recorder.clear()\n"
            "    work()\n"
            "    seen[name] = {load.repo_id: {'how': load.how, 'commit': load.commit,\n"
            "        'files': load.files, 'ref': load.ref} for load in record.recording().loads}\n"
            f"{textwrap.dedent(code)}\n"
            "print('\\n' + json.dumps(seen))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return found

    return steps


@pytest.fixture(scope="module")
def heads(hub: Sandbox) -> dict[str, str]:
    from hubdoi import Client

    client = Client(endpoint=hub.endpoint, token=False)
    return {
        name: client.status(name).head or "" for name in ("ada/tiny-bert", "datasets/ada/notes")
    }


def test_huggingface_hub_and_safetensors(run: Callable[..., Any], heads: dict[str, str]) -> None:
    seen = run(
        """
        from huggingface_hub import HfApi, hf_hub_download, scan_cache_dir, snapshot_download
        step("cold", lambda: hf_hub_download("ada/tiny-bert", "config.json"))
        step("warm", lambda: hf_hub_download("ada/tiny-bert", "config.json"))
        step("no network", lambda: hf_hub_download("ada/tiny-bert", "config.json", local_files_only=True))
        step("snapshot", lambda: snapshot_download("ada/tiny-bert"))
        step("warm snapshot", lambda: snapshot_download("ada/tiny-bert"))
        folder = snapshot_download("ada/tiny-bert")
        step("opened", lambda: open(folder + "/config.json").read())
        from safetensors.numpy import load_file
        step("native", lambda: load_file(hf_hub_download("ada/tiny-bert", "model.safetensors")))
        step("scan", scan_cache_dir)
        step("asked", lambda: HfApi().file_exists("ada/tiny-bert", "config.json"))
        """
    )
    assert {name: loads.get("ada/tiny-bert", {}).get("how") for name, loads in seen.items()} == {
        "cold": ["downloaded", "read", "resolved"],
        "warm": ["resolved"],
        "no network": ["resolved"],
        "snapshot": ["downloaded", "read", "resolved"],
        "warm snapshot": ["resolved"],
        "opened": ["opened"],
        "native": ["resolved"],
        "scan": None,
        "asked": ["resolved"],
    }
    commits = {load["commit"] for loads in seen.values() for load in loads.values()}
    assert commits == {heads["ada/tiny-bert"]}
    assert seen["opened"]["ada/tiny-bert"]["files"] == ["config.json"]


def test_datasets_fsspec_pandas_and_duckdb(run: Callable[..., Any], heads: dict[str, str]) -> None:
    seen = run(
        """
        import datasets, duckdb, fsspec, pandas
        from huggingface_hub import HfFileSystem
        path = "hf://datasets/ada/notes/train.csv"
        step("map-style", lambda: datasets.load_dataset("ada/notes"))
        step("cached", lambda: datasets.load_dataset("ada/notes"))
        step("streaming", lambda: next(iter(datasets.load_dataset("ada/notes", streaming=True)["train"])))
        step("file system", lambda: HfFileSystem().open(path).read(10))
        step("fsspec", lambda: fsspec.open(path).open().read(3))
        step("pandas", lambda: pandas.read_csv(path))
        connection = duckdb.connect()
        connection.register_filesystem(HfFileSystem())
        step("duckdb", lambda: connection.sql(f"select * from '{path}'").fetchall())
        """
    )
    how = {name: loads["ada/notes"]["how"] for name, loads in seen.items()}
    assert how == {
        "map-style": ["opened", "downloaded", "read", "resolved"],
        "cached": ["opened", "resolved"],
        "streaming": ["opened", "read", "resolved"],
        "file system": ["read"],
        "fsspec": ["read"],
        "pandas": ["read"],
        "duckdb": ["read"],
    }
    assert {loads["ada/notes"]["commit"] for loads in seen.values()} == {
        heads["datasets/ada/notes"]
    }
    assert seen["pandas"]["ada/notes"]["files"] == ["train.csv"]


def test_datasets_without_network(run: Callable[..., Any], heads: dict[str, str]) -> None:
    run("import datasets; datasets.load_dataset('ada/notes')")
    seen = run(
        "import datasets\nstep('offline', lambda: datasets.load_dataset('ada/notes'))",
        HF_HUB_OFFLINE="1",
    )
    assert seen["offline"]["ada/notes"]["how"] == ["opened"]
    assert seen["offline"]["ada/notes"]["commit"] == heads["datasets/ada/notes"]


def test_transformers(run: Callable[..., Any], heads: dict[str, str]) -> None:
    seen = run(
        """
        from transformers import AutoConfig
        step("first", lambda: AutoConfig.from_pretrained("ada/tiny-bert"))
        step("again", lambda: AutoConfig.from_pretrained("ada/tiny-bert"))
        """
    )
    for name in ("first", "again"):
        load = seen[name]["ada/tiny-bert"]
        assert "opened" in load["how"], name
        assert (load["commit"], load["files"]) == (heads["ada/tiny-bert"], ["config.json"])


def test_a_client_that_huggingface_hub_replaces_is_watched_too(run: Callable[..., Any]) -> None:
    seen = run(
        """
        import httpx2, huggingface_hub
        from huggingface_hub import HfFileSystem, close_session, set_client_factory
        path = "datasets/ada/notes/train.csv"
        step("first", lambda: HfFileSystem().open(path).read(1))
        close_session()
        step("closed", lambda: HfFileSystem(skip_instance_cache=True).open(path).read(1))
        set_client_factory(lambda: httpx2.Client(follow_redirects=True))
        step("own", lambda: HfFileSystem(skip_instance_cache=True).open(path).read(1))
        """
    )
    assert all(loads["ada/notes"]["how"] == ["read"] for loads in seen.values())


@pytest.fixture
def own() -> Iterator[Recorder]:
    made = Recorder()
    made.start()
    yield made
    made.stop()


def snapshot(root: Path, commit: str = COMMIT, name: str = "config.json") -> Path:
    path = root / "models--ada--engine" / "snapshots" / commit / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    return path


def test_a_file_of_any_hub_cache_is_noted_with_its_cell(own: Recorder, tmp_path: Path) -> None:
    path = snapshot(tmp_path / "somewhere")
    own.clear()
    own.cell = 7
    path.read_text()
    os.close(os.open(path, os.O_RDONLY))
    (load,) = recorded(own).loads
    assert (load.repo_type, load.repo_id, load.commit) == ("model", "ada/engine", COMMIT)
    assert (load.how, load.files, load.cells) == (("opened",), ("config.json",), (7,))


def test_what_was_loaded_before_the_recorder_is_not_noted(tmp_path: Path) -> None:
    path = snapshot(tmp_path)
    late = Recorder()
    path.read_text()
    late.start()
    try:
        assert late.noted() == []
        path.read_text()
        assert len(late.noted()) == 1
    finally:
        late.stop()


def test_the_arrow_cache_of_a_dataset_without_an_owner_is_noted(
    own: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    for place in ("datasets", "another place"):
        folder = tmp_path / place / "squad" / "plain_text" / "0.0.0" / COMMIT
        folder.mkdir(parents=True)
        for name in ("dataset_info.json", "squad-train.arrow"):
            (folder / name).write_text("{}")
            (folder / name).read_text()
    (load,) = recorded(own).loads
    assert (load.repo_type, load.repo_id, load.commit) == ("dataset", "squad", COMMIT)
    assert load.files == ("dataset_info.json", "squad-train.arrow")


def test_a_file_has_one_name_however_its_path_is_written(own: Recorder, tmp_path: Path) -> None:
    path = snapshot(tmp_path)
    own.clear()
    path.read_text()
    with open(f"{path.parent}/./config.json") as file:  # noqa: PTH123
        file.read()
    (load,) = recorded(own).loads
    assert load.files == ("config.json",)


def test_writing_and_other_paths_are_not_noted(own: Recorder, tmp_path: Path) -> None:
    snapshot(tmp_path)
    own.clear()
    (tmp_path / "plain--name.txt").write_text("x")
    (tmp_path / "plain--name.txt").read_text()
    snapshot(tmp_path)  # writes
    assert recorded(own).loads == ()


def test_a_stopped_recorder_notes_nothing_and_can_go_on(own: Recorder, tmp_path: Path) -> None:
    path = snapshot(tmp_path)
    own.clear()
    own.stop()
    path.read_text()
    assert recorded(own).loads == ()
    own.start()
    path.read_text()
    assert len(recorded(own).loads) == 1


def test_nothing_is_raised_into_the_code_that_is_watched(own: Recorder, tmp_path: Path) -> None:
    path = snapshot(tmp_path)
    own._loads = None  # type: ignore[assignment]
    assert path.read_text() == "{}"


def test_names_that_are_no_repositories_are_left_out(own: Recorder, tmp_path: Path) -> None:
    folder = tmp_path / f"models--{'x' * 150}--y y" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (folder / "a").write_text("")
    (folder / "a").read_text()
    assert recorded(own).loads == ()


def loaded(*cells: int, commit: str = COMMIT, how: str = "opened", **more: Any) -> dict[str, Any]:
    return {
        "repo_type": "model",
        "repo_id": "ada/engine",
        "commit": commit,
        "how": [how],
        "cells": list(cells),
        **more,
    }


def recording(*loads: dict[str, Any]) -> Recording:
    return Recording.from_json({"format": "hubdoi-provenance/1", "recorded": list(loads)})


ENGINE = Use("model", "ada/engine", cell=1, execution_count=1)


def proven(found: Uses, kept: Recording) -> list[tuple[str, ...]]:
    return [use.recorded for use in with_recording(found, kept)]


def test_r13_a_pinned_use_gets_only_its_commit() -> None:
    pinned = Use("model", "ada/engine", OTHER[:8])
    assert proven(Uses((pinned,)), recording(loaded())) == [(), (COMMIT,)]
    assert proven(Uses((pinned,)), recording(loaded(commit=OTHER))) == [(OTHER,)]


def test_r13_the_cell_decides_between_commits() -> None:
    kept = recording(loaded(1), loaded(2, commit=OTHER))
    second = Use("model", "ada/engine", cell=2, execution_count=2)
    assert proven(Uses((ENGINE, second)), kept) == [(COMMIT,), (OTHER,)]


def test_r13_two_commits_of_one_cell_are_both_recorded() -> None:
    kept = recording(loaded(1), loaded(1, commit=OTHER))
    assert proven(Uses((ENGINE,)), kept) == [(COMMIT, OTHER)]


def test_r13_what_was_only_asked_about_counts_for_code_alone() -> None:
    asked = recording(loaded(1, how="resolved", ref="main"))
    assert proven(Uses((ENGINE,)), asked) == [(COMMIT,)]
    assert proven(Uses(), asked) == []
    assert proven(Uses((ENGINE,)), recording(loaded(1, how="resolved", ref="v1"))) == [()]


def test_what_the_code_does_not_say_is_added() -> None:
    found = with_recording(Uses(), recording(loaded(3)))
    assert [(use.repo_id, use.recorded, use.call) for use in found] == [
        ("ada/engine", (COMMIT,), "")
    ]
    assert found[0].place == "cell [3], line 1"


def test_the_cache_of_datasets_is_matched_to_the_hub_s_name(tmp_path: Path, own: Recorder) -> None:
    path = tmp_path / "Ada___my_notes" / "default" / "0.0.0" / COMMIT / "dataset_info.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    path.read_text()
    found = with_recording(Uses((Use("dataset", "Ada/MyNotes"),)), recorded(own))
    assert [(use.repo_id, use.recorded) for use in found] == [("Ada/MyNotes", (COMMIT,))]


def test_the_process_has_one_recorder_that_a_test_leaves_off() -> None:
    assert not recorder.active
