"""The same notebook under papermill and nbconvert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors import ExecutePreprocessor

from hubdoi.sandbox import Sandbox


def notebook(*lines: str) -> Any:
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    parameters = nbformat.v4.new_code_cell("model = 'datasets/ada/notes'")
    parameters.metadata["tags"] = ["parameters"]
    load = nbformat.v4.new_code_cell("%load_ext hubdoi\n%doi use sandbox")
    made.cells = [parameters, load, *(nbformat.v4.new_code_cell(line) for line in lines)]
    return made


def minted(repo: str) -> tuple[str, str]:
    """Cells that mint with nobody watching: the script says to which terms it agrees."""
    return (
        f"from hubdoi import Client\ndigest = Client().terms(f'{repo}').digest",
        f"%doi mint {repo} --agree {{digest}}",
    )


def text_of(cell: Any) -> str:
    return str(cell.outputs[-1]["data"]["text/plain"])


@pytest.fixture
def surroundings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    return sandbox


def test_papermill_fills_in_the_parameter(surroundings: Sandbox, tmp_path: Path) -> None:
    nbformat.write(notebook(*minted("{model}"), "%doi cite {model}"), tmp_path / "in.ipynb")
    done = papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        parameters={"model": "ada/tiny-bert"},
        progress_bar=False,
        log_output=False,
    )
    assert "@misc{lovelace" in text_of(done.cells[-1])
    assert "tiny-bert" in text_of(done.cells[-1])
    assert set(done.cells[-1].outputs[-1]["data"]) == {"text/plain", "text/markdown", "text/html"}


def test_r03_a_mint_without_consent_fails_the_cell_in_nbconvert(surroundings: Sandbox) -> None:
    made = notebook("%doi mint ada/tiny-bert")
    with pytest.raises(CellExecutionError, match="--agree"):
        ExecutePreprocessor(timeout=60).preprocess(made, {})
    assert made.cells[-1].outputs[-1]["ename"] == "ConsentRequired"


def test_a_progress_bar_leaves_nothing_in_the_notebook(surroundings: Sandbox) -> None:
    made = notebook(
        "%doi status --owner ada",
        "from hubdoi import Client, uses\nowned = Client().statuses(owner='ada', progress=True)",
        "found = uses([{'cells': []}] * 30, progress=True)",
    )
    done, _ = ExecutePreprocessor(timeout=60).preprocess(made, {})
    status, *quiet = done.cells[2:]
    assert [output.output_type for output in status.outputs] == ["execute_result"]
    assert [cell.outputs for cell in quiet] == [[], []]


def test_nbconvert_cites_what_the_notebook_uses(surroundings: Sandbox) -> None:
    made = notebook(
        *minted("ada/tiny-bert"),
        "if False:\n    from_pretrained = None\n    AutoModel.from_pretrained('ada/tiny-bert')",
        "%doi cite --format text",
    )
    done, _ = ExecutePreprocessor(timeout=60).preprocess(made, {})
    assert "10.5072/hf/0001" in text_of(done.cells[-1])
