"""Pinning writes a revision into the calls, and nothing else."""

from __future__ import annotations

import ast

import pytest

from hubdoi.bibliography.pinning import pin
from hubdoi.provenance.scanner.document import Cell
from hubdoi.records import Repo
from hubdoi.records.errors import InvalidInput

BERT = Repo("model", "ada/tiny-bert")
SHA = "0123456789abcdef0123456789abcdef01234567"
IMPORT = "from transformers import AutoModel\n"


def pinned(source: str, repo: Repo = BERT, old: str | None = None) -> str:
    for edit in pin([Cell(0, source)], repo, SHA, old):
        source = edit.apply(source)
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
        "!hf download ada/tiny-bert",
        IMPORT + "%time m = AutoModel.from_pretrained('ada/tiny-bert')",
        IMPORT + "r = 'main'\nAutoModel.from_pretrained('ada/tiny-bert', **more)",
    ],
)
def test_what_cannot_be_edited_is_said_and_left(source: str) -> None:
    with pytest.raises(InvalidInput, match="write revision="):
        pinned(source)


def test_what_is_not_loaded_needs_no_edit() -> None:
    assert pin([Cell(0, "print('ada/tiny-bert')")], BERT, SHA) == []
