from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubdoi.bibliography import uses
from hubdoi.provenance.scanner.document import cells_of_file, cells_of_notebook
from hubdoi.records.errors import InvalidInput


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_notebook_cells_keep_their_index_and_join_their_lines() -> None:
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": "# Title"},
            {"cell_type": "code", "source": ["a = 1\n", "b = 2"]},
            {"cell_type": "code", "source": ""},
            {"cell_type": "code", "source": "c"},
        ]
    }
    assert [(c.index, c.source) for c in cells_of_notebook(notebook)] == [
        (1, "a = 1\nb = 2"),
        (3, "c"),
    ]


def test_notebook_of_format_3() -> None:
    notebook = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}
    assert [c.source for c in cells_of_notebook(notebook)] == ["x = 1"]


@pytest.mark.parametrize(
    ("language", "expected"),
    [("python", ["python"]), ("bash", ["shell"]), ("R", []), ("", ["python"])],
)
def test_kernel_language(language: str, expected: list[str]) -> None:
    notebook = {
        "metadata": {"kernelspec": {"language": language}},
        "cells": [{"cell_type": "code", "source": "x"}],
    }
    assert [c.language for c in cells_of_notebook(notebook)] == expected


def test_script_without_cells_is_one_cell_without_index(tmp_path: Path) -> None:
    (cell,) = cells_of_file(written(tmp_path / "a.py", "x = 1\n"))
    assert (cell.index, cell.offset) == (None, 0)


def test_percent_script_counts_every_cell(tmp_path: Path) -> None:
    text = (
        "import a\n# %% [markdown]\n# words\n# %%\nx = 1\n# %% named\n# !hf download ada/engine\n"
    )
    cells = cells_of_file(written(tmp_path / "a.py", text))
    assert [(c.index, c.offset, c.source) for c in cells] == [
        (0, 0, "import a"),
        (2, 4, "x = 1"),
        (3, 6, "!hf download ada/engine"),
    ]


def test_myst_cells_without_their_options(tmp_path: Path) -> None:
    text = (
        "---\nkernelspec:\n  name: python3\n---\n# Title\n```python\nnot_run = 1\n```\n"
        "```{code-cell} ipython3\n:tags: [hide-input]\nx = 1\n```\n"
        "```{code-cell} R\nlibrary(x)\n```\n```{code-cell}\n---\nname: b\n---\ny = 2\n```\n"
    )
    cells = cells_of_file(written(tmp_path / "a.md", text))
    assert [(c.index, c.offset, c.source.strip()) for c in cells] == [
        (0, 9, "x = 1"),
        (1, 16, "y = 2"),
    ]


def test_cells_within_a_directive(tmp_path: Path) -> None:
    text = "::::{note}\n```{code-cell} python\nx = 1\n```\n::::\n````{admonition} Title\n```{code-cell}\ny = 2\n```\n````\n"
    assert [c.source for c in cells_of_file(written(tmp_path / "a.md", text))] == ["x = 1", "y = 2"]


def test_quarto_cells(tmp_path: Path) -> None:
    text = "```{python}\n#| echo: false\nx = 1\n```\n\n```{r}\ny\n```\n\n```{bash}\nls\n```\n\n```{python, label='z'}\nz\n```\n"
    cells = cells_of_file(written(tmp_path / "a.qmd", text))
    assert [(c.source, c.language) for c in cells] == [
        ("#| echo: false\nx = 1", "python"),
        ("ls", "shell"),
        ("z", "python"),
    ]


