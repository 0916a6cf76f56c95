"""CONTRIBUTING.md: the files that it sends people to are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def _section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _paths(text: str) -> list[str]:
    """What stands in backticks and reads as the path of a file or folder."""
    named = re.findall(r"`(\w[\w./-]*)`", text)
    return sorted({name for name in named if name.endswith("/") or re.search(r"\.\w+$", name)})


WAYS_IN = dict(re.findall(r"^\| (.+?) \| (.+) \|$", _section("Where to change what"), re.MULTILINE))


def test_each_kind_of_change_has_its_way_in() -> None:
    kinds = " ".join(WAYS_IN)
    for kind in ("rule", "backend", "citation format", "subcommand", "call that loads", "record"):
        assert kind in kinds
    for kind, files in WAYS_IN.items():
        assert kind == "to add" or set(kind) == {"-"} or _paths(files), kind


@pytest.mark.parametrize("path", _paths(_section("Where to change what") + _section("The layers")))
def test_what_the_tables_name_is_there(path: str) -> None:
    assert (ROOT / "src" / "hubdoi" / path).exists() or (ROOT / path).exists()


def test_every_package_has_its_row() -> None:
    source = ROOT / "src" / "hubdoi"
    packages = {f"{init.parent.name}/" for init in source.glob("*/__init__.py")}
    assert packages <= set(_paths(_section("The layers")))


def test_the_chain_is_the_one_that_is_checked() -> None:
    drawn = re.findall(r"\w+", _section("The layers").split("```")[1])
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = [name.strip() for layer in layers for name in layer.split("|")]
    # Drawn for people, who need not know of the hook through which records show themselves.
    assert drawn == [name for name in checked if name != "_displays"]
