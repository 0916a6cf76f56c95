"""Contributors, funding and papers that a card names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.hub.credits import MAX_CREDITS, contributors_of, funding_of, papers_of
from hubdoi.records import Author, Contributor, Funding, Related
from hubdoi.records.repo_card import parse_card

CARD = """\
---
funding:
  - Wellcome Trust
  - funder: European Research Council
    ror: 0472cxd90
    award: "101001234"
    title: Small models
    url: https://doi.org/10.3030/101001234
funded_by: {name: DFG, award_number: 42}
contributors:
  - Hopper, Grace <0000-0002-1825-0097>
  - name: Mary Somerville
    role: data curator
    affiliation: Royal Society
  - {name: Analytical Engine, type: organization, role: HostingInstitution}
papers:
  - arXiv:2301.12345
  - https://doi.org/10.18653/v1/2020.emnlp-demos.6
  - {title: A paper, url: https://example.org/paper}
---
"""


def test_r04_a_card_names_contributors_funding_and_papers() -> None:
    card = parse_card(CARD.encode()).data
    assert funding_of(card) == (
        Funding("Wellcome Trust"),
        Funding(
            "European Research Council",
            "101001234",
            "Small models",
            "https://doi.org/10.3030/101001234",
            "https://ror.org/0472cxd90",
        ),
        Funding("DFG", "42"),
    )
    assert contributors_of(card) == (
        Contributor(Author.person("Grace Hopper", orcid="0000-0002-1825-0097")),
        Contributor(Author.person("Mary Somerville", affiliation="Royal Society"), "DataCurator"),
        Contributor(Author("Analytical Engine", "organization"), "HostingInstitution"),
    )
    assert papers_of(card) == (
        Related("IsSupplementTo", "arXiv:2301.12345", "arXiv"),
        Related("IsSupplementTo", "10.18653/v1/2020.emnlp-demos.6", "DOI"),
        Related("IsSupplementTo", "https://example.org/paper", "URL"),
    )


@pytest.mark.parametrize(
    ("written", "identifier", "kind"),
    [
        ("2301.12345", "arXiv:2301.12345", "arXiv"),
        ("arXiv: 2301.12345v2", "arXiv:2301.12345v2", "arXiv"),
        ("https://arxiv.org/abs/cs/0112017", "arXiv:cs/0112017", "arXiv"),
        ("https://arxiv.org/pdf/2301.12345.pdf", "arXiv:2301.12345", "arXiv"),
        ("https://huggingface.co/papers/2301.12345", "arXiv:2301.12345", "arXiv"),
        ("10.48550/arXiv.2301.12345", "arXiv:2301.12345", "arXiv"),
        ("doi:10.1000/ABC", "10.1000/ABC", "DOI"),
        ("https://example.org/a b", "https://example.org/a%20b", "URL"),
    ],
)
def test_a_paper_is_named_in_many_ways(written: str, identifier: str, kind: str) -> None:
    paper = (Related("IsSupplementTo", identifier, kind),)
    assert papers_of({"paper": written}) == paper
    assert papers_of({"papers": [{"url": written}, {"doi": written}]}) == paper


def test_what_yaml_may_have_changed_is_not_used() -> None:
    assert papers_of({"paper": 2301.1234}) == ()
    assert funding_of({"funding": {"funder": "DFG", "award": 12.5}}) == (Funding("DFG"),)


def test_a_wrong_identifier_does_not_cost_the_name() -> None:
    told = {"name": "Hopper, Grace", "orcid": "0000-0000-0000-0000", "role": "astronaut"}
    assert contributors_of({"contributors": told}) == (Contributor(Author.person("Grace Hopper")),)
    assert funding_of({"funding": {"funder": "DFG", "ror": "05a28rw59"}}) == (Funding("DFG"),)


@pytest.mark.parametrize(
    "value",
    [None, True, 7, 1.5, "", " ", "\u202e", "x" * 100_000, {}, {"name": {}}, {"name": "\0"}, {"url": "javascript:alert(1)"},
     [[["x"]]], [None, {}, {"funder": []}], {"family": [], "given": 3.0}],
)  # fmt: skip
def test_what_cannot_be_read_is_passed_over(value: Any) -> None:
    card = dict.fromkeys(
        ("funding", "funded_by", "contributors", "contributor", "paper", "papers"), value
    )
    assert papers_of(card) == ()
    assert all(entry.funder.strip() for entry in funding_of(card))
    assert all(entry.author.name for entry in contributors_of(card))


def test_there_are_bounds() -> None:
    card = {"funding": [f"Funder {n}" for n in range(10_000)], "contributors": ["A, B"] * 10_000}
    assert len(funding_of(card)) == MAX_CREDITS
    assert len(contributors_of(card)) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "funder", "role", "type", "ror", "orcid", "award", "url", "doi"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(VALUES)
def test_anything_has_an_answer(value: Any) -> None:
    card = {"funding": value, "contributors": value, "papers": value}
    for read in (funding_of, contributors_of, papers_of):
        assert isinstance(read(card), tuple)
