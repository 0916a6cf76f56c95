"""``check``: live cells, switches, baseline, fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubdoi.commands import Context, run
from hubdoi.records import errors

LOAD = 'AutoModel.from_pretrained("ada/tiny-bert")'


def notebook(path: Path, *sources: str, text: str = "") -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, "execution_count": n}
        for n, source in enumerate(sources, 1)
    ]
    cells.append({"cell_type": "markdown", "metadata": {}, "source": text})
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return path


def live(context: Context, *cells: str, path: Path | None = None) -> Context:
    context.cells, context.namespace = lambda: list(cells), dict
    context.notebook_path = str(path) if path else None
    return context


def test_the_live_cells_are_checked_and_not_the_saved_ones(
    context: Context, tmp_path: Path
) -> None:
    path = notebook(tmp_path / "a.ipynb", "x = 1", text="nothing is cited")
    report = run(["check"], live(context, LOAD, "x = 1", path=path))
    assert report.exit_status == 1
    assert {one.code for one in report.findings} == {"HD001", "HD002"}
    assert f"the citations in {path} as saved on" in report.notes[0]


def test_a_file_saved_before_the_last_cell_is_2(context: Context, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "x = 1")
    report = run(["check"], live(context, "x = 1", "y = 2", path=path))
    assert report.exit_status == 2
    assert "before the present cells; save the notebook first" in report.findings[0].text


def test_a_notebook_without_a_file_is_2(context: Context) -> None:
    report = run(["check"], live(context, "x = 1"))
    assert (report.exit_status, report.findings[0].code) == (2, "HD011")


def test_a_file_that_is_named_in_a_notebook_says_when_it_was_saved(
    context: Context, tmp_path: Path
) -> None:
    path = notebook(tmp_path / "a.ipynb", "x = 1")
    report = run(["check", str(path)], live(context, LOAD))
    assert report.exit_status == 0
    assert report.notes[0].startswith(f"Read {path} as saved on ")


def test_switches_of_pyproject_and_of_the_command(context: Context, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", LOAD)
    assert run(["check", str(path)], context).exit_status == 1
    ignored = run(["check", str(path), "--ignore", "HD001", "--ignore", "HD002"], context)
    assert ignored.exit_status == 0
    config = tmp_path / "pyproject.toml"
    config.write_text('[tool.hubdoi.check]\nignore = ["HD001", "HD002"]\n')
    assert run(["check", str(path)], context).exit_status == 0
    config.write_text('[tool.hubdoi.check]\nignore = ["HD999"]\n')
    with pytest.raises(errors.InvalidInput, match="ignore is a list of codes"):
        run(["check", str(path)], context)
    config.write_text("[tool.hubdoi.check]\nstrickt = true\n")
    with pytest.raises(errors.InvalidInput, match="has no 'strickt'"):
        run(["check", str(path)], context)


def test_commit_only_takes_a_tag_for_no_pin(context: Context, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", LOAD.replace(")", ', revision="v1.0")'))
    words = ["check", str(path), "--ignore", "HD002", "--ignore", "HD009"]
    assert run(words, context).exit_status == 0
    report = run([*words, "--commit-only"], context)
    assert "only v1.0, a tag, which can move" in str(report)


def test_a_baseline_leaves_out_what_is_known_and_must_be_there(
    context: Context, tmp_path: Path
) -> None:
    path = notebook(tmp_path / "a.ipynb", LOAD)
    words = ["check", str(path), "--baseline", str(tmp_path / "known.json")]
    with pytest.raises(errors.InvalidInput, match="There is no baseline"):
        run(words, context)
    assert "2 findings" in str(run([*words, "--write-baseline"], context))
    assert run(words, context).exit_status == 0
    notebook(path, "# moved", LOAD, LOAD.replace("tiny-bert", "other"))
    assert {one.repo for one in run(words, context).findings} == {"ada/other"}


def test_fix_shows_and_then_writes_the_pins(context: Context, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", LOAD)
    head = context.session.client.status("ada/tiny-bert").head
    shown = run(["check", str(path), "--dry-run"], context)
    assert "What would change, 1 file" in str(shown)
    assert str(head) not in path.read_text()
    assert str(run(["check", str(path), "--fix"], context)) == "Fixed: 1 file."
    assert str(run(["check", str(path), "--fix"], context)) == "Nothing to fix."
    assert f'revision=\\"{head}\\"' in path.read_text()
    report = run(["check", str(path)], context)
    assert "HD001" not in {one.code for one in report.findings}


def test_a_cell_has_one_number_in_uses_check_and_what_they_show(
    context: Context, tmp_path: Path
) -> None:
    """The one that Jupyter shows beside it, where there is one: here the second cell is number 7."""
    path = notebook(tmp_path / "a.ipynb", "x = 1", LOAD)
    saved = json.loads(path.read_text())
    saved["cells"][1]["execution_count"] = 7
    path.write_text(json.dumps(saved))
    place = f"{path}, cell [7], line 1"
    uses, report = run(["uses", str(path)], context), run(["check", str(path)], context)
    assert [use.place for use in uses] == [place]
    assert {finding.place for finding in report.findings} == {place}
    for shown in (uses, report):
        bundle = shown._repr_mimebundle_()
        for kind in ("text/plain", "text/markdown", "text/html"):
            assert "cell [7]" in bundle[kind].replace("\\[", "[").replace("\\]", "]"), kind
