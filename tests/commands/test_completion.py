from __future__ import annotations

import pytest

from hubdoi.citation import FORMATS
from hubdoi.commands.completion import complete


def words(line: str, *repositories: str) -> list[str]:
    return [candidate.text for candidate in complete(line, lambda: repositories)[1]]


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
        ("request ada/tiny-bert ", ["delete", "move", "private"]),
        ("request ada/tiny-bert m", ["move"]),
        ("request ada/tiny-bert move --to a", ["ada/tiny-bert"]),
        ("mint a", ["ada/tiny-bert"]),
        ("cite gpt2 a", ["ada/tiny-bert"]),
        ("history ada/tiny-bert a", []),
        ("mint --author Ada a", ["ada/tiny-bert"]),
    ],
)
def test_what_can_follow(line: str, expected: list[str]) -> None:
    found = words(line, "ada/tiny-bert", "datasets/ada/notes")
    assert [
        word for word in found if not word.startswith("--") or line.endswith(word[:4])
    ] == expected


def test_repositories_come_before_options_and_each_has_its_kind() -> None:
    beginning, found = complete("status ", lambda: ["ada/tiny-bert", "datasets/ada/notes"])
    assert beginning == ""
    assert [(word.text, word.kind) for word in found[:2]] == [
        ("ada/tiny-bert", "repository"),
        ("datasets/ada/notes", "repository"),
    ]
    assert {word.kind for word in found[2:]} == {"option"}


def test_no_repository_is_asked_for_where_none_can_stand() -> None:
    def fail() -> list[str]:
        raise AssertionError("asked")

    assert words("use ")
    assert complete("use ", fail)[1] and complete("sandbox ", fail)[1]


def test_all_formats_are_offered() -> None:
    assert set(words("cite gpt2 --format ")) == set(FORMATS)


def test_styles_are_offered() -> None:
    offered = words("cite gpt2 --style ap")
    assert "apa" in offered
    assert all(name.startswith("ap") for name in offered)


def test_every_command_is_offered_at_the_beginning() -> None:
    assert {"status", "cite", "mint", "sandbox", "--help"} <= set(words(""))
