"""ORCID's and ROR's public look-ups, with a few made-up people and organisations.

The iDs have right check digits, and lie outside the ranges that ORCID and ROR give out.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

router = APIRouter(include_in_schema=False)

_PEOPLE = (
    ("0000-0000-1815-1211", "Ada", "Lovelace", ("Analytical Engine Society",)),
    ("0000-0000-1906-120X", "Grace", "Hopper", ("Institute of Compilers",)),
    ("0000-0000-1791-1223", "Charles", "Babbage", ("Analytical Engine Society",)),
    ("0000-0000-1912-0628", "Alan", "Turing", ("Institute of Compilers", "Hut Eight")),
    ("0000-0000-1898-0810", "Ada", "Lovell", ()),
)
_ORGANISATIONS = (
    ("05a28rw58", "Analytical Engine Society", "London", "United Kingdom"),
    ("0000nav20", "Institute of Compilers", "Arlington", "United States"),
    ("0000eng34", "Engine Works", "Zürich", "Switzerland"),
)


@router.get("/orcid/v3.0/expanded-search/")
def people(q: str = "", start: int = 0, rows: int = 100) -> JSONResponse:
    """The expanded search: of the query language, iDs and beginnings of names joined by AND."""
    found = [person for person in _PEOPLE if _fits(q, person)]
    shown = found[max(start, 0) :][: max(min(rows, 1000), 0)]
    results = [_person(person) for person in shown]
    # ORCID answers null where it found nobody.
    return JSONResponse({"expanded-result": results or None, "num-found": len(found)})


@router.get("/ror/v2/organizations")
def organisations(query: str = "") -> JSONResponse:
    """Organisations whose names have every word of the query."""
    words = query.lower().split()
    found = [one for one in _ORGANISATIONS if all(word in one[1].lower() for word in words)]
    return JSONResponse(
        {
            "number_of_results": len(found),
            "time_taken": 1,
            "items": [_organisation(one) for one in found[:20]],
            "meta": {},
        }
    )


def _fits(query: str, person: tuple[str, str, str, tuple[str, ...]]) -> bool:
    orcid, given, family, _ = person
    names = f"{given} {family}".lower().split()
    terms = re.findall(r"([\w-]+):([\w-]+)(\*?)", query)
    return bool(terms) and all(
        value == orcid
        if field == "orcid"
        else any(
            name.startswith(value.lower()) if star else name == value.lower() for name in names
        )
        for field, value, star in terms
    )


def _person(person: tuple[str, str, str, tuple[str, ...]]) -> dict[str, Any]:
    orcid, given, family, institutions = person
    return {
        "orcid-id": orcid,
        "given-names": given,
        "family-names": family,
        "credit-name": None,
        "other-name": [],
        "email": [],
        "institution-name": list(institutions),
    }


def _organisation(one: tuple[str, str, str, str]) -> dict[str, Any]:
    ror, name, city, country = one
    return {
        "id": f"https://ror.org/{ror}",
        "names": [{"value": name, "types": ["label", "ror_display"], "lang": "en"}],
        "locations": [
            {"geonames_id": 1, "geonames_details": {"name": city, "country_name": country}}
        ],
        "status": "active",
        "types": ["education"],
        "links": [],
    }
