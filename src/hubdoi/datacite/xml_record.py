"""DataCite metadata 4.7 as XML, for one version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# It writes XML and never parses any.
from xml.etree.ElementTree import (  # nosec B405
    Element,
    SubElement,
    indent,
    register_namespace,
    tostring,
)

from ..records import Version
from ..records.single import only
from .json_record import attributes

_NAMESPACE = "http://datacite.org/schema/kernel-4"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LOCATION = f"{_NAMESPACE} https://schema.datacite.org/meta/kernel-4.7/metadata.xsd"


def write(versions: Sequence[Version]) -> str:
    """The record of one version.

    Raises:
        InvalidInput: there is not exactly one; a DataCite document describes one resource.
    """
    version = only(versions, "A DataCite XML document")
    record = attributes(version)
    register_namespace("", _NAMESPACE)
    register_namespace("xsi", _XSI)
    root = Element(_tag("resource"), {f"{{{_XSI}}}schemaLocation": _LOCATION})
    if version.doi is not None:
        _add(root, "identifier", version.doi.name, identifierType="DOI")
    else:
        _add(root, "identifier", record.get("url") or ":unav", identifierType="URL")
    _add_people(root, "creator", record["creators"])
    titles = _add(root, "titles")
    for entry in record["titles"]:
        element = _add(titles, "title", entry["title"], titleType=entry.get("titleType"))
        if "lang" in entry:
            element.set("{http://www.w3.org/XML/1998/namespace}lang", entry["lang"])
    _add_entry(
        root,
        "publisher",
        record["publisher"],
        "name",
        "publisherIdentifier publisherIdentifierScheme schemeURI",
    )
    _add(root, "publicationYear", f"{record.get('publicationYear', 0):04d}")
    types = record["types"]
    _add(
        root,
        "resourceType",
        types["resourceType"],
        resourceTypeGeneral=types["resourceTypeGeneral"],
    )
    _add_optional(root, record)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _add_people(root: Element, kind: str, people: list[dict[str, Any]]) -> None:
    """The creators, or the contributors, which have a type besides."""
    if not people:
        return
    parent = _add(root, f"{kind}s")
    for creator in people:
        element = _add(parent, kind, contributorType=creator.get("contributorType"))
        _add(element, f"{kind}Name", creator["name"], nameType=creator.get("nameType"))
        for name in ("givenName", "familyName"):
            if name in creator:
                _add(element, name, creator[name])
        for entry in creator.get("nameIdentifiers", ()):
            _add_entry(
                element, "nameIdentifier", entry, "nameIdentifier", "nameIdentifierScheme schemeURI"
            )
        for entry in creator.get("affiliation", ()):
            _add_entry(
                element,
                "affiliation",
                entry,
                "name",
                "affiliationIdentifier affiliationIdentifierScheme schemeURI",
            )


def _add_optional(root: Element, record: dict[str, Any]) -> None:
    def add_list(name: str, entry: str, attributes: str = "") -> None:
        if record.get(name):
            parent = _add(root, name)
            for one in record[name]:
                _add_entry(parent, entry, one, entry, attributes)

    _add_people(root, "contributor", record.get("contributors", []))
    add_list("subjects", "subject")
    add_list("dates", "date", "dateType dateInformation")
    if "language" in record:
        _add(root, "language", record["language"])
    add_list("alternateIdentifiers", "alternateIdentifier", "alternateIdentifierType")
    add_list(
        "relatedIdentifiers",
        "relatedIdentifier",
        "relatedIdentifierType relationType relationTypeInformation",
    )
    for plural, singular in (("sizes", "size"), ("formats", "format")):
        if record.get(plural):
            parent = _add(root, plural)
            for text in record[plural]:
                _add(parent, singular, text)
    if "version" in record:
        _add(root, "version", record["version"])
    add_list("rightsList", "rights", "rightsURI rightsIdentifier rightsIdentifierScheme schemeURI")
    add_list("descriptions", "description", "descriptionType")
    _add_funding(root, record.get("fundingReferences", []))
    _add_items(root, record.get("relatedItems", []))


def _add_funding(root: Element, funding: list[dict[str, str]]) -> None:
    if not funding:
        return
    parent = _add(root, "fundingReferences")
    for entry in funding:
        element = _add(parent, "fundingReference")
        _add(element, "funderName", entry["funderName"])
        if "funderIdentifier" in entry:
            _add(
                element,
                "funderIdentifier",
                entry["funderIdentifier"],
                funderIdentifierType=entry["funderIdentifierType"],
                # DataCite's JSON has no place for it.
                schemeURI="https://ror.org" if entry["funderIdentifierType"] == "ROR" else None,
            )
        if entry.keys() & {"awardNumber", "awardUri"}:
            _add(element, "awardNumber", entry.get("awardNumber"), awardURI=entry.get("awardUri"))
        if "awardTitle" in entry:
            _add(element, "awardTitle", entry["awardTitle"])


def _add_items(root: Element, items: list[dict[str, Any]]) -> None:
    """What the work is published in; the schema has the elements in this order."""
    if not items:
        return
    parent = _add(root, "relatedItems")
    for item in items:
        element = _add(
            parent,
            "relatedItem",
            relatedItemType=item["relatedItemType"],
            relationType=item["relationType"],
        )
        if identifier := item.get("relatedItemIdentifier"):
            kind = identifier["relatedItemIdentifierType"]
            text = identifier["relatedItemIdentifier"]
            _add(element, "relatedItemIdentifier", text, relatedItemIdentifierType=kind)
        titles = _add(element, "titles")
        for entry in item["titles"]:
            _add(titles, "title", entry["title"])
        for name in ("volume", "issue", "number", "firstPage", "lastPage", "edition"):
            if name in item:
                given = item.get("numberType") if name == "number" else None
                _add(element, name, item[name], numberType=given)


def _add_entry(
    parent: Element, name: str, entry: dict[str, str], text: str, attributes: str
) -> None:
    """An element for `entry` of the JSON record, which writes `schemeUri` for XML's `schemeURI`."""
    given = {key: entry.get(key.replace("URI", "Uri")) for key in attributes.split()}
    _add(parent, name, entry.get(text, ""), **given)


def _add(parent: Element, name: str, text: str | None = None, **attributes: str | None) -> Element:
    given = {key: value for key, value in attributes.items() if value}
    element = SubElement(parent, _tag(name), given)
    element.text = text
    return element


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
