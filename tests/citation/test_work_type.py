"""What a work is called: no more than its record says, and no less."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hubdoi.citation import cite
from hubdoi.datacite import json_record
from hubdoi.records import Related, Version
from hubdoi.records.contributor import CONTRIBUTOR_TYPES

XSD = Path(__file__).parents[1] / "data" / "schemas" / "datacite-4.7.xsd"
Make = Callable[..., Version]


@pytest.fixture
def work(make: Make) -> Make:
    def of(general: str, **more: Any) -> Version:
        whose = {"repo": None, "revision": None, "version": None, "url": None}
        given: dict[str, Any] = {"title": "On engines", "resource_type": general, **whose, **more}
        return make(1, **given)

    return of


def test_a_thesis_of_no_degree_is_no_phd_thesis(work: Make) -> None:
    thesis = work("Dissertation", publisher="Taylor")
    assert "type   = {Dissertation}" in str(cite(thesis))
    assert "{Dissertation}" in str(cite(thesis, "biblatex"))
    assert "[Dissertation, Taylor]" in str(cite(thesis, style="apa"))
    doctoral = thesis.replace(specific_type="PhD thesis")
    assert "{phdthesis}" in str(cite(doctoral, "biblatex"))
    assert "{Thesis}" in str(cite(thesis.replace(resource_type="Text", csl_type="thesis")))


@pytest.mark.parametrize(
    ("general", "said"),
    [("Poster", "Poster"), ("Presentation", "Presentation"), ("PeerReview", "Peer review")],
)
def test_a_poster_says_that_it_is_one(general: str, said: str, work: Make) -> None:
    version = work(general)
    (item,) = json.loads(str(cite(version, "csl-json")))
    assert item["genre"] == said and item["type"] != "review"
    assert f"type         = {{{said}}}" in str(cite(version, "biblatex"))
    assert f"On engines [{said}]. Hugging Face." in str(cite(version, style="apa"))


def test_an_article_without_a_journal_keeps_its_publisher(work: Make) -> None:
    assert "On engines. Hugging Face." in str(cite(work("DataPaper"), style="apa"))


def test_the_words_of_datacite_are_those_of_its_schema(work: Make) -> None:
    schema = etree.parse(str(XSD))
    words = {
        "generalType": json_record.GENERAL_TYPES,
        "relationType": json_record._RELATIONS,
        "identifierType": json_record._IDENTIFIER_TYPES,
        "titleType": json_record._TITLE_TYPES,
        "dateType": json_record._DATE_TYPES,
        "contributorType": set(CONTRIBUTOR_TYPES),
    }
    for name, ours in words.items():
        found = schema.findall(f"{{*}}simpleType[@name='{name}']//{{*}}enumeration")
        assert {entry.get("value") for entry in found} == ours, name
    related = tuple(
        Related(relation, "10.1/x", kind, "why" if relation == "Other" else "")
        for relation in sorted(json_record._RELATIONS)
        for kind in sorted(json_record._IDENTIFIER_TYPES)
    )
    for general in sorted(json_record.GENERAL_TYPES):
        document = str(cite(work(general, related=related), "datacite-xml"))
        etree.XMLSchema(schema).assertValid(etree.fromstring(document.encode()))