def test_jupytext_markdown_runs_plain_fences(tmp_path: Path) -> None:
    text = "---\njupyter:\n  jupytext:\n    text_representation:\n      format_name: markdown\n---\n```python\nx = 1\n```\n"
    assert [c.source for c in cells_of_file(written(tmp_path / "a.md", text))] == ["x = 1"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.ipynb", "{", "its text is not JSON"),
        ("a.ipynb", "[]", "its JSON holds no cells"),
        ("a.ipynb", "{}", "it has no list of cells"),
        ("a.csv", "x", "hubdoi reads .ipynb, .py, .md (MyST) and .qmd files"),
    ],
)
def test_what_is_no_notebook_says_so(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match="not a notebook") as caught:
        cells_of_file(written(tmp_path / name, text))
    assert message in caught.value.message


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        cells_of_file(tmp_path / "none.ipynb")
    (tmp_path / "a.ipynb").mkdir()
    with pytest.raises(InvalidInput, match=r"a\.ipynb is a directory"):
        cells_of_file(tmp_path / "a.ipynb")
    (tmp_path / "b.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        cells_of_file(tmp_path / "b.py")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"cells": []}).encode())
    assert cells_of_file(path) == []


@pytest.mark.parametrize(
    ("first", "encoding"),
    [
        ("# -*- coding: latin-1 -*-", "latin-1"),
        ("#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :", "cp1252"),
        ("# coding: euc_jp", "euc_jp"),
    ],
)
def test_a_script_is_read_in_the_encoding_that_it_declares(
    tmp_path: Path, first: str, encoding: str
) -> None:
    word = "\u65e5\u672c" if encoding == "euc_jp" else "\xe9t\xe9"
    path = tmp_path / "a.py"
    path.write_bytes(f"{first}\nname = '{word}'\n".encode(encoding))
    assert word in cells_of_file(path)[0].source


def test_an_encoding_that_python_does_not_have_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"# coding: none-such\nx = 1\n")
    with pytest.raises(InvalidInput, match="declares an encoding"):
        cells_of_file(path)


MARIMO = """import marimo

app = marimo.App(width="medium")

with app.setup:
    from transformers import AutoModel


@app.cell
def _():
    name = "ada/engine"
    return (name,)


@app.cell(hide_code=True)
async def _(name):
    # the name is another cell's
    model = AutoModel.from_pretrained(
        name,
    )
    return


@app.function
def load(other="ada/other"):
    return AutoModel.from_pretrained(other)


if __name__ == "__main__":
    app.run()
"""


def test_marimo_cells_are_functions(tmp_path: Path) -> None:
    cells = cells_of_file(written(tmp_path / "a.py", MARIMO))
    assert [cell.index for cell in cells] == [0, 1, 2, 3]
    assert cells[1].source.splitlines()[0] == 'name = "ada/engine"'
    found = uses(str(tmp_path / "a.py"))
    assert [(u.repo_id, u.cell, u.line) for u in found] == [
        ("ada/engine", 2, 18),
        ("ada/other", 3, 26),
    ]
    assert not found.unclear


def test_a_broken_end_leaves_the_cells_of_a_marimo_notebook(tmp_path: Path) -> None:
    path = written(tmp_path / "a.py", MARIMO + "\nx = (\n")
    assert [(u.repo_id, u.cell, u.line) for u in uses(str(path))] == [
        ("ada/engine", 2, 18),
        ("ada/other", 3, 26),
    ]


def test_a_broken_cell_leaves_the_others_of_a_marimo_notebook(tmp_path: Path) -> None:
    broken = """@app.cell
def again(
    name,
):
    \"\"\"AutoModel.from_pretrained("ada/shown")

words at the start of a line
\"\"\"
    x = = 3
    AutoModel.from_pretrained("ada/broken")
    return


app._unparsable_cell(
    r\"\"\"
    y = = 3
    AutoModel.from_pretrained("ada/kept")
    \"\"\",
    name="_",
)


if __name__"""
    text = MARIMO.replace("if __name__", broken)
    found = uses(str(written(tmp_path / "a.py", text)))
    lines = text.splitlines()
    assert [(u.repo_id, u.cell) for u in found] == [
        ("ada/engine", 2),
        ("ada/other", 3),
        ("ada/broken", 4),
        ("ada/kept", 5),
    ]
    assert [u.repo_id in lines[u.line - 1] for u in list(found)[2:]] == [True, True]


@pytest.mark.parametrize("encoding", ["rot13", "zip", "undefined"])
def test_a_codec_that_makes_no_text_is_one_sentence(encoding: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.py", f"# -*- coding: {encoding} -*-\nx = 1\n")
    with pytest.raises(InvalidInput, match="declares an encoding that Python cannot read"):
        cells_of_file(path)
