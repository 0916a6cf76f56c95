"""The page of the panel in the documentation names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "reference" / "the-panel.md").read_text()
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", page)
    assert named
    missing = [
        (file, name)
        for file, name in named
        if f"def {name}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert missing == []
