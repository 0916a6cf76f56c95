"""Items as Zotero's translators write them, for its connector's ``saveItems`` and its API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import link_of
from ..records.plain_text import plain_line, plain_text
from .keys import keys_of
from .work_type import csl_type, editors

# CSL's types -> Zotero's item types, and the field of each that holds the publisher.
_TYPES = {
    "article-journal": ("journalArticle", "publisher"),
    "article": ("preprint", "repository"),
    "book": ("book", "publisher"),
    "chapter": ("bookSection", "publisher"),
    "paper-conference": ("conferencePaper", "publisher"),
    "thesis": ("thesis", "university"),
    "report": ("report", "institution"),
    "dataset": ("dataset", "repository"),
    "software": ("computerProgram", "company"),
}
_AUTHORS = {"computerProgram": "programmer"}
_IDENTIFIED = (("journalArticle", "ISSN"), ("book", "ISBN"), ("bookSection", "ISBN"))
_HAVE_DOI = ("journalArticle", "preprint", "conferencePaper", "dataset")


def write(versions: Sequence[Version]) -> str:
    """``{"items": […]}``, the body of a ``saveItems`` request."""
    keyed = zip(versions, keys_of(versions), strict=True)
    return json.dumps(
        {"items": [_item(version, key) for version, key in keyed]}, ensure_ascii=False, indent=2
    )


def _item(version: Version, key: str) -> dict[str, Any]:
    kind, publisher = _TYPES.get(csl_type(version), ("document", "publisher"))
    day, year = day_of(version), year_of(version)
    doi = version.doi.name if version.doi else None
    extra = [f"Citation Key: {key}"]
    if doi and kind not in _HAVE_DOI:
        # Zotero reads this line as the DOI of item types without a field for it.
        extra.insert(0, f"DOI: {doi}")
    if version.resource_type == "Model":
        extra.append("genre: Machine learning model")
    held = version.container
    found: dict[str, Any] = {
        "itemType": kind,
        "title": plain_line(version.title),
        "creators": [
            *(_creator(author, _AUTHORS.get(kind, "author")) for author in version.authors),
            *(_creator(author, "editor") for author in editors(version)),
        ],
        "date": day.isoformat() if day else str(year) if year is not None else "",
        publisher: plain_line(version.publisher),
        "DOI": doi if kind in _HAVE_DOI else "",
        "url": link_of(version),
        "versionNumber": plain_line(version.version or version.short_revision or "")
        if kind in ("dataset", "computerProgram")
        else "",
        "abstractNote": plain_text(version.description or ""),
        "rights": plain_line("; ".join(one.line for one in version.licenses)),
        "language": plain_line(version.language or ""),
        "extra": "\n".join(extra),
        "tags": [{"tag": plain_line(subject)} for subject in version.subjects],
    }
    if held is not None:
        named = {"bookSection": "bookTitle", "conferencePaper": "proceedingsTitle"}
        found |= {
            named.get(kind, "publicationTitle"): plain_line(held.title),
            "volume": plain_line(held.volume),
            "issue": plain_line(held.issue),
            "pages": plain_line(held.place),
            "edition": plain_line(held.edition) if kind in ("book", "bookSection") else "",
            "ISSN" if kind == "journalArticle" else "ISBN": plain_line(held.identifier)
            if (kind, held.identifier_type) in _IDENTIFIED
            else "",
        }
    return {name: value for name, value in found.items() if value}


def _creator(author: Author, role: str) -> dict[str, str | int]:
    """A person in two fields; anything else in one, which is never split."""
    if author.type == "person" and author.family and author.given:
        return {
            "creatorType": role,
            "firstName": plain_line(author.given),
            "lastName": plain_line(author.family),
        }
    return {"creatorType": role, "name": plain_line(author.name), "fieldMode": 1}
