"""Thousands of authors, a title of 100 kB, every character of Unicode: each format, read by others."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import bibtexparser.entrypoint
import jsonschema
import pypandoc
import pytest
import rispy
import typst
import yaml
from bibtexparser import middlewares
from datacite import schema45
from lxml import etree

from hubdoi.citation import FORMATS, cite
from hubdoi.records import Author, Version

DATA = Path(__file__).parents[1] / "data" / "schemas"
ADA = (Author.person("Lovelace, Ada"),)
LONG = " ".join(f"word{number} & more" for number in range(6000))
NAMES = {"d": "http://datacite.org/schema/kernel-4"}


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_shown(code: int) -> bool:
    """Whether a font can show it: controls, surrogates and invisible marks are none of it.

    Of the large areas for private use, and of the places that have no character yet and may have
    one in the next edition of Unicode, some are tried.
    """
    category = unicodedata.category(chr(code))
    if category == "Cn" or code >= 0xF0000:
        return code % 997 == 0 and not _is_noncharacter(code)
    return category not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


@cache
def every_character() -> list[str]:
    return [chr(code) for code in range(0x110000) if _is_shown(code)]


@cache
def many_authors() -> tuple[Author, ...]:
    return tuple(Author.person(f"Family{number}, Given{number}") for number in range(5000))


def work(title: str = "tiny", authors: tuple[Author, ...] = ADA, **more: Any) -> Version:
    return Version.from_parts(
        doi="10.5072/hf/0001",
        repo="ada/tiny-bert",
        revision="909a2907" * 5,
        created="2026-11-23T09:00:00Z",
        license="mit",
        title=title,
        authors=authors,
        **more,
    )


def _bib(text: str) -> tuple[str, list[str]]:
    library = bibtexparser.entrypoint.parse_string(
        text,
        parse_stack=[middlewares.RemoveEnclosingMiddleware(), middlewares.SeparateCoAuthors()],
    )
    assert not library.failed_blocks
    (entry,) = library.entries
    fields = entry.fields_dict
    title = fields["title"].value.removeprefix("{").removesuffix("}")
    return _decoded(title), list(fields["author"].value)


def _decoded(text: str) -> str:
    decode = middlewares.LatexDecodingMiddleware()._decoder.latex_to_text
    # Only ASCII is escaped, and this decoder has one character for two.
    return re.sub("[\x00-\x7f]+", lambda found: decode(found[0]), text).replace("ˆ", "^")


def _hub(text: str) -> tuple[str, list[str]]:
    """The Hub's own form, in which nothing is escaped but what could not stand there."""
    (entry,) = bibtexparser.entrypoint.parse_string(text, parse_stack=[]).entries
    title, author = (entry.fields_dict[name].value[2:-2] for name in ("title", "author"))
    if "\\" in title:
        title = _decoded(title)
    return title, author.split(" and ")


def _ris(text: str) -> tuple[str, list[str]]:
    (found,) = rispy.loads(text)
    return found["title"], found["authors"]


def _csl(text: str) -> tuple[str, list[str]]:
    (found,) = json.loads(text)
    return found["title"], [f"{name['family']}, {name['given']}" for name in found["author"]]


def _cff(text: str) -> tuple[str, list[str]]:
    found = yaml.load(text, Loader=yaml.CSafeLoader)
    schema = json.loads((DATA / "cff-1.2.0.json").read_text(encoding="utf-8"))
    # That no author is there twice is compared pair by pair, which takes minutes for 5,000.
    few = {**found, "authors": found["authors"][:100]}
    assert not list(jsonschema.Draft7Validator(schema).iter_errors(few))
    names = [f"{name['family-names']}, {name['given-names']}" for name in found["authors"]]
    return found["title"], names


def _datacite_json(text: str) -> tuple[str, list[str]]:
    found = json.loads(text)
    schema45.validator.validate(found)
    return found["titles"][0]["title"], [creator["name"] for creator in found["creators"]]


