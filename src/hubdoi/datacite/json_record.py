"""DataCite metadata 4.7 as JSON: what is registered with a DOI (R4, R5, R7)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..records import Author, Version, show_moment
from ..records.date import year_of
from ..records.link import landing_of, web_url
from ..records.plain_text import plain_line, plain_text
from .rights import write_rights

REPOSITORY_TYPE = "Hub repository"
"""alternateIdentifierType of the repository, ``datasets/ada/notes``."""

REVISION_TYPE = "Git commit"
"""alternateIdentifierType of the revision."""

LANGUAGES = "Languages: "
"""With what the description begins that has all languages."""

_SCHEMA = "http://datacite.org/schema/kernel-4"
# DataCite's code for a value that is not available (appendix 3 of the documentation).
_UNAVAILABLE = ":unav"
GENERAL_TYPES = frozenset(
    "Audiovisual Award Book BookChapter Collection ComputationalNotebook ConferencePaper "
    "ConferenceProceeding DataPaper Dataset Dissertation Event Image Instrument InteractiveResource "
    "Journal JournalArticle Model OutputManagementPlan PeerReview PhysicalObject Poster Preprint Presentation Project "
    "Report Service Software Sound Standard StudyRegistration Text Workflow Other".split()
)
"""resourceTypeGeneral of DataCite's metadata schema 4.7."""

