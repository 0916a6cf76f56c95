"""A repository or a DOI, told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import Doi, Repo, RepoReference, parse_reference
from hubdoi.records.errors import HubdoiError, InvalidDoi, InvalidRepo, RepoNotEligible


@pytest.mark.parametrize(
    "written",
    [
        "10.5072/hf/0001",
        "doi:10.5072/hf/0001",
        "DOI: 10.5072/hf/0001",
        "DOI 10.5072/hf/0001",
        "https://doi.org/10.5072/hf/0001",
        "http://127.0.0.1:4000/doi/10.5072/hf/0001",
    ],
)
def test_a_doi_is_told_from_a_repository(written: str) -> None:
    assert parse_reference(written) == Doi("10.5072/hf/0001")


@pytest.mark.parametrize(
    ("written", "repo", "revision"),
    [
        ("ada/tiny-bert", Repo("model", "ada/tiny-bert"), None),
        ("datasets/ada/notes@v1", Repo("dataset", "ada/notes"), "v1"),
        ("http://127.0.0.1:4000/ada/tiny-bert", Repo("model", "ada/tiny-bert"), None),
        ("doi/tools", Repo("model", "doi/tools"), None),
        ("git@hf.co:ada/tiny-bert", Repo("model", "ada/tiny-bert"), None),
        ("git@hf.co:datasets/ada/notes.git", Repo("dataset", "ada/notes"), None),
        ("ssh://git@hf.co/ada/tiny-bert", Repo("model", "ada/tiny-bert"), None),
        ("https://huggingface.co/datasets/ada/notes.git", Repo("dataset", "ada/notes"), None),
    ],
)
def test_a_repository_is_told_from_a_doi(written: str, repo: Repo, revision: str | None) -> None:
    assert parse_reference(written) == RepoReference(repo, revision)


def test_values_stay_what_they_are() -> None:
    doi, repo = Doi("10.5072/hf/0001"), Repo("model", "ada/tiny-bert")
    assert parse_reference(doi) is doi
    assert parse_reference(repo) == RepoReference(repo)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("doi:tomorrow", InvalidDoi),
        ("10.5072", InvalidDoi),
        ("https://doi.org/x", InvalidDoi),
        ("https://example.org/ada/tiny-bert", InvalidRepo),
        ("spaces/ada/demo", RepoNotEligible),
        ("", InvalidRepo),
    ],
)
def test_what_is_neither_says_so(written: str, error: type[HubdoiError]) -> None:
    with pytest.raises(error):
        parse_reference(written)


@given(st.text())
def test_no_text_raises_anything_but_a_plain_error(text: str) -> None:
    try:
        found = parse_reference(text)
    except HubdoiError:
        return
    assert isinstance(found, Doi | RepoReference)
