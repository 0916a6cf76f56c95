"""``export``: printed, written, of a file, of this notebook, of a repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubdoi.commands import Context, run
from hubdoi.records import errors

LOAD = 'load_dataset("ada/notes")\n'


def test_a_script_is_printed_as_json_and_the_notes_beside_it(
    context: Context, shown: list[object], tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(LOAD)
    bom = json.loads(run(["export", str(script), "--format", "cyclonedx"], context))
    assert bom["components"][0]["name"] == "notes"
    assert "ada/notes has no DOI" in str(shown[0])


def test_a_running_notebook_is_exported_with_its_file(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text("{}")
    context.cells, context.namespace = lambda: [LOAD], dict
    context.notebook_path = str(path)
    crate = json.loads(run(["export", "--format", "ro-crate"], context))
    (root,) = [entity for entity in crate["@graph"] if entity["@id"] == "./"]
    assert {"@id": "a.ipynb"} in root["hasPart"]


def test_a_repository_is_exported_at_its_latest_commit(context: Context, tmp_path: Path) -> None:
    head = context.session.client.status("datasets/ada/notes").head
    words = ["export", "datasets/ada/notes", "--format", "croissant", "-o", str(tmp_path / "out")]
    for _ in range(2):
        assert "Written:" in str(run(words, context))
    document = json.loads((tmp_path / "out" / "ada--notes.croissant.json").read_text())
    assert document["version"] == head


def test_what_is_neither_a_file_nor_a_repository(context: Context) -> None:
    with pytest.raises(errors.HubdoiError, match=r"ada/absent"):
        run(["export", "ada/absent", "--format", "cyclonedx"], context)
    with pytest.raises(errors.UsageError, match="Name a notebook"):
        run(["export", "--format", "cyclonedx"], context)
