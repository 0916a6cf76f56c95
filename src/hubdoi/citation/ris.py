"""RIS: what reference managers import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import link_of
from ..records.names import split_suffix
from ..records.plain_text import plain_line, plain_text
from .bibtex import version_apart
from .work_type import csl_type, editors, ris_type


def write(versions: Sequence[Version]) -> str:
    """One reference a version, written by `rispy`."""
    from rispy.writer import RisWriter

    class Plain(RisWriter):  # type: ignore[misc]
        """Without the number that rispy puts before a record: RIS has no place for one."""

        def set_header(self, count: int) -> str:
            return ""

    text: str = Plain().formats([_reference(version) for version in versions])
    # The end tag has nothing after its dash but the space that belongs to it.
    return text.strip("\n")


def _reference(version: Version) -> dict[str, Any]:
    day, year = day_of(version), year_of(version)
    edited = [_name(author) for author in editors(version)]
    # EndNote's table of tags, which the others follow: the second author of a book edits its series.
    tag = "tertiary_authors" if csl_type(version) == "book" else "secondary_authors"
    kind = ris_type(version)
    found: dict[str, Any] = {
        "type_of_reference": kind,
        "title": plain_line(version.full_title),
        "authors": edited if kind == "EDBOOK" else [_name(author) for author in version.authors],
        tag: edited if kind != "EDBOOK" else None,
        "year": str(year) if year is not None else None,
        "date": f"{day.year:04d}/{day.month:02d}/{day.day:02d}" if day else None,
        **_in_container(version),
        "publisher": plain_line(version.publisher),
        "edition": plain_line(version_apart(version) or ""),
        "doi": version.doi.name if version.doi else None,
        "urls": [link_of(version)] if link_of(version) else None,
        "language": plain_line("; ".join(version.languages) or version.language or ""),
        "keywords": list(map(plain_line, version.subjects)),
        "abstract": " ".join(plain_text(version.description or "").split()),
    }
    return {name: value for name, value in found.items() if value}


def _in_container(version: Version) -> dict[str, str]:
    held = version.container
    if held is None:
        return {}
    return {
        "secondary_title": plain_line(held.title),
        "volume": plain_line(held.volume),
        "number": plain_line(held.issue),
        "start_page": plain_line(held.first_page),
        "end_page": plain_line(held.last_page),
        "custom7": plain_line(held.number),
        "issn": plain_line(held.identifier) if held.identifier_type in ("ISSN", "ISBN") else "",
    }


def _name(author: Author) -> str:
    """``Family, Given, Suffix``; a name without a comma is taken as it stands by reference managers.

    At a comma they take every name apart, and RIS has no sign against it: in the name of an
    organisation there is none, as in the comparison of names in library catalogues.
    """
    if author.type == "person" and author.family and author.given:
        family, suffix = split_suffix(_whole(author.family))
        return ", ".join(filter(None, (family, _whole(author.given), suffix)))
    return _whole(author.family or author.name if author.type == "person" else author.name)


def _whole(name: str) -> str:
    return " ".join(plain_line(name).replace(",", " ").split())