def _datacite_xml(text: str) -> tuple[str, list[str]]:
    document = etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True))
    etree.XMLSchema(etree.parse(str(DATA / "datacite-4.7.xsd"))).assertValid(document)
    names = [str(name.text) for name in document.iterfind(".//d:creatorName", NAMES)]
    return document.findtext(".//d:title", "", NAMES), names


def _schema_org(text: str) -> tuple[str, list[str]]:
    found = json.loads(text)
    people = [f"{name['familyName']}, {name['givenName']}" for name in found["author"]]
    return found["name"], people


def _typst(text: str) -> tuple[str, list[str]]:
    (found,) = yaml.load(text, Loader=yaml.CSafeLoader).values()
    title = re.sub(r"\\(.)", r"\1", found["title"]["value"])
    return title, [f"{name['name']}, {name['given-name']}" for name in found["author"]]


def _zotero(text: str) -> tuple[str, list[str]]:
    (found,) = json.loads(text)["items"]
    return found["title"], [
        f"{name['lastName']}, {name['firstName']}" for name in found["creators"]
    ]


READERS: dict[str, Callable[[str], tuple[str, list[str]]]] = {
    "bibtex": _bib,
    "biblatex": _bib,
    "hub": _hub,
    "ris": _ris,
    "csl-json": _csl,
    "cff": _cff,
    "datacite-json": _datacite_json,
    "datacite-xml": _datacite_xml,
    "schema.org": _schema_org,
    "typst": _typst,
    "zotero": _zotero,
}
"""The formats that are read by programs: the title, and the authors."""
PROSE = ("text", "markdown", "latex")


def test_every_format_is_tried() -> None:
    # `myst` is a link to the DOI, and nothing else.
    assert {*READERS, *PROSE, "myst"} == set(FORMATS)


@pytest.mark.parametrize("format", READERS)
def test_five_thousand_authors_are_all_there(format: str) -> None:
    _, names = READERS[format](str(cite(work(authors=many_authors()), format)))
    expected = [author.name for author in many_authors()]
    if format == "hub":
        # As the Hub writes them: in reading order.
        expected = [author.display_name for author in many_authors()]
    assert names == expected


@pytest.mark.parametrize("format", READERS)
def test_a_long_title_is_whole(format: str) -> None:
    title, _ = READERS[format](str(cite(work(LONG), format)))
    assert title == LONG


@pytest.mark.parametrize("format", READERS)
def test_no_character_of_unicode_is_lost(format: str) -> None:
    version = work("".join(every_character()), description=" ".join(map(chr, range(0x11000))))
    title, _ = READERS[format](str(cite(version, format)))
    lost = set(every_character()) - set(title)
    # The decoder of these tests has one character for two.
    assert lost == ({"ˆ"} if format in ("bibtex", "biblatex", "hub") else set())


@pytest.mark.parametrize(
    "title", ["100% {new}", "a { b", "a } b", "C:\\models", "x}, note={y", "a_b & c"]
)
def test_the_hub_s_form_loses_no_letter(title: str) -> None:
    text = str(cite(work(title), "hub"))
    assert READERS["hub"](text)[0] == title
    assert "note" not in bibtexparser.entrypoint.parse_string(text).entries[0].fields_dict


def test_typst_takes_them_all(tmp_path: Path) -> None:
    (tmp_path / "paper.typ").write_text('#bibliography("refs.yml", full: true)')
    version = work(LONG, many_authors())
    for one in (version, work("".join(every_character()[::75]))):
        cite(one, "typst").save(tmp_path / "refs.yml")
        typst.compile(str(tmp_path / "paper.typ"), output=str(tmp_path / "paper.pdf"))


@pytest.mark.parametrize("format", PROSE)
def test_prose_has_the_whole_title_and_says_that_there_are_more_authors(format: str) -> None:
    source = {"text": None, "markdown": "markdown", "latex": "latex"}[format]
    text = str(cite(work(LONG, many_authors()), format))
    if source:
        text = pypandoc.convert_text(text, "plain", format=source, extra_args=["--wrap=none"])
    assert LONG in " ".join(text.split())
    assert "Family0" in text
