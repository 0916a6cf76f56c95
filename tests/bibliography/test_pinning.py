"""Pinning writes a revision into the calls, and nothing else."""

from __future__ import annotations

import ast

import pytest

from hubdoi.bibliography.pinning import Pinning
from hubdoi.provenance.scanner.cell import Cell
from hubdoi.provenance.scanner.document import cells_of_text
from hubdoi.records import Repo
from hubdoi.records.errors import InvalidInput

BERT = Repo("model", "ada/tiny-bert")
SHA = "0123456789abcdef0123456789abcdef01234567"
IMPORT = "from transformers import AutoModel\n"


def pinned(source: str, repo: Repo = BERT, old: str | None = None) -> str:
    pinning = Pinning([Cell(0, source)])
    pinning.pin(repo, SHA, old)
    for edit in pinning.edits:
        source = edit.apply(source)
    assert source == pinning.cells[0].source
    return source


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f = AutoModel.from_pretrained('ada/tiny-bert')", "f = AutoModel.from_pretrained('ada/tiny-bert', REV)"),
        ("AutoModel.from_pretrained('ada/tiny-bert',)", "AutoModel.from_pretrained('ada/tiny-bert', REV,)"),
        ("AutoModel.from_pretrained(('ada/tiny-bert'))", "AutoModel.from_pretrained(('ada/tiny-bert'), REV)"),
        ("é = '😀'; AutoModel.from_pretrained('ada/tiny-bert', dtype=(1, 2))", "é = '😀'; AutoModel.from_pretrained('ada/tiny-bert', dtype=(1, 2), REV)"),
        ("AutoModel.from_pretrained(\n    'ada/tiny-bert',  # ours\n)", "AutoModel.from_pretrained(\n    'ada/tiny-bert', REV,  # ours\n)"),
        ("a = AutoModel.from_pretrained('ada/tiny-bert')\nb = AutoModel.from_pretrained('ada/tiny-bert')", "a = AutoModel.from_pretrained('ada/tiny-bert', REV)\nb = AutoModel.from_pretrained('ada/tiny-bert', REV)"),
        ("n = 'ada/tiny-bert'\nAutoModel.from_pretrained(n)", "n = 'ada/tiny-bert'\nAutoModel.from_pretrained(n, REV)"),
        ("AutoModel.from_pretrained('ada/other'), AutoModel.from_pretrained('ada/tiny-bert')", "AutoModel.from_pretrained('ada/other'), AutoModel.from_pretrained('ada/tiny-bert', REV)"),
    ],
)  # fmt: skip
def test_the_argument_is_added_after_the_last(before: str, after: str) -> None:
    made = pinned(IMPORT + before)
    ast.parse(made)
    assert made == IMPORT + after.replace("REV", f'revision="{SHA}"')


def test_a_branch_or_another_commit_is_replaced() -> None:
    before = IMPORT + "AutoModel.from_pretrained('ada/tiny-bert', revision='main', x=1)"
    assert pinned(before, old="main") == before.replace("'main'", f'"{SHA}"')


def test_a_dataset_that_was_loaded_by_another_argument_name() -> None:
    before = "from nlp import load_dataset\nload_dataset('ada/notes')"
    made = pinned(before, Repo("dataset", "ada/notes"))
    assert f'version="{SHA}"' in made


@pytest.mark.parametrize(
    "source",
    [
        "!git clone https://huggingface.co/ada/tiny-bert",
        "!hf download ada/tiny-bert  # ours",
        IMPORT + "%time m = AutoModel.from_pretrained('ada/tiny-bert')",
        IMPORT + "r = 'main'\nAutoModel.from_pretrained('ada/tiny-bert', **more)",
    ],
)
def test_what_cannot_be_edited_is_said_and_left(source: str) -> None:
    with pytest.raises(InvalidInput, match=r"write (revision=|--revision|git checkout)"):
        pinned(source)


@pytest.mark.parametrize(
    ("before", "old", "after"),
    [
        ("!hf download ada/tiny-bert config.json", None, f"!hf download ada/tiny-bert --revision {SHA} config.json"),
        ("!hf download ada/tiny-bert --revision main", "main", f"!hf download ada/tiny-bert --revision {SHA}"),
        ("import pandas as pd\npd.read_csv('hf://ada/tiny-bert/x.csv')", None, f"import pandas as pd\npd.read_csv('hf://ada/tiny-bert@{SHA}/x.csv')"),
        ("import pandas as pd\npd.read_csv('hf://ada/tiny-bert@main/x.csv')", "main", f"import pandas as pd\npd.read_csv('hf://ada/tiny-bert@{SHA}/x.csv')"),
        ("import pandas as pd\npd.read_csv('https://huggingface.co/ada/tiny-bert/resolve/main/x.csv')", "main", f"import pandas as pd\npd.read_csv('https://huggingface.co/ada/tiny-bert/resolve/{SHA}/x.csv')"),
    ],
)  # fmt: skip
def test_options_paths_and_urls(before: str, old: str | None, after: str) -> None:
    assert pinned(before, old=old) == after


def test_a_text_is_edited_where_its_cell_stands() -> None:
    text = f"# T\r\n\r\n```{{code-cell}} python\r\n:tags: [a]\r\n{IMPORT.strip()}\r\nAutoModel.from_pretrained('ada/tiny-bert')\r\n```\r\n"
    pinning = Pinning(cells_of_text(text.replace("\r\n", "\n"), ".md"), text)
    pinning.pin(BERT, SHA)
    assert pinning.text == text.replace("bert')", f'bert\', revision="{SHA}")')
    (edit,) = pinning.edits
    assert edit.line == 5


def test_a_magic_that_a_script_has_as_a_comment_is_left() -> None:
    text = "# %%\n# !hf download ada/tiny-bert\n"
    pinning = Pinning(cells_of_text(text, ".py"), text)
    with pytest.raises(InvalidInput, match="line 2"):
        pinning.pin(BERT, SHA)
    assert pinning.text == text


def test_what_is_not_loaded_needs_no_edit() -> None:
    pinning = Pinning([Cell(0, "print('ada/tiny-bert')")])
    pinning.pin(BERT, SHA)
    assert pinning.edits == []


def test_the_calls_before_one_that_cannot_be_edited_are_pinned() -> None:
    line = "AutoModel.from_pretrained('ada/tiny-bert'"
    pinning = Pinning([Cell(0, f"{IMPORT}{line})\n"), Cell(1, f"x = {line}, **more)")])
    with pytest.raises(InvalidInput, match="cell 1"):
        pinning.pin(BERT, SHA)
    assert [edit.position for edit in pinning.edits] == [0]