_RELATIONS = frozenset(
    "IsCitedBy Cites IsCollectedBy Collects IsSupplementTo IsSupplementedBy IsContinuedBy Continues "
    "IsDescribedBy Describes HasMetadata IsMetadataFor HasVersion IsVersionOf IsNewVersionOf IsPartOf "
    "IsPreviousVersionOf IsPublishedIn HasPart IsReferencedBy References IsDocumentedBy Documents "
    "IsCompiledBy Compiles IsVariantFormOf IsOriginalFormOf IsIdenticalTo IsReviewedBy Reviews "
    "IsDerivedFrom IsSourceOf IsRequiredBy Requires IsObsoletedBy Obsoletes HasTranslation "
    "IsTranslationOf Other".split()
)
_IDENTIFIER_TYPES = frozenset(
    "ARK arXiv bibcode CSTR DOI EAN13 EISSN Handle IGSN ISBN ISSN ISTC LISSN LSID PMID PURL RAiD RRID SWHID "
    "UPC URL URN w3id".split()
)
_TITLE_TYPES = frozenset("AlternativeTitle Subtitle TranslatedTitle Other".split())
_DATE_TYPES = frozenset(
    "Accepted Available Collected Copyrighted Coverage Created Issued Other Submitted Updated Valid "
    "Withdrawn".split()
)
# What a work is published in, as relatedItemType, and what a number in it counts.
_CONTAINERS = {
    "JournalArticle": "Journal",
    "DataPaper": "Journal",
    "BookChapter": "Book",
    "ConferencePaper": "ConferenceProceeding",
}
_CSL_CONTAINERS = {
    "article-journal": "Journal",
    "chapter": "Book",
    "paper-conference": "ConferenceProceeding",
}
_NUMBERS = {"Journal": "Article", "Book": "Chapter"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def write(versions: Sequence[Version]) -> str:
    """One record, or a list of them; valid by DataCite's JSON schema."""
    records = [_by_schema(attributes(version)) for version in versions]
    shown = records[0] if len(records) == 1 else records
    return json.dumps(shown, ensure_ascii=False, indent=2)


def attributes(version: Version) -> dict[str, Any]:
    """The `attributes` of a record in DataCite's REST API, without what is not known.

    What the schema requires and nobody knows is ``:unav``.
    """
    general = version.resource_type if version.resource_type in GENERAL_TYPES else "Other"
    found: dict[str, Any] = {
        "doi": version.doi.name if version.doi else None,
        "creators": [_creator(author) for author in version.authors] or [{"name": _UNAVAILABLE}],
        "titles": _titles(version),
        "contributors": [
            _creator(entry.author) | {"contributorType": entry.type}
            for entry in version.contributors
        ],
        "fundingReferences": _funding(version),
        "publisher": _publisher(version),
        "relatedItems": _container(version),
        "subjects": [{"subject": text} for text in _different(version.subjects)],
        "publicationYear": year_of(version),
        "types": {
            "resourceTypeGeneral": general,
            "resourceType": plain_line(version.specific_type)
            or specific_words(version.resource_type or general),
        },
        "version": plain_line(version.version) if version.version else version.short_revision,
        "dates": _dates(version),
        "language": version.language
        if version.language and _LANGUAGE.fullmatch(version.language)
        else None,
        "descriptions": _descriptions(version),
        "rightsList": write_rights(version),
        "formats": _different(version.formats),
        "sizes": _different(version.sizes),
        "relatedIdentifiers": _related(version),
        "alternateIdentifiers": _alternate(version),
        "url": landing_of(version),
        "schemaVersion": _SCHEMA,
    }
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def specific_words(general: str) -> str:
    """The resourceType that is written where a version has no words of its own."""
    return "Machine learning model" if general == "Model" else general


def _by_schema(record: dict[str, Any]) -> dict[str, Any]:
    """As the JSON schema has it: the year is text of four digits."""
    return record | {"publicationYear": f"{record.get('publicationYear', 0):04d}"}


def _creator(author: Author) -> dict[str, Any]:
    creator: dict[str, Any] = {"name": plain_line(author.name)}
    if author.type == "person":
        creator["nameType"] = "Personal"
        # A name that was never taken apart has no part to be called the family name.
        if author.given and author.family:
            creator["givenName"] = plain_line(author.given)
            creator["familyName"] = plain_line(author.family)
    elif author.type == "organization":
        creator["nameType"] = "Organizational"
    identifiers = []
    if author.orcid_url:
        identifiers.append(_identifier(author.orcid_url, "ORCID", "https://orcid.org"))
    if author.ror_url and author.type == "organization":
        identifiers.append(_identifier(author.ror_url, "ROR", "https://ror.org"))
    if identifiers:
        creator["nameIdentifiers"] = identifiers
    if author.affiliation:
        affiliation = {"name": plain_line(author.affiliation)}
        if author.ror_url and author.type != "organization":
            affiliation |= {
                "affiliationIdentifier": author.ror_url,
                "affiliationIdentifierScheme": "ROR",
                "schemeUri": "https://ror.org",
            }
        creator["affiliation"] = [affiliation]
    return creator


def _identifier(value: str, scheme: str, uri: str) -> dict[str, str]:
    return {"nameIdentifier": value, "nameIdentifierScheme": scheme, "schemeUri": uri}


def _titles(version: Version) -> list[dict[str, str]]:
    found = [{"title": plain_line(version.title) or _UNAVAILABLE}]
    if _LANGUAGE.fullmatch(version.title_language):
        found[0]["lang"] = version.title_language
    for title in version.titles:
        entry = {"title": plain_line(title.text), "titleType": title.type, "lang": title.language}
        if entry["titleType"] not in _TITLE_TYPES:
            entry["titleType"] = ""
        if not _LANGUAGE.fullmatch(entry["lang"]):
            entry["lang"] = ""
        if entry["title"]:
            found.append({name: value for name, value in entry.items() if value})
    return found


def _publisher(version: Version) -> dict[str, str]:
    found = {"name": plain_line(version.publisher) or _UNAVAILABLE}
    if version.publisher_ror:
        found |= {
            "publisherIdentifier": f"https://ror.org/{version.publisher_ror}",
            "publisherIdentifierScheme": "ROR",
            "schemeUri": "https://ror.org",
        }
    return found


def _container(version: Version) -> list[dict[str, Any]] | None:
    """The journal or book as a related item, of which DataCite makes its `container`."""
    held = version.container
    if held is None:
        return None
    kind = _CONTAINERS.get(version.resource_type) or _CSL_CONTAINERS.get(version.csl_type or "")
    number = plain_line(held.number)
    found = {
        "relationType": "IsPublishedIn",
        "relatedItemType": kind or "Other",
        "titles": [{"title": plain_line(held.title)}],
        "relatedItemIdentifier": {
            "relatedItemIdentifier": plain_line(held.identifier),
            "relatedItemIdentifierType": held.identifier_type,
        }
        if held.identifier and held.identifier_type in _IDENTIFIER_TYPES
        else None,
        "volume": plain_line(held.volume),
        "issue": plain_line(held.issue),
        "number": number,
        "numberType": (_NUMBERS.get(kind or "") or "Other") if number else "",
        "firstPage": plain_line(held.first_page),
        "lastPage": plain_line(held.last_page),
        "edition": plain_line(held.edition),
    }
    return [{name: value for name, value in found.items() if value}]


def _dates(version: Version) -> list[dict[str, str]] | None:
    """When it was created and issued, and the other dates that the record has."""
    found = [
        {"date": plain_line(entry.date), "dateType": entry.type}
        | (
            {"dateInformation": information}
            if (information := plain_line(entry.information))
            else {}
        )
        for entry in version.dates
        if entry.type in _DATE_TYPES
    ]
    said = {entry["dateType"] for entry in found}
    missing: tuple[str, ...] = ()
    if not said & {"Created", "Issued"}:
        missing = ("Created", "Issued")
    elif version.repo and "Issued" not in said:
        # On a Hub a DOI is published the day it is registered; elsewhere nobody knows.
        missing = ("Issued",)
    if version.created is not None:
        moment = show_moment(version.created)
        found += [{"date": moment, "dateType": kind} for kind in missing]
    return found or None


def _related(version: Version) -> list[dict[str, str]]:
    """The neighbours of R7, and what the card names."""
    found = []
    if version.previous:
        found.append(("IsNewVersionOf", version.previous.name, "DOI", ""))
    if version.next:
        found.append(("IsPreviousVersionOf", version.next.name, "DOI", ""))
    found += [
        (
            entry.relation,
            plain_line(entry.identifier),
            entry.identifier_type,
            plain_line(entry.information),
        )
        for entry in version.related
        if entry.relation in _RELATIONS and entry.identifier_type in _IDENTIFIER_TYPES
    ]
    return [
        {"relationType": relation, "relatedIdentifier": name, "relatedIdentifierType": kind}
        | ({"relationTypeInformation": information} if information else {})
        for relation, name, kind, information in dict.fromkeys(found)
    ]


def _descriptions(version: Version) -> list[dict[str, str]]:
    """The abstract; and the languages, of which the record's own property takes one.

    DataCite has descriptions for what fits into no other property. A language is no subject: that
    would say what the work is about.
    """
    found = []
    if version.description and version.description.strip():
        abstract = plain_text(version.description)
        found.append({"description": abstract, "descriptionType": "Abstract"})
    if languages := ", ".join(_different(version.languages)):
        found.append({"description": LANGUAGES + languages, "descriptionType": "Other"})
    return found


def _alternate(version: Version) -> list[dict[str, str]]:
    found = []
    if version.repo:
        found.append((version.repo.path, REPOSITORY_TYPE))
        if version.revision:
            found.append((version.revision, REVISION_TYPE))
    return [{"alternateIdentifier": name, "alternateIdentifierType": kind} for name, kind in found]


def _funding(version: Version) -> list[dict[str, str]]:
    found = []
    for entry in version.funding:
        told = {
            "funderName": plain_line(entry.funder),
            "funderIdentifier": plain_line(entry.identifier),
            "funderIdentifierType": entry.identifier_type,
            "awardNumber": plain_line(entry.award),
            "awardUri": web_url(entry.url),
            "awardTitle": plain_line(entry.title),
        }
        if told["funderName"]:
            found.append({name: value for name, value in told.items() if value})
    # The JSON schema allows each once.
    return list({tuple(entry.items()): entry for entry in found}.values())


def _different(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(plain_line, values))))
