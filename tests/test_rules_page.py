"""The table of the rules: every rule once, with a module that knows it and tests that carry its number."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "rules.md"
_ROW = re.compile(r"\| (R\d+) \| (.+?) \| `(.+?)` \| `(.+?)` \|")


def rows() -> list[tuple[str, str, str, str]]:
    return [match.groups() for match in _ROW.finditer(PAGE.read_text("utf-8"))]  # type: ignore[misc]


def test_every_rule_has_one_row() -> None:
    assert [rule for rule, *_ in rows()] == [f"R{number}" for number in range(1, 14)]


def test_the_module_of_each_rule_names_it() -> None:
    for rule, _, module, _ in rows():
        assert re.search(rf"\b{rule}\b", (ROOT / "src" / module).read_text("utf-8")), rule


def test_the_test_of_each_rule_carries_its_number() -> None:
    for rule, _, _, test in rows():
        number = int(rule[1:])
        assert f"def test_r{number:02}_" in (ROOT / test).read_text("utf-8"), rule


def test_every_rule_that_code_or_a_test_names_is_in_the_table() -> None:
    known = {rule for rule, *_ in rows()}
    for path in (ROOT / "src").rglob("*.py"):
        assert set(re.findall(r"\bR[1-9]\d?\b", path.read_text("utf-8"))) <= known, path
    for path in (ROOT / "tests").rglob("test_*.py"):
        found = re.findall(r"def test_r(\d\d)_", path.read_text("utf-8"))
        assert {f"R{int(number)}" for number in found} <= known, path


def test_every_file_that_the_page_names_is_there() -> None:
    for path in re.findall(r"`((?:tests|hubdoi)/\S+?\.py)`", PAGE.read_text("utf-8")):
        assert (ROOT / path).is_file() or (ROOT / "src" / path).is_file(), path
