"""Who took part."""

from __future__ import annotations

import pytest

from hubdoi.records import Author, Contributor
from hubdoi.records.contributor import CONTRIBUTOR_TYPES, contributor_type


def test_the_vocabulary_is_read_as_people_write_it() -> None:
    for word in ("data curator", "DataCurator", "data_curator", "DATA-CURATOR"):
        assert contributor_type(word) == "DataCurator"
    assert contributor_type("astronaut") is None
    assert all(contributor_type(name) == name for name in CONTRIBUTOR_TYPES)


@pytest.mark.parametrize("author", [Author("jeevan"), Author.person("Ada Lovelace")])
def test_a_contributor_survives_the_way_through_json(author: Author) -> None:
    contributor = Contributor(author, "ProjectLeader")
    assert Contributor.from_json(contributor.to_json()) == contributor
    assert Contributor(author, "astronaut").type == "Other"


def test_a_line_for_a_person() -> None:
    assert Contributor(Author.person("Ada Lovelace"), "DataCurator").line == (
        "Lovelace, Ada (data curator)"
    )
    assert Contributor(Author("CERN", "organization")).line == "CERN"
