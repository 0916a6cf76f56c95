"""The attributes of a record that somebody writes through the DataCite API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from ..datacite.json_record import GENERAL_TYPES

_MAX_ENTRIES = 10_000

Complaint = tuple[str, str]
"""Which attribute, and what is wrong with it."""


def readable(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Complaint]]:
    """What a record keeps of `given`, and what is wrong with the rest.

    None stands for an attribute that is taken away. What DataCite does not keep is passed over.
    """
    kept: dict[str, Any] = {}
    complaints: list[Complaint] = []
    for name, check in _CHECKS.items():
        if name not in given:
            continue
        value = given[name]
        problem = None if value is None else check(value)
        if problem:
            complaints.append((name, problem))
        else:
            kept[name] = value
    return kept, complaints


def missing(attributes: Mapping[str, Any]) -> list[Complaint]:
    """What stands in the way of a public record: each property that DataCite requires and is not there."""
    complaints = []
    types = attributes.get("types") or {}
    general = types.get("resourceTypeGeneral")
    required = {
        "url": attributes.get("url"),
        "creators": any(_name(entry) for entry in attributes.get("creators") or ()),
        "titles": any(entry.get("title") for entry in attributes.get("titles") or ()),
        "publisher": _publisher(attributes.get("publisher")),
        "publicationYear": attributes.get("publicationYear"),
        "types.resourceTypeGeneral": general,
    }
    complaints = [(name, "It is required.") for name, value in required.items() if not value]
    if general and general not in GENERAL_TYPES:
        complaints.append(
            ("types.resourceTypeGeneral", f"It is none of: {', '.join(sorted(GENERAL_TYPES))}.")
        )
    for entry in attributes.get("creators") or ():
        if not _name(entry):
            complaints.append(("creators", "A creator has no name."))
            break
    return complaints


def _name(creator: Mapping[str, Any]) -> Any:
    return creator.get("name") or creator.get("familyName")


def _publisher(value: Any) -> Any:
    return value.get("name") if isinstance(value, Mapping) else value


def _is_text(value: Any) -> str | None:
    return None if isinstance(value, str) and _is_unicode(value) else "It is text."


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _is_address(value: Any) -> str | None:
    problem = "It is a URL that begins with http:// or https://."
    if _is_text(value) or not value.isprintable() or " " in value or len(value) > 2048:
        return problem
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    return None if fits else problem


def _is_year(value: Any) -> str | None:
    year = (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 4
        else value
    )
    fits = isinstance(year, int) and not isinstance(year, bool) and 1000 <= year <= 9999
    return None if fits else "It is a year of four digits."


def _is_object(value: Any) -> str | None:
    return None if isinstance(value, dict) and _is_sound(value) else "It is an object."


def _is_publisher(value: Any) -> str | None:
    if isinstance(value, dict) and _is_sound(value) and isinstance(value.get("name"), str | None):
        return None
    return "It is text, or an object with a name." if _is_text(value) else None


def _is_types(value: Any) -> str | None:
    if _is_object(value) or not all(isinstance(text, str | None) for text in value.values()):
        return "It is an object of texts, such as resourceTypeGeneral."
    return None


def _is_texts(value: Any) -> str | None:
    fits = isinstance(value, list) and not any(map(_is_text, value))
    return None if fits and len(value) <= _MAX_ENTRIES else "It is a list of texts."


def _objects(*texts: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            return "It is a list of objects."
        if len(value) > _MAX_ENTRIES:
            return f"It has more than {_MAX_ENTRIES:,} entries."
        for entry in value:
            for name in texts:
                if not isinstance(entry.get(name), str | None):
                    return f"The {name} of an entry is text."
            if not _is_sound(entry):
                return "The entry contains an unsupported value."
        return None

    return check


def _is_sound(value: Any, depth: int = 0) -> bool:
    """Whether the value is Unicode text throughout, and not nested beyond sense."""
    if depth > 10:
        return False
    if isinstance(value, str):
        return _is_unicode(value)
    if isinstance(value, dict):
        return all(_is_unicode(key) and _is_sound(entry, depth + 1) for key, entry in value.items())
    if isinstance(value, list):
        return all(_is_sound(entry, depth + 1) for entry in value)
    # 1e999 is a number to JSON, and none to anybody afterwards.
    return not isinstance(value, float) or isfinite(value)


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "creators": _objects("name", "givenName", "familyName", "nameType"),
    "titles": _objects("title"),
    "publisher": _is_publisher,
    "publicationYear": _is_year,
    "types": _is_types,
    "url": _is_address,
    "contributors": _objects("name", "givenName", "familyName", "nameType"),
    "subjects": _objects("subject"),
    "dates": _objects("date", "dateType"),
    "descriptions": _objects("description", "descriptionType"),
    "rightsList": _objects("rights", "rightsUri"),
    "relatedIdentifiers": _objects("relatedIdentifier", "relationType", "relatedIdentifierType"),
    "relatedItems": _objects(),
    "alternateIdentifiers": _objects("alternateIdentifier", "alternateIdentifierType"),
    "identifiers": _objects("identifier", "identifierType"),
    "fundingReferences": _objects("funderName", "awardNumber"),
    "geoLocations": _objects(),
    "container": _is_object,
    "sizes": _is_texts,
    "formats": _is_texts,
    "version": _is_text,
    "language": _is_text,
    "schemaVersion": _is_text,
    "source": _is_text,
}
