from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records.names import (
    kind_of,
    looks_like_organization,
    looks_like_person,
    reading_order,
    split_person,
    split_suffix,
)


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Ada Lovelace", "Lovelace", "Ada"),
        ("Lovelace, Ada", "Lovelace", "Ada"),
        ("  Ada   Lovelace ", "Lovelace", "Ada"),
        ("Leandro von Werra", "von Werra", "Leandro"),
        ("Guido van Rossum", "van Rossum", "Guido"),
        ("Ludwig Mies van der Rohe", "van der Rohe", "Ludwig Mies"),
        ("Maria da Silva", "da Silva", "Maria"),
        ("Vadim N. Gladyshev", "Gladyshev", "Vadim N."),
        ("J. R. R. Tolkien", "Tolkien", "J. R. R."),
        ("J.R.R. Tolkien", "Tolkien", "J.R.R."),
        ("JRR Tolkien", "Tolkien", "JRR"),
        ("Tolkien J.R.R.", "Tolkien", "J.R.R."),
        ("YIHSIANG ZHAN", "ZHAN", "YIHSIANG"),
        ("LOVELACE Ada", "LOVELACE", "Ada"),
        ("Ada LOVELACE", "LOVELACE", "Ada"),
        ("Nicholas KLUGE CORRÊA", "KLUGE CORRÊA", "Nicholas"),
        ("José Ortega y Gasset", "Ortega y Gasset", "José"),
        ("Jean-Pierre Serre", "Serre", "Jean-Pierre"),
        ("Sammy Davis Jr.", "Davis Jr.", "Sammy"),
        ("King, Martin Luther, Jr.", "King Jr.", "Martin Luther"),
        ("King, Jr., Martin Luther", "King Jr.", "Martin Luther"),
        ("Robert Downey, Jr.", "Downey Jr.", "Robert"),
        ("van den Berg, Jan Jr.", "van den Berg Jr.", "Jan"),
        ("Astor, John Jacob IV", "Astor IV", "John Jacob"),
        ("Smith, John V", "Smith", "John V"),
        ("King, Jr.", "King Jr.", ""),
        ("Иван Петров", "Петров", "Иван"),
        ("Иван Иванович Петров", "Петров", "Иван Иванович"),
        ("Петров Иван Иванович", "Петров", "Иван Иванович"),
        ("李 小明", "李", "小明"),
        ("김 철수", "김", "철수"),
        ("山田 太郎", "山田", "太郎"),
        ("محمد الخوارزمي", "الخوارزمي", "محمد"),
    ],
)
def test_a_name_whose_form_says_how_is_taken_apart(name: str, family: str, given: str) -> None:
    assert split_person(name) == (family, given)


@pytest.mark.parametrize(
    "name",
    [
        "jeevan",
        "李小明",
        "Nicholas Kluge Corrêa",
        "Manoel Horta Ribeiro",
        "Ana Paula Oliveira dos Santos",
        "Martin Luther King Jr.",
        "Junbum L.",
        "van Rossum",
        "عبد الله",
        "محمد بن سلمان آل سعود",
        "エイダ・ラブレス",
    ],
)
def test_a_name_that_may_be_read_in_two_ways_stays_whole(name: str) -> None:
    assert split_person(name) == (name, "")


@pytest.mark.parametrize(
    "name",
    [
        "Project Los Angeles",
        "HF Canonical Model Maintainers",
        "Centre Aquitain des Technologies de l'Information et Electroniques",
        "Lab For Exosphere And Near Space Environment Studies",
        "Analytical Engine Society",
        "Intelligent Instruments Lab",
        "清华大学",
        "Институт проблем",
        "The Royal Navy",
    ],
)
def test_organisations_are_seen(name: str) -> None:
    assert looks_like_organization(name)
    assert not looks_like_person(name)


@pytest.mark.parametrize("name", ["Ada Lovelace", "jeevan", "Leandro von Werra", "李小明", "CyArk"])
def test_what_is_no_organisation_is_not_called_one(name: str) -> None:
    assert not looks_like_organization(name)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Ollomo, Benjamin", True),
        ("Douzery, Emmanuel J. P.", True),
        ("King, Martin, Jr.", True),
        ("Jones, Matthew B.; Slaughter, Peter", False),
        ("University of Bath, Library", False),
        ("Lovelace, Ada and Hopper, Grace", False),
        ("Ada Lovelace", False),
        ("Room 12, Bath", False),
        (", Ada", False),
        ("a, b, c, d", False),
    ],
)
def test_the_registered_form_of_a_person_is_seen(name: str, person: bool) -> None:
    assert looks_like_person(name) is person


def test_suffixes_and_reading_order() -> None:
    assert split_suffix("King Jr.") == ("King", "Jr.")
    assert split_suffix("Vasquez III") == ("Vasquez", "III")
    assert split_suffix("Ortega y Gasset") == ("Ortega y Gasset", "")
    assert split_suffix("Jr.") == ("Jr.", "")
    assert reading_order("Lovelace", "Ada") == "Ada Lovelace"
    assert reading_order("李", "小明") == "李小明"
    assert reading_order("김", "철수") == "김 철수"
    assert reading_order("jeevan", None) == "jeevan"


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_no_part_of_a_name_is_lost_or_made_up(name: str) -> None:
    family, given_ = split_person(name)
    assert family or not name.strip(", ")
    letters = sorted(character for character in name if character.isalnum())
    assert sorted(character for character in family + given_ if character.isalnum()) == letters


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Ada Lovelace", "person"),
        ("Press, Ofir", "person"),
        ("Ai, Qingyao", "person"),
        ("Wang, Ai", "person"),
        ("Bank, Dor", "person"),
        ("Leandro von Werra", "person"),
        ("Nicholas Kluge Corrêa", "person"),
        ("J. R. R. Tolkien", "person"),
        ("Ada Lovelace, PhD", "person"),
        ("Lovelace, Ada, Ph.D.", "person"),
        ("Smith, M.D.", "person"),
        ("Plato,", "person"),
        ("Robert Downey, Jr.", "person"),
        ("Foo AG", "organization"),
        ("Foo, AG", "organization"),
        ("Bar, S.p.A.", "organization"),
        ("Foo, GmbH & Co. KG", "organization"),
        ("Foo, Pty Ltd", "organization"),
        ("Acme, Inc.", "organization"),
        ("Acme, Labs, Inc.", "organization"),
        ("Foo SA", "organization"),
        ("Meta AI", "organization"),
        ("Allen Institute for AI", "organization"),
        ("Analytical Engine Society", "organization"),
        ("Hugging Face", None),
        ("Qingyao Ai", None),
        ("Ofir Press", None),
        ("World Bank", None),
        ("Foo, S.A.", None),
        ("Smith, SA", None),
        ("University of Bath, Library", None),
        ("Lovelace, Ada and Hopper, Grace", None),
        ("jeevan", None),
        ("OpenAI", None),
        ("山田太郎", None),
    ],
)
def test_r05_a_comma_says_person_and_words_say_organisation(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Ada Lovelace, PhD", "Lovelace", "Ada"),
        ("Lovelace, Ada, PhD, MSc", "Lovelace", "Ada"),
        ("Ada Lovelace, M.D.", "Lovelace", "Ada"),
        ("Smith, M.D.", "Smith", "M.D."),
        ("Sammy Davis Jr., PhD", "Davis Jr.", "Sammy"),
    ],
)
def test_a_degree_is_no_name(name: str, family: str, given: str) -> None:
    assert split_person(name) == (family, given)
