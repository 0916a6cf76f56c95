from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubdoi.bibliography import Finding
from hubdoi.bibliography.pins import pins_for
from hubdoi.provenance.scanner.document import cells_of_file
from hubdoi.provenance.scanner.scan import scan
from hubdoi.records.errors import InvalidInput

COMMIT = "0123456789abcdef0123456789abcdef01234567"
IMPORT = "from transformers import AutoModel as X\n"


def finding(path: Path, repo: str = "ada/engine", **more: object) -> Finding:
    made = Finding("finding", "HD001", "not pinned", str(path), repo=repo, commit=COMMIT)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("old", "before", "after"),
    [
        (None, 'X.from_pretrained("ada/engine")', f'X.from_pretrained("ada/engine", revision="{COMMIT}")'),
        (None, 'n = "ada/engine"; m = X.from_pretrained(n, a=1,)  # é', f'n = "ada/engine"; m = X.from_pretrained(n, a=1, revision="{COMMIT}",)  # é'),
        ("main", 'X.from_pretrained("ada/engine", revision="main")', f'X.from_pretrained("ada/engine", revision="{COMMIT}")'),
        (None, 'X.from_pretrained(\n    "ada/engine",\n    b=2,\n)', f'X.from_pretrained(\n    "ada/engine",\n    b=2, revision="{COMMIT}",\n)'),
        (None, 'X.from_pretrained("ada/engine"); X.from_pretrained("ada/engine")', f'X.from_pretrained("ada/engine", revision="{COMMIT}"); X.from_pretrained("ada/engine", revision="{COMMIT}")'),
    ],
)  # fmt: skip
def test_every_call_gets_its_revision(
    tmp_path: Path, end: str, old: str | None, before: str, after: str
) -> None:
    path = tmp_path / "a.py"
    text = f"{IMPORT}{before}\nx = 1\n".replace("\n", end)
    path.write_bytes(text.encode())
    pins = pins_for([finding(path, revision=old)])
    assert COMMIT in pins.diff()
    assert path.read_bytes().decode() == text
    pins.write()
    assert path.read_bytes().decode() == text.replace(
        *(t.replace("\n", end) for t in (before, after))
    )


@pytest.mark.parametrize(
    "source",
    [
        'settings = {"pretrained_model_name_or_path": "ada/engine"}\nX.from_pretrained(**settings)',
        'name = "main"\nX.from_pretrained("ada/engine", revision=name)',
    ],
)
def test_what_is_not_certain_is_left_to_a_person(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(IMPORT + source)
    (use,) = scan(cells_of_file(path))[0]
    pins = pins_for([finding(path, revision=use.revision)])
    assert (pins.changes, len(pins.left)) == ((), 1)


def test_without_a_revision_to_write_a_finding_is_left_to_a_person(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(IMPORT + 'X.from_pretrained("ada/engine")')
    unknown = finding(path, commit=None)
    pins = pins_for([unknown, replace(unknown, code="HD002")])
    assert (pins.changes, pins.left) == ((), (unknown,))


@pytest.mark.parametrize("suffix", [".md", ".qmd"])
def test_texts_with_cells(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    name = "{code-cell} python\n:tags: [a]" if suffix == ".md" else "{python}"
    text = f"# T\n\n```{name}\n{IMPORT}X.from_pretrained('ada/engine')\n```\n"
    path.write_text(text)
    pins_for([finding(path)]).write()
    assert path.read_text() == text.replace("engine')", f'engine\', revision="{COMMIT}")')


def test_paths_and_options(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('import pandas as pd\npd.read_csv("hf://datasets/ada/notes/x.csv")\n')
    pins_for([finding(path, "datasets/ada/notes")]).write()
    assert f'"hf://datasets/ada/notes@{COMMIT}/x.csv"' in path.read_text()
    path = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "source": "!hf download ada/engine config.json"}
    path.write_text(json.dumps({"cells": [cell]}))
    pins_for([finding(path)]).write()
    assert f"!hf download ada/engine --revision {COMMIT} config.json" in path.read_text()


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_notebook_keeps_every_other_byte(tmp_path: Path, ascii_only: bool) -> None:
    load = 'X.from_pretrained("ada/engine")  # é'
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": []}
    output = {"output_type": "stream", "name": "stdout", "text": [load]}
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": ["Ünï ", load]},
        {**code, "outputs": [output], "source": ["x = 1\n", load]},
        {**code, "source": IMPORT + load},
    ]
    path = tmp_path / "a.ipynb"

    def written() -> str:
        return json.dumps({"cells": cells, "nbformat": 4}, indent=3, ensure_ascii=ascii_only)

    path.write_text(written())
    pins_for([finding(path)]).write()
    fixed = load.replace('engine"', f'engine", revision="{COMMIT}"')
    cells[1]["source"], cells[2]["source"] = ["x = 1\n", fixed], IMPORT + fixed
    assert path.read_text() == written()


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'{IMPORT}X.from_pretrained("ada/engine")')
    pins = pins_for([finding(path)])
    path.write_text("other")
    with pytest.raises(InvalidInput, match="has changed in the meantime"):
        pins.write()
    assert path.read_text() == "other"


def test_the_indented_cells_of_marimo(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    cell = '@app.cell\ndef _():\n    m = X.from_pretrained("ada/engine")\n    return (m,)\n'
    path.write_text(f"import marimo\napp = marimo.App()\n\n{cell}")
    pins_for([finding(path)]).write()
    assert f'\n    m = X.from_pretrained("ada/engine", revision="{COMMIT}")\n' in path.read_text()


def test_a_file_in_another_encoding_is_left_to_a_person(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(
        f'# coding: latin-1\n# é\n{IMPORT}X.from_pretrained("ada/engine")\n'.encode("latin-1")
    )
    pins = pins_for([finding(path)])
    assert pins.diff() == ""
    assert [one.repo for one in pins.left] == ["ada/engine"]
