"""ORCID's public API, version 3.0: the expanded search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..records import check_orcid
from ..records.errors import HubdoiError
from .match import Match

PATH = "/v3.0/expanded-search/"


def query(text: str, rows: int) -> dict[str, str]:
    """The parameters that find `text`: an iD, or words of a name, the last of which is not finished."""
    try:
        return {"q": f"orcid:{check_orcid(text)}", "rows": str(rows)}
    except HubdoiError:
        words = re.findall(r"\w+", text)[:6]
    terms = [f"given-and-family-names:{word}*" for word in words]
    return {"q": " AND ".join(terms), "rows": str(rows)}


def matches(answer: Any) -> tuple[Match, ...]:
    """The people of an answer; what cannot be read is left out."""
    found = answer.get("expanded-result") if isinstance(answer, Mapping) else None
    entries = found if isinstance(found, list) else []
    people = [_person(one) for one in entries if isinstance(one, Mapping)]
    return tuple(person for person in people if person)


def _person(one: Mapping[str, Any]) -> Match | None:
    family, given = _text(one.get("family-names")), _text(one.get("given-names"))
    name = ", ".join(part for part in (family, given) if part)
    at = one.get("institution-name")
    places = [_text(place) for place in at] if isinstance(at, list) else []
    try:
        orcid = check_orcid(_text(one.get("orcid-id")))
    except HubdoiError:
        return None
    return Match(name, orcid, next(filter(None, places), "")) if name else None


def _text(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""
