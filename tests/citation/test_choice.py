from __future__ import annotations

from collections.abc import Callable

import pytest

from hubdoi.citation import choose
from hubdoi.records import Doi, Repo, Version
from hubdoi.records.errors import DoiNotFound, InvalidRevision

Make = Callable[..., Version]
REPO = Repo("model", "ada/tiny-bert")
HISTORY = [f"{digit}" * 40 for digit in "987654321"]


@pytest.fixture
def versions(make: Make) -> list[Version]:
    """Two versions, newest first, at the third and the seventh commit."""
    old = make(1, repo=REPO, revision="3" * 40, state="outdated", next=Doi("10.5072/hf/0002"))
    new = make(2, repo=REPO, revision="7" * 40, state="current", previous=old.doi)
    return [new, old]


def test_without_a_revision_it_is_the_current_one(versions: list[Version]) -> None:
    assert choose(versions) == (versions[0], ())
    assert choose(reversed(versions)) == (versions[0], ())


def test_the_version_of_the_revision_that_was_asked_for(versions: list[Version]) -> None:
    assert choose(versions, "7777777") == (versions[0], ())
    version, notes = choose(versions, "3" * 40)
    assert version is versions[1]
    assert notes == ("The DOI 10.5072/hf/0001 is outdated; the current one is 10.5072/hf/0002.",)


@pytest.mark.parametrize(
    ("asked", "nearest", "distance"),
    [
        ("9", 0, "2 commits"),
        ("8", 0, "1 commit"),
        ("6", 0, "1 commit"),
        ("5", 1, "2 commits"),
        ("4", 1, "1 commit"),
        ("1", 1, "2 commits"),
    ],
)
def test_between_two_dois_the_nearest_is_named_and_said_not_to_be_the_same(
    versions: list[Version], asked: str, nearest: int, distance: str
) -> None:
    version, notes = choose(versions, asked * 40, HISTORY)
    assert version is versions[nearest]
    assert f"No DOI names revision {asked * 7}." in notes[0]
    assert f"{distance} away" in notes[0] and f"{version.doi}" in notes[0]
    assert notes[0].endswith("it is not the same.")


def test_without_a_history_it_is_the_current_doi(versions: list[Version]) -> None:
    for order in (None, [], ["a" * 40]):
        version, notes = choose(versions, "abcdef0", order)
        assert version is versions[0]
        assert "current DOI is 10.5072/hf/0002" in notes[0] and "not the same" in notes[0]


def test_records_that_do_not_say_which_is_current(make: Make) -> None:
    new, old = make(2, repo=REPO), make(1, repo=REPO)
    assert choose([new, old])[0] is new
    lone = make(1, repo=REPO, state="outdated", next=Doi("10.5072/hf/0009"))
    assert choose([lone])[1] == (
        "The DOI 10.5072/hf/0001 is outdated; the current one is 10.5072/hf/0009.",
    )


def test_nothing_to_choose_from(versions: list[Version]) -> None:
    with pytest.raises(DoiNotFound):
        choose([])
    with pytest.raises(InvalidRevision):
        choose(versions, "main")
