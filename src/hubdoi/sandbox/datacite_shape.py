"""A record as DataCite's REST API shows it."""

from __future__ import annotations

from typing import Any

from ..records.doi import doi_key
from .datacite_records import Record

_LISTS = (
    "creators", "titles", "contributors", "subjects", "dates", "descriptions", "rightsList",
    "relatedIdentifiers", "relatedItems", "identifiers", "alternateIdentifiers",
    "fundingReferences", "geoLocations", "sizes", "formats",
)  # fmt: skip
_SCHEMA = "http://datacite.org/schema/kernel-4"


def resource(
    record: Record, *, client: str, endpoint: str, with_publisher: bool, with_affiliation: bool
) -> dict[str, Any]:
    """The resource object of JSON:API.

    As DataCite does, it shows the publisher and the affiliations by their names alone unless their
    identifiers are asked for. `endpoint` is the sandbox's URL, for the link.
    """
    given = record.attributes
    doi = record.doi
    attributes: dict[str, Any] = {
        "doi": doi.key,
        "prefix": doi.prefix,
        "suffix": doi_key(doi.suffix),
        **{name: given.get(name) or [] for name in _LISTS},
        "publisher": _publisher(given.get("publisher"), with_publisher),
        "publicationYear": _year(given.get("publicationYear")),
        "container": given.get("container") or {},
        "types": given.get("types") or {},
        "language": given.get("language"),
        "version": given.get("version"),
        "url": given.get("url"),
        "schemaVersion": given.get("schemaVersion") or _SCHEMA,
        "source": given.get("source") or ("hub" if record.is_minted else "api"),
        "isActive": record.state == "findable",
        "state": record.state,
        "created": record.created,
        "registered": record.registered,
        "published": str(given["publicationYear"]) if given.get("publicationYear") else None,
        "updated": record.updated,
    }
    attributes["creators"] = [_person(entry, with_affiliation) for entry in attributes["creators"]]
    attributes["contributors"] = [
        _person(entry, with_affiliation) for entry in attributes["contributors"]
    ]
    if not attributes["identifiers"]:
        attributes["identifiers"] = [
            {
                "identifier": entry.get("alternateIdentifier"),
                "identifierType": entry.get("alternateIdentifierType"),
            }
            for entry in attributes["alternateIdentifiers"]
        ]
    return {
        "id": doi.key,
        "type": "dois",
        "attributes": attributes,
        "relationships": {
            "client": {"data": {"id": client, "type": "clients"}},
            "media": {"data": {"id": doi.key, "type": "media"}},
        },
        "links": {"self": f"{endpoint}/datacite/dois/{doi.key}"},
    }


def _publisher(value: Any, whole: bool) -> Any:
    if isinstance(value, dict):
        return value if whole else value.get("name")
    return {"name": value} if whole and value else value


def _year(value: Any) -> int | None:
    return int(value) if value else None


def _person(entry: dict[str, Any], whole: bool) -> dict[str, Any]:
    person = {"nameIdentifiers": [], **entry}
    affiliations = person.get("affiliation")
    listed = affiliations if isinstance(affiliations, list) else [affiliations]
    kept = [one for one in listed if one]
    if whole:
        person["affiliation"] = [one if isinstance(one, dict) else {"name": one} for one in kept]
    else:
        person["affiliation"] = [one.get("name") if isinstance(one, dict) else one for one in kept]
    return person
