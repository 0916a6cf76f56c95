"""Authors: persons, organisations, and names that do not say."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import Author, check_orcid, check_ror
from hubdoi.records.errors import HubdoiError, InvalidAuthor

ORCID = "0000-0002-1825-0097"
ROR = "05a28rw58"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("name", "type", "given", "family", "orcid", "affiliation", "ror")
MAPPINGS = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=5),
    st.sampled_from(["person", "organization", "Lovelace, Ada", "Ada", ORCID, ROR, ""]) | JSON,
)


def test_r05_a_person_from_a_name_in_either_order() -> None:
    inverted, reading = Author.person("Lovelace, Ada"), Author.person("Ada Lovelace")
    assert inverted == reading
    assert (reading.name, reading.given, reading.family) == ("Lovelace, Ada", "Ada", "Lovelace")
    assert reading.display_name == "Ada Lovelace"
    assert Author.person("Plato").family == "Plato"


@pytest.mark.parametrize(
    ("written", "author"),
    [
        (f"Lovelace, Ada <{ORCID}>", Author.person("Lovelace, Ada", orcid=ORCID)),
        (f"Ada Lovelace <https://orcid.org/{ORCID}>", Author.person("Ada Lovelace", orcid=ORCID)),
        (f"Ada Lovelace ({ORCID})", Author.person("Ada Lovelace", orcid=ORCID)),
        ("Lovelace, Ada", Author.person("Lovelace, Ada")),
        ("Analytical Engine Society", Author("Analytical Engine Society", "organization")),
        ("Ada Lovelace", Author.person("Lovelace, Ada")),
        ("Press, Ofir", Author("Press, Ofir", "person", given="Ofir", family="Press")),
        ("Foo, AG", Author("Foo, AG", "organization")),
        ("{OpenAI}", Author("OpenAI", "organization")),
        ("Plato,", Author("Plato", "person", family="Plato")),
        ("Ada Lovelace, PhD", Author.person("Lovelace, Ada")),
        ("Babbage", Author("Babbage")),
        ("CERN (Run 2)", Author("CERN (Run 2)")),
        ("Trio (2020)", Author("Trio (2020)")),
    ],
)
def test_r05_an_author_is_read_as_a_person_writes_one(written: str, author: Author) -> None:
    assert Author.parse(written) == author


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        (
            "OpenAI",
            ["may be a person or an organisation", '"OpenAI,"', '"{OpenAI}"', "type: organization"],
        ),
        ("Ofir Press", ['"Press, Ofir"', '"{Ofir Press}"']),
        ("Nicholas Kluge Corrêa", ['"Corrêa, Nicholas Kluge"', '"Kluge Corrêa, Nicholas"']),
        ("University of Bath, Library", ['"{University of Bath, Library}"']),
    ],
)
def test_r05_a_name_with_two_readings_is_refused_with_both(
    written: str, offered: list[str]
) -> None:
    with pytest.raises(InvalidAuthor) as refused:
        Author.parse(written).check_certain()
    assert all(reading in refused.value.message for reading in offered)


@pytest.mark.parametrize(
    "written",
    ["Ada Lovelace", "Press, Ofir", "{OpenAI}", "Plato,", "Meta AI", "King, Martin Luther, Jr.",
     {"name": "OpenAI", "type": "organization"}, {"name": "Plato", "type": "person"},
     {"name": "Nicholas Kluge Corrêa", "family": "Kluge Corrêa", "given": "Nicholas"}],
)  # fmt: skip
def test_r05_a_name_with_one_reading_is_certain(written: Any) -> None:
    author = Author.parse(written)
    assert author.check_certain() is author


def test_r05_an_author_made_by_hand_is_what_its_name_says() -> None:
    assert Author("Lovelace, Ada", orcid=ORCID).check_certain() == Author.person(
        "Ada Lovelace", orcid=ORCID
    )
    assert Author("Foo & Söhne, AG").check_certain() == Author("Foo & Söhne, AG", "organization")
    # Names that are known apart are not taken apart again.
    apart = Author("Ludwig van Beethoven", given="Ludwig van", family="Beethoven")
    assert apart.check_certain() == apart.replace(type="person")


def test_r05_an_author_is_read_from_a_mapping() -> None:
    assert Author.parse(
        {"name": "Ada Lovelace", "orcid": ORCID, "affiliation": "Engine Works", "ror": ROR}
    ) == Author.person("Ada Lovelace", orcid=ORCID, affiliation="Engine Works", ror=ROR)
    assert Author.parse({"name": "Engine", "type": "organization"}).type == "organization"
    assert Author.parse({"family": "Lovelace", "given": "Ada"}).name == "Lovelace, Ada"
    known = Author.person("Ada Lovelace")
    assert Author.parse(known) is known


@pytest.mark.parametrize(
    "mapping",
    [
        {"name": "Ada Lovelace", "type": "person", "given": "Ada"},
        {"name": "Lovelace, Ada", "given": "Ada"},
        {"name": "Lovelace, Ada", "family": "", "given": ""},
        {"name": "Lovelace, Ada", "family": "Lovelace"},
    ],
)
def test_r05_names_that_are_known_in_part_are_kept(mapping: dict[str, str]) -> None:
    author = Author.parse(mapping)
    assert author.name == mapping["name"]
    assert author.type == "person"
    assert Author.from_json(author.to_json()) == author


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("\u200b\u202e", "empty"),
        ("<0000-0002-1825-0097>", "empty"),
        ("Ada <0000-0002-1825-0098>", "typing error"),
        ("Ada <1234>", "not an ORCID iD"),
        ("Ada (0000-0002-1825)", "not an ORCID iD"),
        ("Ada\x00Lovelace", "control characters"),
        ("Ada\ud800", "control characters"),
        ("Ada\x9b31m", "control characters"),
        ("x" * 501, "characters; 500 are allowed"),
        ("x" * 100_000, "characters"),
        (5, "written as text or as a mapping"),
        (None, "written as text or as a mapping"),
        (["Ada"], "written as text or as a mapping"),
        ({}, "needs a name"),
        ({"name": ["Ada"]}, "is text, not list"),
        ({"name": "Ada", "type": "robot"}, "not a type of author"),
        ({"name": "Ada", "type": "x" * 5000}, "not a type of author"),
        ({"name": "Ada", "x" * 5000: "y"}, "has no 'xxx"),
        ({"name": "Engine Society", "type": "organization", "orcid": ORCID}, "only a person"),
        ({"name": "Ada", "ror": "05a28rw59"}, "typing error"),
        ({"name": "Ada", "affiliation": "a\x1bb"}, "control characters"),
    ],
)
def test_r05_what_is_no_author_is_refused_in_one_short_sentence(written: Any, why: str) -> None:
    with pytest.raises(InvalidAuthor, match=why) as refused:
        Author.parse(written)
    assert len(refused.value.message) < 700


@pytest.mark.parametrize(
    "written",
    ["a" + " " * 400_000 + "b", "<" + "1" * 400_000, "(<" * 200_000, "a, " * 200_000],
)
def test_a_hostile_name_is_refused_without_backtracking(written: str) -> None:
    # An expression that backtracks needs minutes for these, and the run's timeout ends it.
    with suppress(InvalidAuthor):
        Author.parse(written)


@pytest.mark.parametrize(
    "written",
    [ORCID, "0000000218250097", f"https://orcid.org/{ORCID}", f"orcid.org/{ORCID}/", f" {ORCID} "],
)
def test_an_orcid_is_read_in_any_form(written: str) -> None:
    assert check_orcid(written) == ORCID
    assert check_orcid("0000-0002-9079-593x") == "0000-0002-9079-593X"


@pytest.mark.parametrize(
    "written",
    [
        "0000-0002-1825-0098",
        "0000-0002-1825",
        "٠٠٠٠-0002-1825-0097",
        "",
        "https://example.org/0000-0002-1825-0097",
        "x" * 100_000,
    ],
)
def test_an_orcid_with_a_typing_error_is_refused(written: str) -> None:
    with pytest.raises(InvalidAuthor) as refused:
        check_orcid(written)
    assert len(refused.value.message) < 200


def test_a_ror_is_read_in_any_form_and_checked() -> None:
    for written in (ROR, f"https://ror.org/{ROR}", ROR.upper(), f"ror.org/{ROR}"):
        assert check_ror(written) == ROR
    for wrong in ("05a28rw59", "15a28rw58", "05a28rw5٨", "", "05i28rw58"):
        with pytest.raises(InvalidAuthor):
            check_ror(wrong)


def test_the_addresses_of_identifiers() -> None:
    author = Author.person("Ada Lovelace", orcid=ORCID, ror=ROR)
    assert author.orcid_url == f"https://orcid.org/{ORCID}"
    assert author.ror_url == f"https://ror.org/{ROR}"
    assert Author("Ada").orcid_url is None
    assert Author("Ada").ror_url is None


@given(st.text())
def test_no_text_raises_anything_but_a_plain_error(text: str) -> None:
    try:
        author = Author.parse(text)
    except HubdoiError:
        return
    assert Author.from_json(author.to_json()) == author
    assert author.display_name


@given(MAPPINGS)
def test_no_mapping_raises_anything_but_a_plain_error(mapping: dict[str, Any]) -> None:
    try:
        author = Author.from_json(mapping)
    except HubdoiError as error:
        assert len(error.message) < 700
        return
    assert Author.from_json(author.to_json()).to_json() == author.to_json()
