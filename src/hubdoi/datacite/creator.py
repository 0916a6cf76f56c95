"""A creator of a DataCite record as an author."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from ..records.author import MAX_NAME, Author, AuthorType, check_orcid, check_ror
from ..records.errors import InvalidAuthor
from ..records.names import looks_like_organization, looks_like_person, split_person
from ..records.plain_text import plain_line
from ..records.untyped import first, known, members, text_of

_TYPES: dict[str, AuthorType] = {"personal": "person", "organizational": "organization"}


def author_from_creator(creator: Any) -> Author | None:
    """The author that a member of `creators` names, or None when it names nobody.

    Where the record does not say person or organisation, only an ORCID iD, a family name apart from
    the given ones, or the words of the name decide; else the name stays whole and untyped.
    """
    if isinstance(creator, str):
        creator = {"name": creator}
    if not isinstance(creator, Mapping):
        return None
    given = _name(creator.get("givenName"))
    family = _name(creator.get("familyName"))
    name = known(_name(creator.get("name"))) or ", ".join(filter(None, (family, given)))
    if not name:
        return None
    kind = _TYPES.get(text_of(creator.get("nameType")).lower())
    orcid = _orcid(creator)
    if kind is None:
        kind = _kind(name, family, given, orcid)
    affiliation, ror = _affiliation(creator)
    if kind == "person":
        if not family:
            family, given = split_person(name)
        try:
            return Author(
                name,
                "person",
                given=given or None,
                family=family,
                orcid=orcid,
                affiliation=affiliation,
                ror=ror if affiliation else None,
            )
        except InvalidAuthor:
            return None
    own = _own_ror(creator) if kind == "organization" else None
    try:
        return Author(
            name, kind, affiliation=affiliation, ror=own or (ror if affiliation else None)
        )
    except InvalidAuthor:
        return None


def _kind(name: str, family: str, given: str, orcid: str | None) -> AuthorType | None:
    if orcid:
        return "person"
    if looks_like_organization(name):
        return "organization"
    if (family and given) or looks_like_person(name):
        return "person"
    return None


def _name(value: Any) -> str:
    """One line; of a name that is longer than an author's may be, as much as fits."""
    line = plain_line(html.unescape(text_of(value)))
    if len(line) <= MAX_NAME:
        return line
    return line[: MAX_NAME - 2].rpartition(" ")[0].rstrip(",; ") + " …"


def _orcid(creator: Mapping[str, Any]) -> str | None:
    return first(
        _checked(check_orcid, entry.get("nameIdentifier"))
        for entry in members(creator.get("nameIdentifiers"))
        if isinstance(entry, Mapping)
        and text_of(entry.get("nameIdentifierScheme")).upper() == "ORCID"
    )


def _own_ror(creator: Mapping[str, Any]) -> str | None:
    return first(
        _checked(check_ror, entry.get("nameIdentifier"))
        for entry in members(creator.get("nameIdentifiers"))
        if isinstance(entry, Mapping)
        and text_of(entry.get("nameIdentifierScheme")).upper() == "ROR"
    )


def _affiliation(creator: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The first affiliation, text in old records and an object in new ones, and its ROR iD."""
    for entry in members(creator.get("affiliation")):
        if isinstance(entry, Mapping):
            name = _name(entry.get("name"))
            ror = _checked(check_ror, entry.get("affiliationIdentifier"))
        else:
            name, ror = _name(entry), None
        if name:
            return name, ror
    return None, None


def _checked(check: Any, value: Any) -> str | None:
    try:
        checked: str = check(text_of(value))
    except InvalidAuthor:
        return None
    return checked
