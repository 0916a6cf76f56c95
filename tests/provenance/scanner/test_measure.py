"""The measurement over labelled public files, on a repository that the test makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.measure_scanner import LABELS, labelled_files, main

SCRIPT = """
from transformers import AutoModel
from datasets import load_dataset
model = AutoModel.from_pretrained("ada/engine", revision="v1")
data = load_dataset("ada/notes")
"""


def git(*words: str | Path) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, str]:
    """A folder of clones with the repository ``ada/work``, and its commit."""
    clone = tmp_path / "clones" / "ada" / "work"
    clone.mkdir(parents=True)
    git("init", "-q", clone)
    (clone / "train.py").write_text(SCRIPT, encoding="utf-8")
    git("-C", clone, "add", "train.py")
    git("-C", clone, "commit", "-q", "-m", "Add a script")
    return tmp_path / "clones", git("-C", clone, "rev-parse", "HEAD")


def test_precision_and_recall_are_printed(
    clones: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, commit = clones
    labels = tmp_path / "public.txt"
    labels.write_text(
        f"# facts\nada/work {commit}\n  train.py\n    model ada/engine v1\n    model ada/lost\n"
        "  gone.py\n    model ada/engine\n",
        encoding="utf-8",
    )
    assert main([str(folder), str(labels)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrong: dataset ada/notes  in ada/work/train.py",
        "missed: model ada/lost  in ada/work/train.py",
        f"not there: ada/work/gone.py at {commit}",
        "public.txt: precision 0.500, recall 0.500 (uses: 2, files: 1, repositories: 1)",
    ]


def test_without_a_folder_the_usage_is_shown() -> None:
    script = Path(__file__).parents[3] / "scripts" / "measure_scanner.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


def test_the_labels_are_many_and_whole() -> None:
    files = [
        file
        for labels in LABELS.glob("public*.txt")
        for file in labelled_files(labels.read_text(encoding="utf-8"))
    ]
    assert len({(file.repository, file.path) for file in files}) == len(files) >= 100
    assert len({file.repository for file in files}) >= 50
    assert all(len(file.commit) == 40 for file in files)
    assert sum(len(file.uses) for file in files) >= 150
