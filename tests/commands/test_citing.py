from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from hubdoi.citation import FORMATS
from hubdoi.commands import Context, run
from hubdoi.records import errors
from tests.commands.agreeing import agreed


@pytest.fixture
def minted(context: Context) -> Context:
    agreed(context, "mint", "ada/tiny-bert")
    return context


def test_bibtex_is_what_it_gives(minted: Context) -> None:
    citation = run(["cite", "ada/tiny-bert"], minted)
    assert str(citation).startswith("@misc{lovelace")
    assert "10.5072/hf/0001" in str(citation)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_can_be_asked_for(minted: Context, format: str) -> None:
    citation = run(["cite", "ada/tiny-bert", "--format", format], minted)
    assert citation.format == format
    assert "10.5072/hf/0001" in str(citation).lower()


@pytest.mark.parametrize("format", ["bibtex", "ris"])
def test_a_style_and_a_format_that_is_not_text_are_not_taken_together(
    minted: Context, format: str
) -> None:
    with pytest.raises(errors.InvalidInput, match=f"combined with the format {format}"):
        run(["cite", "ada/tiny-bert", "--style", "apa", "--format", format], minted)


def test_a_doi_can_be_cited_as_well(minted: Context) -> None:
    by_repo = run(["cite", "ada/tiny-bert"], minted)
    for written in ("10.5072/hf/0001", "https://doi.org/10.5072/HF/0001", "doi:10.5072/hf/0001"):
        assert str(run(["cite", written], minted)) == str(by_repo)


def test_several_make_one_list(minted: Context) -> None:
    agreed(minted, "mint", "datasets/ada/notes")
    citation = run(["cite", "ada/tiny-bert", "datasets/ada/notes", "--format", "csl-json"], minted)
    assert [item["DOI"] for item in json.loads(str(citation))] == [
        "10.5072/hf/0001",
        "10.5072/hf/0002",
    ]


def test_a_repository_without_a_doi_is_cited_by_its_address(context: Context) -> None:
    citation = run(["cite", "datasets/ada/notes"], context)
    assert "doi" not in str(citation)
    assert "datasets/ada/notes" in str(citation)
    assert any("no DOI" in note for note in citation.notes)
    # The author that a mint would name.
    assert "{Lovelace, Ada}" in str(citation)


def test_the_version_of_a_revision(minted: Context) -> None:
    client = minted.session.client
    first = client.status("ada/tiny-bert").revision
    assert first is not None
    middle = client.hf_api().upload_file(
        path_or_fileobj=b"1", path_in_repo="a.txt", repo_id="ada/tiny-bert"
    )
    client.hf_api().upload_file(path_or_fileobj=b"2", path_in_repo="b.txt", repo_id="ada/tiny-bert")
    agreed(minted, "regenerate", "ada/tiny-bert")
    outdated = run(["cite", "ada/tiny-bert", "--revision", first[:7]], minted)
    assert "10.5072/hf/0001" in str(outdated)
    assert any("10.5072/hf/0002" in note for note in outdated.notes)
    between = run(["cite", f"ada/tiny-bert@{middle.oid}"], minted)
    assert any("not the same" in note for note in between.notes)
    with pytest.raises(errors.RevisionNotFound):
        run(["cite", "ada/tiny-bert", "--revision", "0" * 40], minted)


def test_output_writes_a_file(minted: Context, tmp_path: Path) -> None:
    run(["cite", "ada/tiny-bert", "--output", str(tmp_path / "refs.bib")], minted)
    assert "10.5072/hf/0001" in (tmp_path / "refs.bib").read_text("utf-8")


def test_unknown_doi(minted: Context) -> None:
    with pytest.raises(errors.DoiNotFound, match=r"10\.5072/hf/9999"):
        run(["cite", "10.5072/hf/9999"], minted)


def test_badge(minted: Context) -> None:
    assert "10.5072/hf/0001" in run(["badge", "ada/tiny-bert"], minted).markdown
    with pytest.raises(errors.UsageError, match="no DOI yet"):
        run(["badge", "datasets/ada/notes"], minted)


