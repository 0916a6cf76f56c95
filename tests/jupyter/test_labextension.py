"""The JupyterLab extension is documented, and the documentation is of this extension."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hubdoi.jupyter.api import ROUTE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/jupyterlab-extension.md").read_text()
COMMANDS = (ROOT / "labextension/src/commands.ts").read_text()


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    lines = PAGE.partition(f"## {heading}\n")[2].split("\n|", 1)[1].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_setting_is_documented_with_its_default() -> None:
    schema = json.loads((ROOT / "labextension/schema/plugin.json").read_text())
    documented = {row[0].strip("`"): (row[1], row[2].strip("`")) for row in rows("Settings")}
    assert documented.keys() == schema["properties"].keys()
    for name, setting in schema["properties"].items():
        values, default = documented[name]
        assert default == json.dumps(setting["default"]).strip('"')
        assert all(f"`{value}`" in values for value in setting.get("enum", ()))


def test_every_command_is_documented_with_its_label() -> None:
    described = dict(re.findall(r'"(hubdoi:[\w-]+)": \{\s+label: "([^"]+)"', COMMANDS))
    assert len(described) > 12
    documented = {row[0].strip("`"): re.sub(r" \(`.*", "", row[1]) for row in rows("Commands")}
    assert documented == described


def test_every_route_is_documented() -> None:
    documented = {row[0].strip("`") for row in rows("Routes")}
    assert documented == set(ROUTE.partition("(")[2].rstrip(")").split("|"))
