from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hubdoi.bibliography.cited import cited_in, cited_in_notebook
from hubdoi.records import Repo
from hubdoi.records.errors import InvalidInput


def notebook(**cell: Any) -> dict[str, Any]:
    return {"cells": [{"metadata": {}, "source": "", **cell}], "metadata": {}, "nbformat": 4}


@pytest.mark.parametrize(
    "text",
    [
        "See https://doi.org/10.57967/hf/0039.",
        "[gpt2](https://doi.org/10.57967/hf/0039)",
        "(doi:10.57967/HF/0039), and more",
        "<https://doi.org/10.57967/hf/0039>",
        "`10.57967/hf/0039`",
        "doi = {10.57967/hf/0039},",
    ],
)
def test_forms_of_a_doi(text: str) -> None:
    found = cited_in_notebook(notebook(cell_type="markdown", source=[text]))
    assert found.dois == {"10.57967/hf/0039"}


def test_outputs_and_metadata_count_and_code_does_not() -> None:
    doi = "10.57967/hf/0039"
    stream = notebook(cell_type="code", outputs=[{"output_type": "stream", "text": [doi]}])
    shown = notebook(
        cell_type="code", outputs=[{"data": {"text/html": f"<a>{doi}</a>", "image/png": "x"}}]
    )
    code = notebook(cell_type="code", source=f"# {doi}")
    kept = {"cells": [], "metadata": {"hubdoi": {"citations": [{"DOI": doi}]}}}
    assert cited_in_notebook(stream).dois == {doi}
    assert cited_in_notebook(shown).dois == {doi}
    assert cited_in_notebook(kept).dois == {doi}
    assert not cited_in_notebook(code).dois


def test_addresses_of_repositories() -> None:
    text = "[a](https://huggingface.co/ada/engine) hf.co/datasets/ada/notes, https://huggingface.co/docs"
    found = cited_in_notebook(notebook(cell_type="markdown", source=text))
    assert found.repos == {Repo("model", "ada/engine"), Repo("dataset", "ada/notes")}


def test_bib_files_beside_the_notebook_or_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": []}))
    (tmp_path / "refs.bib").write_text("@misc{a, doi = {10.57967/hf/0039}}")
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "more.bib").write_text("@misc{b, doi = {10.57967/hf/0040}}")
    assert cited_in(path).dois == {"10.57967/hf/0039"}
    assert cited_in(path, [other / "more.bib"]).dois == {"10.57967/hf/0040"}
    with pytest.raises(InvalidInput, match=r"There is no file .*none\.bib"):
        cited_in(path, [tmp_path / "none.bib"])


def test_the_text_of_a_quarto_document(tmp_path: Path) -> None:
    path = tmp_path / "a.qmd"
    path.write_text("As in 10.57967/hf/0039.\n```{python}\nx = 1\n```\n")
    assert cited_in(path).dois == {"10.57967/hf/0039"}


def test_a_doi_that_a_bib_file_puts_together_is_cited(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": []}))
    (tmp_path / "refs.bib").write_text(
        '@string{hf = "10.57967/hf/"}\n@misc{a, doi = hf # 0039}\n@misc{b, doi = "10.5072" # "/x"}\n'
    )
    assert {"10.57967/hf/0039", "10.5072/x"} <= cited_in(path).dois
    (tmp_path / "refs.bib").write_text('@string{hf = "10.57967/hf/0040"}\n@misc{a, doi = hf # \n')
    assert cited_in(path).dois == {"10.57967/hf/0040"}
