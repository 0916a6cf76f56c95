from __future__ import annotations

import pytest

from hubdoi.citation import FORMATS
from hubdoi.commands import complete


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reg", ["regenerate"]),
        ("cite gpt2 --format bibt", ["bibtex"]),
        ("cite gpt2 --fo", ["--format"]),
        ("sandbox st", ["start", "stop"]),
        ("use sand", ["sandbox"]),
        ("mint ada/tiny-bert --ag", ["--agree"]),
        ("nothing ", []),
        ("mint ada/tiny-bert --revision ", []),
    ],
)
def test_what_can_follow(line: str, expected: list[str]) -> None:
    assert complete(line) == expected


def test_all_formats_are_offered() -> None:
    assert complete("cite gpt2 --format ") == sorted(FORMATS)


def test_styles_are_offered() -> None:
    offered = complete("cite gpt2 --style ap")
    assert "apa" in offered
    assert all(name.startswith("ap") for name in offered)


def test_every_command_is_offered_at_the_beginning() -> None:
    assert {"status", "cite", "mint", "sandbox", "--help"} <= set(complete(""))
