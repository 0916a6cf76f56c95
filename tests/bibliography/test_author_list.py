"""Authors from a pasted list, a CITATION.cff, a BibTeX entry and a card."""

from __future__ import annotations

import pytest

from hubdoi.bibliography.author_list import authors_of_card, read_authors
from hubdoi.records import Author
from hubdoi.records.errors import InvalidAuthor

ADA = Author.person("Ada Lovelace", orcid="0000-0002-1825-0097", affiliation="Engine Society")
BIBTEX = "@misc{x,\n  author = {Lovelace, Ada and Grace Hopper and {Engine Society} and others},\n}"
NAMES = ["Lovelace, Ada", "Hopper, Grace", "Engine Society"]


def test_a_list_has_one_author_on_each_line() -> None:
    found = read_authors(
        "- Ada Lovelace <0000-0002-1825-0097>; Engine Society\n\nHopper, Grace\n{Engine Society}\n"
    )
    assert found[0] == ADA
    assert [author.name for author in found] == NAMES
    assert found[2].type == "organization"


def test_a_bibtex_entry() -> None:
    found = read_authors(BIBTEX)
    assert [author.name for author in found] == NAMES
    assert [author.type for author in found] == ["person", "person", "organization"]


def test_a_citation_file() -> None:
    found = read_authors(
        "cff-version: 1.2.0\nauthors:\n"
        "  - family-names: Lovelace\n    given-names: Ada\n"
        "    orcid: https://orcid.org/0000-0002-1825-0097\n    affiliation: Engine Society\n"
        "  - name: Engine Society\n"
    )
    assert found == (ADA, Author("Engine Society", "organization"))


def test_the_citation_of_a_card() -> None:
    card = f"---\nlicense: mit\n---\n# Model\n\n```python\n@x\n```\n\n```bibtex\n{BIBTEX}\n```\n"
    assert [author.name for author in authors_of_card(card)] == NAMES
    with pytest.raises(InvalidAuthor, match="no citation"):
        authors_of_card("# Model")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no authors"),
        ("@misc{x, title = {T}}", "no authors"),
        ("authors: [1, 2]", "no authors"),
        ("authors: [", "YAML"),
        ("Ada Lovelace <0000-0002-1825-0098>", "typing error"),
        ("x" * 200_001, "characters"),
        ("A Person\n" * 1001, "at most 1,000"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidAuthor, match=sentence):
        read_authors(text)
