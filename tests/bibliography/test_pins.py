from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hubdoi.bibliography import Finding
from hubdoi.bibliography.pins import pins_for
from hubdoi.provenance.use import Form
from hubdoi.records.errors import InvalidInput

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def finding(
    path: Path, line: int = 1, call: str = "X.load", form: Form = "argument", **more: object
) -> Finding:
    made = Finding(
        "finding", "HD001", "not pinned", str(path), line=line, repo="ada/engine", call=call,
        form=form, commit=COMMIT,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('X.load("ada/engine")', f'X.load("ada/engine", revision="{COMMIT}")'),
        ("m = X.load(name, a=1,)  # é", f'm = X.load(name, a=1, revision="{COMMIT}",)  # é'),
        ('X.load("é", revision="main")', f'X.load("é", revision="{COMMIT}")'),
        ('X.load(\n    "a",\n    b=2,\n)', f'X.load(\n    "a",\n    b=2, revision="{COMMIT}",\n)'),
    ],
)
def test_a_call_gets_its_revision(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(f"{before}\r\nx = 1\n".encode())
    pins = pins_for([finding(path)])
    assert COMMIT in pins.diff()
    assert path.read_bytes().decode() == f"{before}\r\nx = 1\n"
    pins.write()
    assert path.read_bytes().decode() == f"{after}\r\nx = 1\n"


@pytest.mark.parametrize(
    "source",
    [
        "X.load(**settings)",
        'X.load("a"); X.load("b")',
        'X.load("a", revision=name)',
        "X.load(",
        "y = 1",
        "X.load((name))",
    ],
)
def test_what_is_not_certain_is_left_to_a_person(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    pins = pins_for([finding(path)])
    assert (pins.changes, len(pins.left)) == ((), 1)


def test_paths_and_options(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('pd.read_csv("hf://ada/engine/x.csv")\n')
    pins_for([finding(path, call="pd.read_csv", form="path")]).write()
    assert path.read_text() == f'pd.read_csv("hf://ada/engine@{COMMIT}/x.csv")\n'
    path.write_text("!hf download ada/engine config.json\n")
    pins_for([finding(path, call="hf download", form="option")]).write()
    assert path.read_text() == f"!hf download ada/engine --revision {COMMIT} config.json\n"


def test_a_notebook_keeps_every_other_byte(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["Ünï"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", 'X.load("é")']},
    ]
    path = tmp_path / "a.ipynb"
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=3)
    path.write_text(text)
    pins_for([finding(path, line=2, cell=1)]).write()
    fixed = f'X.load("é", revision="{COMMIT}")'
    assert path.read_text() == text.replace(json.dumps('X.load("é")'), json.dumps(fixed))


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('X.load("a")')
    pins = pins_for([finding(path)])
    path.write_text("other")
    with pytest.raises(InvalidInput, match="has changed meanwhile"):
        pins.write()
    assert path.read_text() == "other"
