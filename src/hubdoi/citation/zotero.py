"""Items as Zotero's translators write them, for its connector's ``saveItems`` and its API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..records import Author, Version
from ..records.container import Container
from ..records.date import day_of, year_of
from ..records.link import link_of
from ..records.names import split_suffix
from ..records.plain_text import plain_line, plain_text
from .bibtex import version_apart
from .keys import keys_of
from .work_type import csl_type, editors, genre


class _Type(NamedTuple):
    """An item type, and what its fields are called; Zotero refuses those of other types.

    `place` has the fields of the container, in the order title, volume, issue, pages, edition,
    identifier.
    """

    name: str
    publisher: str
    genre: str = ""
    place: tuple[str, ...] = ()
    creator: str = "author"


# By CSL's types, as Zotero's schema maps them.
_TYPES = {
    "article-journal": _Type(
        "journalArticle",
        "publisher",
        place=("publicationTitle", "volume", "issue", "pages", "", "ISSN"),
    ),
    "article": _Type("preprint", "repository", "genre"),
    "book": _Type("book", "publisher", place=("series", "volume", "", "", "edition", "ISBN")),
    "chapter": _Type(
        "bookSection", "publisher", place=("bookTitle", "volume", "", "pages", "edition", "ISBN")
    ),
    "paper-conference": _Type(
        "conferencePaper",
        "publisher",
        place=("proceedingsTitle", "volume", "", "pages", "", "ISBN"),
    ),
    "thesis": _Type("thesis", "university", "thesisType"),
    "report": _Type(
        "report", "institution", "reportType", ("seriesTitle", "", "", "pages", "", "ISBN")
    ),
    "dataset": _Type("dataset", "repository", "type"),
    "software": _Type("computerProgram", "company", creator="programmer"),
    "speech": _Type("presentation", "", "presentationType", creator="presenter"),
    "standard": _Type("standard", "publisher", "type"),
}
_OTHER = _Type("document", "publisher", "type")
_HAVE_DOI = ("journalArticle", "preprint", "conferencePaper", "dataset")
_HAVE_VERSION = ("dataset", "computerProgram", "standard")
_VARIABLES = ("container-title", "volume", "issue", "page", "edition")


def write(versions: Sequence[Version]) -> str:
    """``{"items": […]}``, the body of a ``saveItems`` request."""
    keyed = zip(versions, keys_of(versions), strict=True)
    return json.dumps(
        {"items": [_item(version, key) for version, key in keyed]}, ensure_ascii=False, indent=2
    )


def _item(version: Version, key: str) -> dict[str, Any]:
    kind = _TYPES.get(csl_type(version), _OTHER)
    day, year = day_of(version), year_of(version)
    doi = version.doi.name if version.doi else ""
    number = plain_line(version_apart(version) or "")
    extra = [f"Citation Key: {key}"]
    if doi and kind.name not in _HAVE_DOI:
        # Zotero reads this line as the DOI, also before version 8, which has a field for it everywhere.
        extra.insert(0, f"DOI: {doi}")
    found: dict[str, Any] = {
        "itemType": kind.name,
        "title": plain_line(version.full_title),
        "creators": [
            *(_creator(author, kind.creator) for author in version.authors),
            *(_creator(author, "editor") for author in editors(version)),
        ],
        "date": day.isoformat() if day else str(year) if year is not None else "",
        "DOI": doi if kind.name in _HAVE_DOI else "",
        "url": link_of(version),
        "versionNumber": number if kind.name in _HAVE_VERSION else "",
        "abstractNote": plain_text(version.description or ""),
        "rights": plain_line("; ".join(one.line for one in version.all_rights)),
        "tags": [{"tag": plain_line(subject)} for subject in version.subjects],
    }
    languages = plain_line("; ".join(version.languages) or version.language or "")
    said = [
        (kind.publisher, "publisher", version.publisher),
        (kind.genre, "genre", genre(version)),
        # A program has no language but the one that it is written in.
        ("language", "", "" if kind.name == "computerProgram" else languages),
        *(_in_container(version.container, kind) if version.container else ()),
    ]
    for name, variable, value in said:
        _say(found, extra, name, variable, value)
    return {name: value for name, value in found.items() if value} | {"extra": "\n".join(extra)}


def _in_container(held: Container, kind: _Type) -> list[tuple[str, str, str]]:
    named = held.identifier_type if held.identifier_type in ("ISSN", "ISBN") else ""
    values = {
        "container-title": held.title,
        "volume": held.volume,
        "issue": held.issue,
        "page": held.place,
        "edition": held.edition,
        named: held.identifier,
    }
    names = dict(zip(_VARIABLES, kind.place, strict=False))
    if named in kind.place:
        names[named] = named
    return [(names.get(variable, ""), variable, value) for variable, value in values.items()]


def _say(found: dict[str, Any], extra: list[str], name: str, variable: str, value: str) -> None:
    """`value` in the field `name`; where the type has none, as CSL's `variable` in Extra.

    Zotero reads those lines when it cites.
    """
    text = plain_line(value)
    if text and name:
        found[name] = text
    elif text and variable:
        extra.append(f"{variable}: {text}")


def _creator(author: Author, role: str) -> dict[str, str | int]:
    """A person in two fields; anything else in one, which is never split.

    Zotero takes "Jr." from the first name, after a comma; in the last name it would be sorted by.
    """
    if author.type == "person" and author.family and author.given:
        family, suffix = split_suffix(plain_line(author.family))
        given = plain_line(author.given)
        return {
            "creatorType": role,
            "firstName": f"{given}, {suffix}" if suffix else given,
            "lastName": family,
        }
    return {"creatorType": role, "name": plain_line(author.name), "fieldMode": 1}
