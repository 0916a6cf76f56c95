"""A chapter with the editors of its book, and an edited book: who edited it is in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rispy
import yaml

from hubdoi.citation import FORMATS, cite
from hubdoi.datacite.reader import version_from
from hubdoi.records import Author, Contributor, Version
from hubdoi.records.title import Title

SCHEMA = Path(__file__).parents[1] / "data" / "schemas" / "cff-1.2.0.json"
HOPPER = {"name": "Hopper, Grace", "nameType": "Personal", "contributorType": "Editor"}
CHAPTER: dict[str, Any] = {
    "doi": "10.1234/chapter",
    "titles": [{"title": "Sketch of the engine"}],
    "creators": [{"name": "Lovelace, Ada", "nameType": "Personal"}],
    "publisher": "Taylor",
    "publicationYear": 1843,
    "types": {"resourceTypeGeneral": "BookChapter"},
    "contributors": [
        HOPPER,
        {"name": "King, Martin, Jr.", "nameType": "Personal", "contributorType": "Editor"},
        {"name": "Liskov, Barbara", "nameType": "Personal", "contributorType": "DataCurator"},
    ],
    "relatedItems": [
        {
            "relationType": "IsPublishedIn",
            "relatedItemType": "Book",
            "titles": [{"title": "Memoirs"}],
            "firstPage": "666",
            "lastPage": "731",
            "number": "3",
            "contributors": [
                HOPPER,
                {
                    "name": "Engine Society",
                    "nameType": "Organizational",
                    "contributorType": "Editor",
                },
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def chapter() -> Version:
    return version_from(CHAPTER)


@pytest.fixture(scope="module")
def book(chapter: Version) -> Version:
    return chapter.replace(authors=(), container=None, resource_type="Book")


def test_the_editors_of_the_book_are_read_with_those_of_the_chapter(chapter: Version) -> None:
    editors = [one.author.name for one in chapter.contributors if one.type == "Editor"]
    assert editors == ["Hopper, Grace", "King, Martin, Jr.", "Engine Society"]
    again = version_from(json.loads(str(cite(chapter, "datacite-json"))))
    assert again.contributors == chapter.contributors


def test_bibtex_and_biblatex(chapter: Version, book: Version) -> None:
    bibtex, biblatex = str(cite(chapter)), str(cite(chapter, "biblatex"))
    assert bibtex.startswith("@incollection{") and biblatex.startswith("@incollection{")
    people = "{Hopper, Grace and King, Jr., Martin and {Engine Society}}"
    assert f"editor    = {people}" in bibtex and people in biblatex
    assert str(cite(book)).startswith("@book{hopper1843sketch") and f"editor    = {people}" in str(
        cite(book)
    )
    assert str(cite(book, "biblatex")).startswith("@collection{")
    assert "author" not in str(cite(book)) and "key" not in str(cite(book)).splitlines()[1]


def test_ris_has_the_tags_that_endnote_zotero_and_citation_js_read(
    chapter: Version, book: Version
) -> None:
    people = ["Hopper, Grace", "King, Martin, Jr.", "Engine Society"]
    (found,) = rispy.loads(str(cite(chapter, "ris")))
    assert (found["type_of_reference"], found["secondary_authors"]) == ("CHAP", people)
    (found,) = rispy.loads(str(cite(book, "ris")))
    assert (found["type_of_reference"], found["authors"]) == ("EDBOOK", people)
    both = book.replace(authors=chapter.authors)
    (found,) = rispy.loads(str(cite(both, "ris")))
    assert (found["type_of_reference"], found["tertiary_authors"]) == ("BOOK", people)


def test_an_organisation_with_a_comma_is_one_name_in_ris(chapter: Version) -> None:
    named = chapter.replace(authors=(Author("Foo, Inc.", "organization"), Author("A, b; C, d")))
    (found,) = rispy.loads(str(cite(named, "ris")))
    assert found["authors"] == ["Foo Inc.", "A b; C d"]


def test_cff_cites_the_chapter_as_its_schema_allows(chapter: Version, book: Version) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for version, kind in ((chapter, "generic"), (book, "edited-work")):
        document = yaml.safe_load(str(cite(version, "cff")))
        jsonschema.validate(document, schema)
        reference = document["preferred-citation"]
        assert (reference["type"], len(reference["editors"])) == (kind, 3)
        assert (reference["year"], reference["publisher"]) == (1843, {"name": "Taylor"})
    reference = yaml.safe_load(str(cite(chapter, "cff")))["preferred-citation"]
    assert (reference["collection-title"], reference["start"]) == ("Memoirs", "666")


def test_csl_zotero_typst_and_schema_org(chapter: Version) -> None:
    (item,) = json.loads(str(cite(chapter, "csl-json")))
    assert item["editor"] == [
        {"family": "Hopper", "given": "Grace"},
        {"family": "King", "given": "Martin", "suffix": "Jr."},
        {"literal": "Engine Society"},
    ]
    assert "In G. Hopper, M. King Jr., & Engine Society (Eds.), Memoirs (pp. 666–731)." in str(
        cite(chapter, style="apa")
    )
    (item,) = json.loads(str(cite(chapter, "zotero")))["items"]
    roles = [creator["creatorType"] for creator in item["creators"]]
    assert roles == ["author", "editor", "editor", "editor"]
    (entry,) = yaml.safe_load(str(cite(chapter, "typst"))).values()
    assert [name["name"] for name in entry["parent"]["editor"]] == [
        "Hopper", "King", "Engine Society",
    ]  # fmt: skip
    thing = json.loads(str(cite(chapter, "schema.org")))
    assert (thing["@type"], len(thing["editor"]), len(thing["contributor"])) == ("Chapter", 3, 1)
    assert thing["isPartOf"] == {"@type": "Book", "name": "Memoirs"}
    assert thing["pageStart"] == "666"


@pytest.mark.parametrize("style", ["vancouver", "american-medical-association", "apa"])
def test_a_style_says_editors_after_the_names(style: str, chapter: Version) -> None:
    text = str(cite(chapter, style=style))
    assert re.search(r"Society,? \(?[Ee]d(itor)?s\b", text), text


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"hub", "myst"}))
def test_a_subtitle_is_cited_with_its_title(format: str, chapter: Version) -> None:
    both = chapter.replace(titles=(Title("With notes", "Subtitle"), Title("Skizze", "Other")))
    text = str(cite(both, format))
    if format.startswith("datacite"):
        assert "Subtitle" in text and "engine:" not in text
    else:
        assert "Sketch of the engine: With notes" in text.replace("\\:", ":"), text
    assert both.replace(title="Why?").full_title == "Why? With notes"
    assert both.replace(title="Why: with notes").full_title == "Why: with notes"


def test_a_program_keeps_its_name_and_its_version_is_said_once(chapter: Version) -> None:
    program = chapter.replace(
        title="lenses-lab/lyao", resource_type="Software", version="v1.2", container=None
    )
    assert "lenses-lab/lyao. V. 1.2." in str(cite(program, style="chicago-author-date"))


@pytest.mark.parametrize("format", FORMATS)
def test_the_editors_of_a_dataset_are_not_cited(format: str, chapter: Version) -> None:
    dataset = chapter.replace(
        resource_type="Dataset",
        container=None,
        contributors=(Contributor(Author.person("Hopper, Grace"), "Editor"),),
    )
    text = str(cite(dataset, format))
    assert ("Hopper" in text) == (format in ("datacite-json", "datacite-xml", "schema.org"))