def test_a_bib_file_of_nothing_is_not_written(context: Context, tmp_path: Path) -> None:
    file = tmp_path / "refs.bib"
    context = replace(context, cells=lambda: ["x = 1"], namespace=dict)
    message = run(["bib", str(file)], context)
    assert str(message) == f"No models or datasets are used; {file} was left as it is."
    assert not file.exists()


def recorded_run(script: Path, context: Context) -> str:
    """A script whose last run loaded the first of two DOIs' revisions; that revision."""
    client = context.session.client
    first = client.status("ada/tiny-bert").head or ""
    load = {"repo_type": "model", "repo_id": "ada/tiny-bert", "commit": first, "how": ["opened"]}
    kept = {"format": "hubdoi-provenance/1", "ended": "2026-11-25T10:00:00Z", "recorded": [load]}
    script.write_text('AutoConfig.from_pretrained("ada/tiny-bert")\n')
    script.with_suffix(".provenance.json").write_text(json.dumps(kept))
    client.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    agreed(context, "regenerate", "ada/tiny-bert")
    return first


def test_r13_a_file_is_cited_by_what_its_last_run_recorded_with_its_date(
    minted: Context, tmp_path: Path
) -> None:
    script, refs = tmp_path / "train.py", tmp_path / "refs.bib"
    recorded_run(script, minted)
    said = f"{script}: revisions as the run that ended on 2026-11-25 10:00 UTC recorded them."
    citation = run(["cite", str(script)], minted)
    assert "10.5072/hf/0001" in str(citation)
    assert said in citation.notes
    assert said in run(["bib", str(refs), str(script)], minted).notes
    assert "10.5072/hf/0001" in refs.read_text("utf-8")
    assert said in run(["uses", str(script)], minted).notes
    assert said in run(["uses", str(script), "--table"], minted).notes
    refs.unlink()
    report = run(["check", str(script)], minted)
    assert said in report.notes
    assert "is not cited; its DOI is 10.5072/hf/0001." in str(report)
    with pytest.raises(errors.UsageError, match="name either files or repositories"):
        run(["bib", str(refs), str(script), "ada/tiny-bert"], minted)
    with pytest.raises(errors.UsageError, match="--revision is of a repository"):
        run(["cite", str(script), "--revision", "abc1234"], minted)


def test_r13_without_a_record_every_answer_names_the_dois(minted: Context, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    recorded_run(script, minted)
    script.with_suffix(".provenance.json").unlink()
    notebook = tmp_path / "a.ipynb"
    source = script.read_text()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), notebook)
    table = run(["uses", str(script), "--table"], minted)
    for told in (
        " ".join(run(["bib", str(tmp_path / "refs.bib"), str(script)], minted).notes),
        " ".join(run(["cite", "--insert", str(notebook)], minted).notes),
        " ".join(table.notes),
        table.to_markdown().replace("\\", ""),
        str(run(["check", str(script)], minted)),
    ):
        assert "is not proven; it has the DOIs 10.5072/hf/0002" in told
        assert "10.5072/hf/0001 (revision " in told
    fixes = run(["check", str(script), "--fix", "--dry-run"], minted)
    assert str(fixes) == "No file would change."
    assert "if the latest DOI names what was loaded" in fixes.details


def test_a_notebook_on_the_command_line_gets_its_own_bibliography(
    minted: Context, tmp_path: Path
) -> None:
    notebook = tmp_path / "a.ipynb"
    code = "from transformers import AutoModel\nAutoModel.from_pretrained('ada/tiny-bert')"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), notebook)
    written = run(["cite", str(notebook), "--insert"], minted)
    assert str(written).startswith(f"The bibliography cell of {notebook} is written.")
    assert "10.5072/hf/" in notebook.read_text("utf-8")
    again = run(["cite", str(notebook), "--insert"], minted)
    assert str(again).startswith(f"The bibliography cell of {notebook} is up to date.")
