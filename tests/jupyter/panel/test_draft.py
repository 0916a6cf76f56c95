"""A row of the authors table, right, unfinished and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubdoi.jupyter.panel.draft import Draft
from hubdoi.jupyter.panel.form import Form
from hubdoi.records import Author
from hubdoi.records.errors import InvalidAuthor


def test_a_person_is_written_in_either_order() -> None:
    for name in ("Lovelace, Ada", "Ada Lovelace"):
        (author,) = Draft(name, orcid="https://orcid.org/0000-0002-1825-0097").authors()
        assert (author.name, author.type) == ("Lovelace, Ada", "person")
        assert author.orcid == "0000-0002-1825-0097"


def test_an_organisation_keeps_its_name_and_has_no_orcid() -> None:
    draft = Draft("Smith, Jones and Company", "organization", ror="https://ror.org/05a28rw58")
    assert draft.authors() == (Author("Smith, Jones and Company", "organization", ror="05a28rw58"),)
    wrong = draft.replace(orcid="0000-0002-1825-0097")
    assert wrong.problem == "Only a person can have an ORCID iD."
    with pytest.raises(InvalidAuthor):
        wrong.authors()


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
        assert draft.authors() == (author,)
    assert Draft.of(Author("Ada")).type == "person"


def test_r05_a_name_with_two_readings_is_as_it_was_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draft = Draft("Juan Carlos Pérez García", affiliation="Society")
    assert draft.problem is not None and "more than one way" in draft.problem
    (tmp_path / "hubdoi.toml").write_text(
        '[names]\n"Juan Carlos Pérez García" = "Pérez García, Juan Carlos"\n'
        '"Ada B Lovelace Grace M Hopper" = ["Lovelace, Ada", "Hopper, Grace"]\n',
        encoding="utf-8",
    )
    assert draft.problem is None
    (author,) = draft.authors()
    assert (author.family, author.affiliation) == ("Pérez García", "Society")
    form = Form(drafts=(draft, Draft("Ada B Lovelace Grace M Hopper")))
    assert [author.name for author in form.authors()][1:] == ["Lovelace, Ada", "Hopper, Grace"]


def test_blank_rows_are_known() -> None:
    assert Draft(" ", orcid=" ").is_blank
    assert not Draft(affiliation="Society").is_blank
