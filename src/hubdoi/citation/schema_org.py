"""schema.org as JSON-LD: what search engines for datasets read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..records import Author, Doi, Funding, Related, Version
from ..records.date import day_of, year_of
from ..records.errors import InvalidDoi
from ..records.link import landing_of, link_of, web_url
from ..records.plain_text import plain_line, plain_text
from ..records.rights import access_of
from .work_type import csl_type, editors

# https://developers.google.com/search/docs/appearance/structured-data/dataset
_SHORTEST, _LONGEST = 50, 5000
_CONTEXT = "https://schema.org"
_TYPES = {"Dataset": "Dataset", "Model": "SoftwareSourceCode", "Software": "SoftwareSourceCode"}
# By the CSL type, where DataCite's general type is another.
_WORKS = {
    "article-journal": "ScholarlyArticle",
    "article": "ScholarlyArticle",
    "paper-conference": "ScholarlyArticle",
    "book": "Book",
    "chapter": "Chapter",
    "thesis": "Thesis",
    "report": "Report",
}
# DataCite's relations -> properties; the neighbours of a version stand apart.
_RELATIONS = {
    "IsDerivedFrom": "isBasedOn",
    "References": "citation",
    "Cites": "citation",
    "IsSupplementTo": "citation",
    "IsDocumentedBy": "citation",
    "IsDescribedBy": "citation",
}
_CONTAINERS = {
    "article-journal": "Periodical",
    "paper-conference": "Book",
    "chapter": "Book",
    "book": "BookSeries",
}

_FREE = ("open", "automatic")

# DataCite's sizes are also numbers of files or pages.
_SIZE = re.compile(r"[\d.,]+ ?([kKMGTP]i?)?(B|bytes?)")


def write(versions: Sequence[Version]) -> str:
    """One thing, or a graph of them.

    ``<`` and ``&`` are written as ``\\u003c`` and ``\\u0026``: the text can stand in a ``<script>``
    element of a page, and nothing in it can end the element.
    """
    things = [thing(version) for version in versions]
    data: dict[str, Any] = {"@context": _CONTEXT}
    data |= things[0] if len(things) == 1 else {"@graph": things}
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def thing(version: Version) -> dict[str, Any]:
    """One version, without ``@context``."""
    day, year = day_of(version), year_of(version)
    published = day.isoformat() if day else str(year) if year is not None else None
    people = [_author(author) for author in version.authors]
    edited = editors(version)
    kind = _TYPES.get(version.resource_type) or _WORKS.get(csl_type(version), "CreativeWork")
    found: dict[str, Any] = {
        "@type": kind,
        "@id": link_of(version),
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "DOI",
            "value": version.doi.name,
            "url": version.doi.url,
        }
        if version.doi
        else None,
        "name": plain_line(version.full_title),
        "author": people,
        # What Google's dataset search reads of a Dataset.
        "creator": people if version.resource_type == "Dataset" else None,
        "editor": list(map(_author, edited)),
        "contributor": [
            _author(entry.author)
            for entry in version.contributors
            if entry.type != "Editor" or entry.author not in edited
        ],
        "funding": list(map(_grant, version.funding)),
        "publisher": {"@type": "Organization", "name": plain_line(version.publisher)}
        if version.publisher
        else None,
        "datePublished": published,
        "description": _description(version),
        "license": _licenses(version),
        # It is about payment, which an owner who decides on each request may ask for.
        "isAccessibleForFree": bool(version.repo) and access_of(version.rights) in _FREE,
        "conditionsOfAccess": _conditions(version),
        "includedInDataCatalog": _catalog(version),
        "distribution": _distribution(version),
        "keywords": list(map(plain_line, version.subjects)),
        "version": plain_line(version.version or version.short_revision or ""),
        "url": landing_of(version),
        **_in_container(version),
        "inLanguage": list(map(plain_line, version.languages)) or version.language,
        **_related(version),
    }
    return {name: value for name, value in found.items() if value}


def _licenses(version: Version) -> str | list[str]:
    """The pages of the licences; one alone is no list."""
    pages = list(dict.fromkeys(filter(None, (web_url(one.page) for one in version.licenses))))
    return pages[0] if len(pages) == 1 else pages


def _conditions(version: Version) -> str:
    """In words how one gets at the files: the sentence where there is one, else the term."""
    terms = {one.text for one in version.access if one.url}
    said = [plain_line(one.text) for one in version.access if one.text not in terms]
    return " ".join(said) or "; ".join(plain_line(term) for term in sorted(terms) if term)


def _in_container(version: Version) -> dict[str, Any]:
    """The journal or book, and the pages in it."""
    held = version.container
    if held is None:
        return {}
    kind = _CONTAINERS.get(csl_type(version), "CreativeWork")
    inside: dict[str, Any] = {
        "@type": kind,
        "name": plain_line(held.title),
        "volumeNumber": plain_line(held.volume),
        "issueNumber": plain_line(held.issue),
        "bookEdition": plain_line(held.edition) if kind == "Book" else "",
    }
    if held.identifier_type in ("ISSN", "ISBN"):
        inside[held.identifier_type.lower()] = plain_line(held.identifier)
    return {
        "isPartOf": {name: value for name, value in inside.items() if value},
        "pageStart": plain_line(held.first_page),
        "pageEnd": plain_line(held.last_page),
    }


def _description(version: Version) -> str:
    """The description; of a dataset within the 50 to 5,000 characters that Google's search takes."""
    text = plain_text(version.description or "")
    if version.resource_type != "Dataset" or _SHORTEST <= len(text) <= _LONGEST:
        return text
    if len(text) > _LONGEST:
        return f"{text[: _LONGEST - 1].rstrip()}…"
    said = plain_line(version.name) or "A dataset"
    if version.repo:
        said = f"The dataset {version.repo.id}"
        if version.short_revision:
            said += f" at revision {version.short_revision}"
    by = plain_line(version.publisher)
    return " ".join(
        [
            *([text] if text else []),
            f"{said}{f', published by {by}' if by else ''}; {link_of(version)}",
        ]
    )


