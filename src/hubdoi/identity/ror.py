"""ROR's API, version 2: organisations by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records import check_ror
from ..records.errors import HubdoiError
from .match import Match

PATH = "/v2/organizations"


def query(text: str) -> dict[str, str]:
    return {"query": text}


def matches(answer: Any) -> tuple[Match, ...]:
    """The organisations of an answer that are active; what cannot be read is left out."""
    found = map(_organisation, _objects(answer.get("items"))) if isinstance(answer, Mapping) else ()
    return tuple(one for one in found if one)


def _organisation(one: Mapping[str, Any]) -> Match | None:
    if one.get("status") not in (None, "active"):
        return None
    names = _objects(one.get("names"))
    shown = [name for name in names if _is_shown(name.get("types"))] or names
    name = next((value for entry in shown if (value := _text(entry.get("value")))), "")
    try:
        ror = check_ror(_text(one.get("id")))
    except HubdoiError:
        return None
    return Match(name, ror, _place(one)) if name else None


def _place(one: Mapping[str, Any]) -> str:
    for location in _objects(one.get("locations")):
        details = location.get("geonames_details")
        if isinstance(details, Mapping):
            parts = (_text(details.get("name")), _text(details.get("country_name")))
            return ", ".join(part for part in parts if part)
    return ""


def _is_shown(types: Any) -> bool:
    return isinstance(types, list) and "ror_display" in types


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""
