"""The first command of the README."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

DEMO = Path(__file__).resolve().parents[1] / "scripts" / "demo.py"


def test_the_demo_mints_cites_and_leaves_the_notebook_and_again(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(DEMO), str(place)], capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        assert "10.5072/hf/0002" in done.stdout
        assert "@misc{lovelace" in done.stdout
        notebook = nbformat.read(place / "quickstart.ipynb", as_version=4)
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
