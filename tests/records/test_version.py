"""Versions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import (
    Author,
    Consent,
    Contributor,
    Doi,
    Funding,
    Related,
    Repo,
    Version,
    check_revision,
    title_with_revision,
)
from hubdoi.records.errors import HubdoiError, InvalidInput, InvalidRevision, UnexpectedAnswer

SHA = "0123456789abcdef0123456789abcdef01234567"
FULL = Version(
    doi=Doi("10.5072/hf/0002"),
    repo=Repo("dataset", "ada/notes"),
    revision=SHA,
    title="notes (Revision 0123456)",
    authors=(Author.person("Ada Lovelace", orcid="0000-0002-1825-0097"), Author("Babbage")),
    publisher="Hugging Face",
    year=2026,
    created=datetime(2026, 11, 23, 9, tzinfo=UTC),
    description='<script>alert(1)</script>\n"quoted" \\ \u202e',
    license="cc-by-4.0",
    url="http://127.0.0.1:1/datasets/ada/notes",
    resource_type="Dataset",
    version="0123456",
    language="en",
    state="outdated",
    previous=Doi("10.5072/hf/0001"),
    next=Doi("10.5072/hf/0003"),
    related=(Related("References", "arXiv:1810.04805", "arXiv"),),
    formats=("text/csv",),
    sizes=("12 bytes",),
    endpoint="http://127.0.0.1:1",
    consent=Consent("ada", datetime(2026, 11, 23, 9, tzinfo=UTC), "abc"),
    contributors=(Contributor(Author.person("Grace Hopper"), "DataCurator"),),
    funding=(Funding("DFG", "42"), Funding("ERC", identifier="https://ror.org/0472cxd90")),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_r04_a_version_survives_the_way_through_json() -> None:
    assert Version.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL
    assert Version.from_json(Version().to_json()) == Version()
    assert Version().to_json() == {}


def test_r04_from_parts_derives_what_is_not_given() -> None:
    version = Version.from_parts(
        doi="https://doi.org/10.5072/HF/0001",
        repo=Repo("model", "ada/tiny-bert"),
        revision=SHA,
        authors=[Author("Ada Lovelace")],
        created="2026-11-23T09:00:00Z",
    )
    assert version.title == "tiny-bert (Revision 0123456)"
    assert version.publisher == "Hugging Face"
    assert version.year == 2026
    assert version.resource_type == "Model"
    assert version.version == version.short_revision == "0123456"
    assert version.url == "https://huggingface.co/ada/tiny-bert"
    assert version.landing_url == f"https://huggingface.co/ada/tiny-bert/tree/{SHA}"
    assert version.name == "tiny-bert"


@pytest.mark.parametrize(
    ("author", "type_", "family", "given"),
    [
        (Author("Lovelace, Ada"), "person", "Lovelace", "Ada"),
        (Author("King, Martin Luther, Jr."), "person", "King Jr.", "Martin Luther"),
        (Author("Leandro von Werra", "person"), "person", "von Werra", "Leandro"),
        (Author("Ada Lovelace", orcid="0000-0002-1825-0097"), "person", "Lovelace", "Ada"),
        (Author("Lovelace", family="Lovelace"), "person", "Lovelace", None),
        (Author("Analytical Engine Society"), "organization", None, None),
        (Author("Barnes and Noble, Inc."), "organization", None, None),
        (Author("Barnes and Noble, Books"), None, None, None),
        (Author("Leandro von Werra"), None, None, None),
        (Author("jeevan"), None, None, None),
        (Author("Lovelace, Ada", "organization"), "organization", None, None),
    ],
)
def test_r05_from_parts_derives_what_the_name_of_an_author_says(
    author: Author, type_: str | None, family: str | None, given: str | None
) -> None:
    (derived,) = Version.from_parts(authors=[author]).authors
    assert (derived.type, derived.family, derived.given) == (type_, family, given)
    assert (derived.name, derived.orcid) == (author.name, author.orcid)


def test_from_parts_of_nothing_is_empty() -> None:
    assert Version.from_parts() == Version()


def test_the_revision_is_read_from_the_title() -> None:
    version = Version.from_parts(
        repo="datasets/ada/notes", title="notes (Revision 909a290)", year=" 2023 "
    )
    assert (version.revision, version.version, version.year) == ("909a290", "909a290", 2023)
    assert version.landing_url == version.url


@pytest.mark.parametrize(
    "parts",
    [{"year": "soon"}, {"doi": "x"}, {"repo": "a/b/c"}, {"revision": None, "authors": [5]}],
)
def test_parts_that_cannot_be_read_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Version.from_parts(**parts)


@pytest.mark.parametrize(
    ("title", "revision", "whole"),
    [
        ("tiny-bert", SHA, "tiny-bert (Revision 0123456)"),
        ("tiny-bert (Revision 909a290)", SHA, "tiny-bert (Revision 0123456)"),
        ("tiny-bert (Revision 909a290)", None, "tiny-bert"),
        ("A (Revision of) B", SHA, "A (Revision of) B (Revision 0123456)"),
    ],
)
def test_r04_the_title_names_the_revision(title: str, revision: str | None, whole: str) -> None:
    assert title_with_revision(title, revision) == whole


def test_which_revision_a_version_is_of() -> None:
    assert FULL.is_of_revision(SHA)
    assert FULL.is_of_revision(SHA[:7])
    assert FULL.replace(revision=SHA[:7]).is_of_revision(SHA)
    assert not FULL.is_of_revision(SHA[:6])
    assert not FULL.is_of_revision("f" * 40)
    assert not Version().is_of_revision(SHA)


def test_a_revision_is_hexadecimal() -> None:
    assert check_revision(f" {SHA.upper()} ") == SHA
    for wrong in ("", "main", "abcdef", "a" * 41, "abcdefg", "a" * 100_000, "١٢٣٤٥٦٧"):
        with pytest.raises(InvalidRevision) as refused:
            check_revision(wrong)
        assert len(refused.value.message) < 250


@pytest.mark.parametrize(
    "change",
    [
        {"doi": "x"},
        {"doi": 5},
        {"repo": "ada/notes"},
        {"repo": {"type": "space", "id": "a/b"}},
        {"repo": {"type": "model"}},
        {"authors": "Ada"},
        {"authors": [{"name": ""}]},
        {"year": "soon"},
        {"year": float("inf")},
        {"year": float("nan")},
        {"created": 5},
        {"created": "0001-01-01T00:00:00+14:00"},
        {"consent": {"by": "ada"}},
        {"related": [["References"]]},
        {"related": ["abc"]},
        {"related": 5},
        {"formats": "text/csv"},
        {"sizes": [{}]},
        {"state": "lost"},
        {"title": ["x"]},
        {"revision": {"x": 1}},
    ],
)
def test_an_answer_that_cannot_be_read_says_so(change: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        Version.from_json({**FULL.to_json(), **change})


@given(
    st.dictionaries(st.sampled_from(sorted(FULL.to_json())), JSON, max_size=4).map(
        lambda change: {**FULL.to_json(), **change}
    )
    | JSON
)
def test_no_answer_raises_anything_but_a_plain_error(data: Any) -> None:
    try:
        version = Version.from_json(data)
    except HubdoiError as error:
        assert isinstance(error, UnexpectedAnswer)
        return
    assert Version.from_json(version.to_json()).to_json() == version.to_json()
