"""What is true of a repository's DOI now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import Author, Doi, History, Repo, Status, Statuses, Terms, Version
from hubdoi.records.errors import HubdoiError, RepoNotFound, UnexpectedAnswer

BERT = Repo("model", "ada/tiny-bert")
ENDPOINT = "http://127.0.0.1:1"
NEW = Version(doi=Doi("10.5072/hf/0002"), repo=BERT, revision="b" * 40, state="current")
OLD = Version(doi=Doi("10.5072/hf/0001"), repo=BERT, revision="a" * 40, state="outdated")
BEHIND = Status(
    repo=BERT,
    state="behind",
    head="c" * 40,
    endpoint=ENDPOINT,
    versions=(NEW, OLD),
    locked=True,
    can_mint=True,
    terms=Terms("The terms"),
    suggested_authors=(Author.person("Ada Lovelace"),),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def _read(data: Any) -> Status:
    return Status.from_json(data, endpoint=ENDPOINT)


def test_a_status_survives_the_way_through_json() -> None:
    assert _read(BEHIND.to_json()) == BEHIND
    bare = Status(repo=BERT, state="unregistered", head=None, endpoint=ENDPOINT)
    assert _read(bare.to_json()) == bare


def test_what_a_status_says_of_its_newest_version() -> None:
    assert (BEHIND.version, BEHIND.doi, BEHIND.revision) == (NEW, NEW.doi, "b" * 40)
    assert BEHIND.version_of("a" * 7) is OLD
    assert BEHIND.version_of("c" * 40) is None
    assert BEHIND.url == f"{ENDPOINT}/ada/tiny-bert"
    assert BEHIND.settings_url == f"{ENDPOINT}/ada/tiny-bert/settings"
    empty = BEHIND.replace(versions=())
    assert (empty.version, empty.doi, empty.revision) == (None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "lost"},
        {"state": None},
        {"head": 5},
        {"versions": None},
        {"versions": ["x"]},
        {"versions": 5},
        {"versions": [{"doi": "x"}]},
        {"repo": {"type": "space", "id": "a/b"}},
        {"repo": "ada/tiny-bert"},
        {"obstacle": ["x"]},
        {"obstacle_code": 5},
        {"terms": {"text": "x", "digest": "y"}},
        {"terms": {"text": "\ud800"}},
        {"suggested_authors": [5]},
        {"suggested_authors": 5},
    ],
)
def test_an_answer_that_cannot_be_read_says_so(change: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        _read({**BEHIND.to_json(), **change})


@pytest.mark.parametrize("key", ["state", "head", "versions", "locked", "can_mint"])
def test_an_incomplete_answer_says_so(key: str) -> None:
    data = BEHIND.to_json()
    del data[key]
    with pytest.raises(UnexpectedAnswer):
        _read(data)


@given(st.dictionaries(st.sampled_from(sorted(BEHIND.to_json())), JSON, min_size=1, max_size=3))
def test_no_answer_raises_anything_but_a_plain_error(change: dict[str, Any]) -> None:
    try:
        status = _read({**BEHIND.to_json(), **change})
    except HubdoiError as error:
        assert isinstance(error, UnexpectedAnswer)
        return
    assert status.state in ("unregistered", "current", "behind")


def test_a_history_is_a_sequence_of_versions() -> None:
    history = History(BERT, (NEW, OLD))
    assert len(history) == 2
    assert list(history) == [NEW, OLD]
    assert history[-1] is OLD


def test_statuses_keep_what_failed_among_them() -> None:
    missing = Repo("model", "ada/gone")
    error = RepoNotFound("There is none.")
    statuses = Statuses({BERT: BEHIND, missing: error})
    assert len(statuses) == 2
    assert list(statuses) == [BEHIND, error]
    assert statuses["ada/tiny-bert"] is statuses[0] is statuses[BERT] is BEHIND
    assert statuses[1] is error
