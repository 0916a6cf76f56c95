"""BibTeX: one entry a version, in UTF-8, with each fact in one field.

DataCite's objects are not among BibTeX's types. `howpublished` is what styles print in ``@misc``, and
what readers such as pandoc take for the publisher. A DOI needs no `url` beside it: styles that know
`doi` would print the link twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from ..records import Author, Version
from ..records.container import Container
from ..records.date import day_of, year_of
from ..records.link import landing_of, link_of
from .bib_entry import bib_entry, bib_names
from .keys import key_of, keys_of
from .latex_text import ascii_text, latex_text, link_text
from .work_type import bibtex_type, editors, genre

# The field that styles print the publisher of; an article has none in BibTeX.
_PUBLISHERS = {
    "article": "publisher",
    "book": "publisher",
    "incollection": "publisher",
    "inproceedings": "publisher",
    "phdthesis": "school",
    "mastersthesis": "school",
    "techreport": "institution",
}
# The field of the journal, the series or the book; a work of another type has none.
_TITLES = {"article": "journal", "book": "series"}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def write(versions: Sequence[Version], *, ascii: bool = False, classic: bool = False) -> str:
    """One entry a version, a blank line between them; `ascii` and `classic` as in `fields`."""
    keys = keys_of(versions)
    return "\n\n".join(
        [
            entry(version, key, ascii=ascii, classic=classic)
            for version, key in zip(versions, keys, strict=True)
        ]
    )


def entry(version: Version, key: str, *, ascii: bool = False, classic: bool = False) -> str:
    """One entry: ``@misc`` for models and datasets, which BibTeX does not know, else as the work is."""
    return bib_entry(bibtex_type(version), key, fields(version, ascii=ascii, classic=classic))


def fields(version: Version, *, ascii: bool = False, classic: bool = False) -> dict[str, str]:
    """The fields with their delimiters, in the order in which they are written.

    `ascii` writes accents as commands, for programs that count bytes. `classic` has the version and
    the DOI (or the URL) in `note`, and nowhere else: nearly all styles print that, few `version`, and
    those that print `doi` would print it a second time.
    """
    escape = ascii_text if ascii else latex_text
    found: dict[str, str] = {}
    kind = bibtex_type(version)
    for field, people in (("author", version.authors), ("editor", editors(version))):
        if people and (field == "author" or kind in _PUBLISHERS):
            found[field] = f"{{{_people(people, escape, ascii)}}}"
    if not found:
        name = escape(version.name)
        found["key"] = f"{{{name if name.isascii() and name else key_of(version)}}}"
    # The inner braces keep the case: names of models are not sentences.
    found["title"] = f"{{{{{escape(version.full_title) or 'untitled'}}}}}"
    if version.container is not None:
        found |= _in_container(version.container, kind, escape)
    if kind in ("phdthesis", "mastersthesis", "techreport") and (words := genre(version)):
        found["type"] = f"{{{escape(words)}}}"
    if version.publisher:
        found[_PUBLISHERS.get(kind, "howpublished")] = (
            f"{{{_published(version.publisher, escape)}}}"
        )
    day, year = day_of(version), year_of(version)
    if year is not None:
        found["year"] = f"{{{year}}}"
    if day is not None:
        found["month"] = _MONTHS[day.month - 1]
    number = version_apart(version)
    if number and not classic:
        found["version"] = f"{{{escape(number)}}}"
    url = ""
    if version.doi is None:
        url = landing_of(version) if version.repo else link_of(version)
    if classic:
        if note := _note(version, number, url, escape):
            found["note"] = f"{{{note}}}"
    elif version.doi is not None:
        found["doi"] = f"{{{link_text(version.doi.name)}}}"
    elif url:
        found["url"] = f"{{{link_text(url)}}}"
    return found


def _people(people: tuple[Author, ...], escape: Callable[[str], str], ascii: bool) -> str:
    return bib_names(tuple([one.romanised for one in people]) if ascii else people, escape)


def _in_container(held: Container, kind: str, escape: Callable[[str], str]) -> dict[str, str]:
    values = {
        _TITLES.get(kind, "booktitle"): held.title if kind != "misc" else "",
        "volume": held.volume,
        "number": held.issue,
        "pages": held.pages,
        "edition": held.edition,
        "chapter": held.number if kind == "incollection" else "",
    }
    if kind == "misc" or (kind != "article" and held.volume):
        # Of a volume and a number BibTeX takes one.
        values["number"] = ""
    if kind == "article":
        # BibTeX has no field for the number of an article; styles print it in the place of pages.
        values["pages"] = held.place
    found = {name: f"{{{escape(value)}}}" for name, value in values.items() if value}
    if held.pages and "pages" in found:
        found["pages"] = (
            f"{{{escape(held.first_page)}{'--' + escape(held.last_page) if held.last_page else ''}}}"
        )
    return found


@lru_cache(maxsize=256)
def _published(publisher: str, escape: Callable[[str], str]) -> str:
    return escape(publisher)


def version_apart(version: Version) -> str | None:
    """The version or the revision, where the title does not say it already."""
    number = version.version or version.short_revision
    return number if number and number not in version.title else None


def version_words(number: str) -> str:
    """``Version 1.2``; ``v1.2`` says that it is a version."""
    is_said = re.match(r"v\.? ?\d|version\b", number, re.IGNORECASE)
    return number if not number or is_said else f"Version {number}"


def _note(version: Version, number: str | None, url: str, escape: Callable[[str], str]) -> str:
    said = [escape(version_words(number))] if number else []
    if version.doi is not None:
        said.append(f"doi:{escape(version.doi.name)}")
    elif url:
        said.append(f"\\url{{{link_text(url)}}}")
    if said and said[0][0].islower():
        # Styles that begin a sentence here would print "Doi:10.5072/hf/0001".
        said[0] = f"{{{said[0]}}}"
    return ", ".join(said)
