"""A row of the authors table, right, unfinished and wrong."""

from __future__ import annotations

import pytest

from hubdoi.jupyter.panel.draft import Draft
from hubdoi.records import Author
from hubdoi.records.errors import InvalidAuthor


def test_a_person_is_written_in_either_order() -> None:
    for name in ("Lovelace, Ada", "Ada Lovelace"):
        author = Draft(name, orcid="https://orcid.org/0000-0002-1825-0097").author()
        assert (author.name, author.type) == ("Lovelace, Ada", "person")
        assert author.orcid == "0000-0002-1825-0097"


def test_an_organisation_keeps_its_name_and_has_no_orcid() -> None:
    draft = Draft("Smith, Jones and Company", "organization", ror="https://ror.org/05a28rw58")
    assert draft.author() == Author("Smith, Jones and Company", "organization", ror="05a28rw58")
    wrong = draft.replace(orcid="0000-0002-1825-0097")
    assert wrong.problem == "Only a person has an ORCID iD."
    with pytest.raises(InvalidAuthor):
        wrong.author()


@pytest.mark.parametrize(
    ("draft", "problem"),
    [
        (Draft(), "The name is missing."),
        (Draft("Lovelace, Ada", orcid="0000-0002-1825-0098"), "typing error"),
        (Draft("Lovelace, Ada", orcid="1234"), "not an ORCID iD"),
        (Draft("Lovelace, Ada", ror="05a28rw59"), "typing error"),
        (Draft("Lovelace, Ada", ror="x"), "not a ROR iD"),
        (Draft("x" * 501), "501 characters"),
        (Draft("Lovelace, Ada", affiliation="y" * 501), "501 characters"),
        (Draft("Love\x07lace"), "control characters"),
    ],
)
def test_what_is_wrong_is_one_sentence(draft: Draft, problem: str) -> None:
    assert draft.problem is not None
    assert problem in draft.problem
    assert draft.problem.endswith(".")


def test_an_author_that_is_known_fills_a_row_and_comes_back_the_same() -> None:
    for author in (
        Author.person("Ada Lovelace", orcid="0000-0002-1825-0097", affiliation="Society"),
        Author("Analytical Engine Society", "organization", ror="05a28rw58"),
    ):
        draft = Draft.of(author)
        assert draft.problem is None
        assert draft.author() == author
    assert Draft.of(Author("Ada")).type == "person"


def test_blank_rows_are_known() -> None:
    assert Draft(" ", orcid=" ").is_blank
    assert not Draft(affiliation="Society").is_blank
