"""CSL JSON: what citation processors read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..records import Author, Version
from ..records.container import Container
from ..records.date import day_of, year_of
from ..records.link import link_of
from ..records.names import split_suffix
from ..records.plain_text import plain_line
from .bibtex import version_apart
from .keys import keys_of
from .work_type import csl_type, editors, genre


def write(versions: Sequence[Version]) -> str:
    """A CSL JSON list, as pandoc, Zotero and citeproc-js read it."""
    return json.dumps(items(versions), ensure_ascii=False, indent=2)


def items(versions: Sequence[Version]) -> list[dict[str, Any]]:
    """One CSL item a version, with ids that are unique among them."""
    return [item(version, key) for version, key in zip(versions, keys_of(versions), strict=True)]


def item(version: Version, key: str) -> dict[str, Any]:
    """The CSL item of one version; `key` is its id."""
    kind = csl_type(version)
    fields: dict[str, Any] = {
        "id": key,
        # Of an article in a journal no style prints the publisher.
        "type": "article" if kind == "article-journal" and not version.container else kind,
        "genre": plain_line(genre(version)),
        "title": plain_line(version.full_title) or None,
        "author": [_name(author) for author in version.authors],
        "editor": [_name(author) for author in editors(version)],
        "issued": _issued(version),
        "publisher": plain_line(version.publisher) or None,
        # Styles print "Version", or "V.", before it.
        "version": re.sub(r"^[vV](?=\d)", "", plain_line(version_apart(version) or "")),
        "DOI": version.doi.name if version.doi else None,
        # The link of a DOI is the DOI: styles that print both would print it twice.
        "URL": link_of(version) if version.doi is None else None,
        **_in_container(version.container, kind),
        "language": _language(version),
    }
    return {name: value for name, value in fields.items() if value}


def _language(version: Version) -> str | None:
    """The language of the title; the name of a repository is in none.

    In no language: no style may capitalise its words.
    """
    said = version.title_language or version.language
    if version.repo or (not said and csl_type(version) == "software"):
        return "zxx"
    return said


def _in_container(held: Container | None, kind: str) -> dict[str, str]:
    if held is None:
        return {}
    numbered = "chapter-number" if kind == "chapter" else "number"
    identified = held.identifier_type if held.identifier_type in ("ISSN", "ISBN") else ""
    return {
        "container-title": plain_line(held.title),
        "volume": plain_line(held.volume),
        "issue": plain_line(held.issue),
        "page": plain_line(held.pages),
        "edition": plain_line(held.edition),
        numbered: plain_line(held.number),
        **({identified: plain_line(held.identifier)} if identified else {}),
    }


def _name(author: Author) -> dict[str, str]:
    """A person has a family name; anything else is literal, which cannot come out wrong."""
    if author.type == "person" and author.family:
        if not author.given:
            return {"family": plain_line(author.family)}
        family, suffix = split_suffix(plain_line(author.family))
        name = {"family": family, "given": plain_line(author.given)}
        return name | {"suffix": suffix} if suffix else name
    return {"literal": plain_line(author.name)}


def _issued(version: Version) -> dict[str, list[list[int]]] | None:
    day, year = day_of(version), year_of(version)
    if day is not None:
        return {"date-parts": [[day.year, day.month, day.day]]}
    return {"date-parts": [[year]]} if year is not None else None
