"""Items for Zotero: each of a type of its schema, with fields and creators that the type has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hubdoi.citation import cite
from hubdoi.citation.work_type import csl_type
from hubdoi.datacite.json_record import GENERAL_TYPES
from hubdoi.records import Author, Contributor, Version
from hubdoi.records.container import Container

EVERYWHERE = {"itemType", "title", "creators", "date", "url", "abstractNote", "rights", "extra", "tags"}  # fmt: skip
# Of version 41 of https://github.com/zotero/zotero-schema, what may be said of our kinds of works.
FIELDS = {
    "journalArticle": "publicationTitle publisher volume issue pages DOI ISSN language",
    "preprint": "genre repository DOI language",
    "book": "series volume edition publisher ISBN language",
    "bookSection": "bookTitle volume edition publisher pages ISBN language",
    "conferencePaper": "proceedingsTitle publisher volume issue pages DOI ISBN language",
    "thesis": "thesisType university language",
    "report": "reportType institution seriesTitle pages ISBN language",
    "dataset": "type versionNumber repository DOI language",
    "computerProgram": "versionNumber company",
    "document": "type publisher language",
    "presentation": "presentationType language",
    "standard": "type versionNumber publisher edition language",
}
CREATORS = {
    "computerProgram": {"programmer"},
    "presentation": {"presenter"},
    "book": {"author", "editor"},
    "bookSection": {"author", "editor"},
    "conferencePaper": {"author", "editor"},
}
PLACE = Container("Memoirs", "3", "2", "666", "731", "2nd", "e29", "1234-5678", "ISSN")


@pytest.fixture
def work(make: Callable[..., Version]) -> Callable[..., Version]:
    def of(general: str, **more: Any) -> Version:
        return make(
            1,
            resource_type=general,
            specific_type="In its own words",
            language="en",
            license="mit",
            description="What it is.",
            subjects=("engines",),
            container=PLACE,
            contributors=(Contributor(Author.person("Hopper, Grace"), "Editor"),),
            **more,
        )

    return of


def item_of(version: Version) -> dict[str, Any]:
    (item,) = json.loads(str(cite(version, "zotero")))["items"]
    return dict(item)


@pytest.mark.parametrize("general", sorted(GENERAL_TYPES))
def test_an_item_has_the_fields_of_its_type(general: str, work: Callable[..., Version]) -> None:
    item = item_of(work(general))
    assert item.keys() - EVERYWHERE <= set(FIELDS[item["itemType"]].split()), general
    roles = {creator["creatorType"] for creator in item["creators"]}
    assert roles <= CREATORS.get(item["itemType"], {"author"})


@pytest.mark.parametrize("general", sorted(GENERAL_TYPES))
def test_what_has_no_field_is_a_line_of_extra(general: str, work: Callable[..., Version]) -> None:
    version = work(general)
    lines = item_of(version)
    said = "\n".join(str(value) for value in lines.values())
    for fact in ("Memoirs", "3", "666-731", "2nd", "1234-5678", "10.5072/hf/0001", "Hugging Face"):
        assert fact in said, (general, csl_type(version), fact)


def test_a_suffix_is_where_zotero_looks_for_it(work: Callable[..., Version]) -> None:
    item = item_of(work("Dataset", authors=(Author.person("King, Martin, Jr."),)))
    (king,) = [one for one in item["creators"] if one["creatorType"] == "author"]
    assert (king["firstName"], king["lastName"]) == ("Martin, Jr.", "King")


def test_a_model_is_a_program_that_says_what_it_is(version: Version) -> None:
    item = item_of(version)
    assert item["itemType"] == "computerProgram" and item["company"] == "Hugging Face"
    assert item["extra"].splitlines()[0] == "DOI: 10.5072/hf/0001"
    assert "genre: Machine learning model" in item["extra"]
    # The title says the revision, and a style would print it once more.
    assert "versionNumber" not in item and "ET  -" not in str(cite(version, "ris"))
    other = version.replace(title="tiny", version="1.2")
    assert item_of(other)["versionNumber"] == "1.2" and "ET  - 1.2" in str(cite(other, "ris"))
    assert item["creators"][0] == {
        "creatorType": "programmer", "firstName": "Ada", "lastName": "Lovelace",
    }  # fmt: skip