def _catalog(version: Version) -> dict[str, str] | None:
    if not version.repo or not version.publisher:
        return None
    found = {"@type": "DataCatalog", "name": plain_line(version.publisher)}
    host = re.match(r"https?://[^/]+", landing_of(version))
    return found | {"url": host[0]} if host else found


def _distribution(version: Version) -> list[dict[str, Any]] | None:
    """Where the files are; a search engine shows it as a download.

    One for all of them: size and page are of the whole revision.
    """
    if not version.repo or not landing_of(version):
        return None
    formats = [plain_line(name) for name in version.formats]
    found = {
        "@type": "DataDownload",
        "contentUrl": landing_of(version),
        "contentSize": next(filter(_SIZE.fullmatch, map(plain_line, version.sizes)), ""),
        "encodingFormat": formats[0] if len(formats) == 1 else formats,
    }
    return [{name: value for name, value in found.items() if value}]


def _related(version: Version) -> dict[str, Any]:
    """What it was made from, and what it cites, documents or belongs to, each as a link."""
    before = [version.previous.url] if version.previous else []
    found = {"isBasedOn": before, "citation": []}
    for entry in version.related:
        name = _RELATIONS.get(entry.relation)
        if name and (link := _link(entry)):
            found[name].append(link)
    told = {name: [{"@id": link} for link in dict.fromkeys(links)] for name, links in found.items()}
    return {name: links[0] if len(links) == 1 else links for name, links in told.items()}


def _link(related: Related) -> str:
    """The identifier as a URL; empty where it has none."""
    if related.identifier_type == "DOI":
        try:
            return Doi.parse(related.identifier).url
        except InvalidDoi:
            return ""
    if related.identifier_type == "arXiv":
        number = re.sub(r"^arxiv:", "", related.identifier, flags=re.IGNORECASE)
        return web_url(f"https://arxiv.org/abs/{number}")
    return web_url(related.identifier)


def _grant(funding: Funding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "Grant",
        "identifier": plain_line(funding.award),
        "name": plain_line(funding.title),
        "url": web_url(funding.url),
        "funder": {"@type": "Organization", "name": plain_line(funding.funder)},
    }
    if identifier := plain_line(funding.identifier):
        found["funder"]["identifier"] = identifier
    return {name: value for name, value in found.items() if value}


def _author(author: Author) -> dict[str, Any]:
    if author.type != "person":
        # schema.org's readers take a Person or an Organization; a name that was never taken apart
        # is shown whole, as an organisation's.
        found: dict[str, Any] = {"@type": "Organization", "name": plain_line(author.name)}
        if author.ror_url:
            found["@id"] = author.ror_url
        return found
    found = {"@type": "Person", "name": plain_line(author.display_name)}
    if author.given:
        found["givenName"] = plain_line(author.given)
    if author.family:
        found["familyName"] = plain_line(author.family)
    if author.orcid_url:
        found["@id"] = author.orcid_url
    if author.affiliation:
        found["affiliation"] = {"@type": "Organization", "name": plain_line(author.affiliation)}
        if author.ror_url:
            found["affiliation"]["@id"] = author.ror_url
    return found
