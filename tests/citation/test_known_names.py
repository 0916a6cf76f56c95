"""Names that were decided in hubdoi.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubdoi.citation.known_names import KnownNames
from hubdoi.records import Author
from hubdoi.records.errors import InvalidInput

DECIDED = """
[names]
"Meta AI" = "{Meta AI}"
"Juan Carlos Pérez García" = "Pérez García, Juan Carlos"
"Slaughter, Peter; Jones, Matt" = ["Slaughter, Peter", "Jones, Matt <0000-0002-1825-0097>"]
"""


@pytest.fixture
def names(tmp_path: Path) -> KnownNames:
    (tmp_path / "hubdoi.toml").write_text(DECIDED, encoding="utf-8")
    below = tmp_path / "notebooks" / "drafts"
    below.mkdir(parents=True)
    return KnownNames.nearest(below)


@pytest.mark.parametrize(
    "registered",
    [Author.person("Juan Carlos Pérez García"), Author("Juan Carlos  Pérez García"), Author("juan carlos PÉREZ garcía")],
)  # fmt: skip
def test_a_name_is_found_in_either_order(names: KnownNames, registered: Author) -> None:
    (author,) = names.corrected([registered])
    assert (author.family, author.given) == ("Pérez García", "Juan Carlos")


def test_a_name_may_stand_for_several(names: KnownNames) -> None:
    found = names.corrected([Author("Slaughter, Peter; Jones, Matt"), Author("jeevan")])
    assert [author.name for author in found] == ["Slaughter, Peter", "Jones, Matt", "jeevan"]
    assert found[1].orcid == "0000-0002-1825-0097"


@pytest.mark.parametrize("kind", ["organization", "organisation", "Organization"])
def test_a_type_says_what_the_name_is_and_never_takes_its_place(tmp_path: Path, kind: str) -> None:
    text = (
        f'[names]\n"Meta AI" = "{kind}"\n"Lovelace,  Ada" = "person"\n"Grace Hopper" = "person"\n'
    )
    (tmp_path / "hubdoi.toml").write_text(text)
    registered = [
        Author("Meta AI"),
        Author("Lovelace, Ada", "organization"),
        Author("Grace Hopper"),
    ]
    group, ada, grace = KnownNames.nearest(tmp_path).corrected(registered)
    assert (group.name, group.type) == ("Meta AI", "organization")
    assert (ada.name, ada.type, ada.family, ada.given) == (
        "Lovelace, Ada",
        "person",
        "Lovelace",
        "Ada",
    )
    assert (grace.family, grace.given) == ("Hopper", "Grace")


def test_identifiers_stay_where_they_belong(names: KnownNames) -> None:
    person = Author.person(
        "Juan Carlos Pérez García", orcid="0000-0002-1825-0097", affiliation="CERN", ror="01ggx4157"
    )
    (same,) = names.corrected([person])
    assert (same.orcid, same.affiliation, same.ror) == (person.orcid, "CERN", "01ggx4157")
    (group,) = names.corrected([Author.person("Meta AI", orcid="0000-0002-1825-0097")])
    assert (group.name, group.type, group.orcid) == ("Meta AI", "organization", None)


def test_the_nearest_file_counts_alone(names: KnownNames, tmp_path: Path) -> None:
    below = tmp_path / "notebooks"
    (below / "hubdoi.toml").write_text('[names]\n"A" = "B, C"\n')
    assert set(KnownNames.nearest(below).authors) == {"a"}
    (below / "hubdoi.toml").write_text("# nothing yet\n")
    assert KnownNames.nearest(below).corrected([Author("Meta AI")]) == (Author("Meta AI"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[names]\n"A" = "Tsinghua Press"\n',
            "'A': 'Tsinghua Press' may be a person or an organisation",
        ),
        ('[names]\n"A" = 5\n', "'A': An author is written as text"),
        ('[names]\n"A" = []\n', "'A' has no author"),
        ("names = 3\n", "names is a table"),
        ("[names\n", "cannot be read"),
        ('[names]\n"A" = "B, C"\n"A" = "D, E"\n', "cannot be read"),
        ("\x00", "cannot be read"),
    ],
)
def test_what_decides_nothing_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "hubdoi.toml").write_text(text)
    with pytest.raises(InvalidInput, match=rf"hubdoi\.toml.*{said}"):
        KnownNames.nearest(tmp_path)


def test_a_folder_or_a_pipe_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "hubdoi.toml").mkdir()
    assert KnownNames.nearest(tmp_path).corrected([Author("A")]) == (Author("A"),)
