"""How much of what notebooks load is found, and how much of what is found is loaded.

The notebooks imitate idioms of public ones. `tune.txt` was looked at while the scanner was made,
`held_out.txt` was not: its figures are the ones to report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hubdoi.bibliography import uses

LABELS = Path(__file__).parent / "labels"

Label = tuple[str, str, str | None]


class Labelled(NamedTuple):
    title: str
    notebook: dict[str, Any]
    uses: list[Label]
    unclear: list[str]


def labelled(name: str) -> list[Labelled]:
    """The notebooks of a file: ``###`` a title, ``%%%`` a cell, ``=`` a use, ``?`` an unclear call."""
    notebooks: list[Labelled] = []
    for part in (LABELS / name).read_text(encoding="utf-8").split("\n### "):
        title, _, rest = part.removeprefix("### ").partition("\n")
        cells: list[dict[str, Any]] = []
        found: list[Label] = []
        unclear: list[str] = []
        for line in rest.split("\n"):
            if line.startswith("%%% "):
                cells.append({"cell_type": line[4:], "metadata": {}, "source": []})
            elif line.startswith("= "):
                kind, repo_id, *revision = line[2:].split()
                found.append((kind, repo_id, revision[0] if revision else None))
            elif line.startswith("? "):
                unclear.append(line[2:])
            elif cells and not found and not unclear:
                cells[-1]["source"].append(line + "\n")
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4}
        notebooks.append(Labelled(title, notebook, found, unclear))
    return notebooks


def figures(name: str) -> tuple[float, float, list[str]]:
    """Precision and recall over all notebooks of a file, and each mistake in a line."""
    right = wrong = missed = 0
    mistakes: list[str] = []
    for notebook in labelled(name):
        found = {(use.repo_type, use.repo_id, use.revision) for use in uses(notebook.notebook)}
        expected = set(notebook.uses)
        right += len(found & expected)
        wrong += len(found - expected)
        missed += len(expected - found)
        mistakes += [f"{notebook.title}: found {use}" for use in sorted(found - expected, key=str)]
        mistakes += [f"{notebook.title}: missed {use}" for use in sorted(expected - found, key=str)]
    return right / (right + wrong), right / (right + missed), mistakes


def test_held_out_precision_and_recall() -> None:
    precision, recall, mistakes = figures("held_out.txt")
    print(f"held-out: precision {precision:.3f}, recall {recall:.3f}", *mistakes, sep="\n")
    assert precision >= 0.98, mistakes
    assert recall >= 0.95, mistakes


@pytest.mark.parametrize("name", ["tune.txt", "held_out.txt"])
def test_each_set_is_large_enough(name: str) -> None:
    assert len(labelled(name)) >= 25
    assert sum(len(notebook.uses) for notebook in labelled(name)) >= 60


@pytest.mark.parametrize("notebook", labelled("tune.txt"), ids=lambda n: n.title)
def test_tuned_notebook(notebook: Labelled) -> None:
    found = uses(notebook.notebook)
    assert [(u.repo_type, u.repo_id, u.revision) for u in found] == notebook.uses
    assert [unclear.call for unclear in found.unclear] == notebook.unclear


@pytest.mark.parametrize("notebook", labelled("held_out.txt"), ids=lambda n: n.title)
def test_what_cannot_be_told_is_said(notebook: Labelled) -> None:
    said = {unclear.call for unclear in uses(notebook.notebook).unclear}
    assert said == set(notebook.unclear)


@pytest.mark.parametrize("notebook", labelled("patterns.txt"), ids=lambda n: n.title)
def test_pattern_of_public_files(notebook: Labelled) -> None:
    found = uses(notebook.notebook)
    assert [(u.repo_type, u.repo_id, u.revision) for u in found] == notebook.uses
    assert [unclear.call for unclear in found.unclear] == notebook.unclear
