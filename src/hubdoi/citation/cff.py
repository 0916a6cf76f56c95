"""CITATION.cff 1.2.0, for one version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import web_url
from ..records.names import split_suffix
from ..records.plain_text import plain_line, plain_text
from ..records.single import only
from .bibtex import version_apart
from .work_type import cff_type, csl_type, editors

# The form of a DOI that the schema of CFF 1.2.0 takes.
_DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
_REVISION = re.compile(r"[0-9a-f]{7,40}")
_NUMBERS = {"isbn": r"[0-9\- ]{10,17}X?", "issn": r"\d{4}-\d{3}[\dxX]"}
_MESSAGE = "If you use this {what}, please cite it with the metadata in this file."


def write(versions: Sequence[Version]) -> str:
    """The file's text.

    Raises:
        InvalidInput: there is not exactly one version; a CITATION.cff describes one work.
    """
    from ..records.yaml_text import write_yaml

    return write_yaml(document(only(versions, "A CITATION.cff"))).strip()


def document(version: Version) -> dict[str, Any]:
    """The file as data, valid by the schema of CFF 1.2.0."""
    is_dataset = version.resource_type == "Dataset"
    found: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": _MESSAGE.format(
            what={"Dataset": "dataset", "Model": "model"}.get(version.resource_type, "work")
        ),
        "type": "dataset" if is_dataset else "software",
        **_reference(version),
        "abstract": plain_text(version.description or ""),
        "keywords": list(dict.fromkeys(filter(None, map(plain_line, version.subjects)))),
        **_license(version),
        "commit": version.revision
        if version.revision and _REVISION.fullmatch(version.revision)
        else None,
        "repository": _url(version.url),
    }
    kind, year = cff_type(version), year_of(version)
    if kind not in ("data", "software") or (day_of(version) is None and year is not None):
        # Only a reference can be of another type, or carry a year without a day.
        found["preferred-citation"] = {
            "type": kind,
            **_reference(version),
            **_in_container(version, kind),
            **({"year": year} if year is not None else {}),
        }
    return {name: value for name, value in found.items() if value}


def _license(version: Version) -> dict[str, Any]:
    """The licences of the SPDX list; without one the page of the licence."""
    known = list(dict.fromkeys(one.spdx for one in version.licenses if one.spdx))
    if known:
        return {"license": known[0] if len(known) == 1 else known}
    pages = (_url(web_url(one.page)) for one in version.licenses)
    return {"license-url": next(filter(None, pages), None)}


def _reference(version: Version) -> dict[str, Any]:
    day = day_of(version)
    doi = version.doi.name if version.doi and _DOI.fullmatch(version.doi.name) else None
    found: dict[str, Any] = {
        "title": plain_line(version.full_title) or "untitled",
        "authors": _different(version.authors) or [{"name": _unnamed(version)}],
        "version": plain_line(version_apart(version) or ""),
        "doi": doi,
        "date-released": day.isoformat() if day else None,
        "url": _url(version.landing_url) if doi or not version.doi else _url(version.doi.url),
    }
    return {name: value for name, value in found.items() if value}


def _in_container(version: Version, kind: str) -> dict[str, Any]:
    """Where an article, chapter or paper was published, and by whom."""
    publisher = {"name": plain_line(version.publisher)} if version.publisher else None
    found: dict[str, Any] = {
        "editors": _different(editors(version)),
        "institution" if kind in ("thesis", "report") else "publisher": publisher,
        "thesis-type": plain_line(version.specific_type) if kind == "thesis" else "",
    }
    if held := version.container:
        part = csl_type(version) == "chapter"
        found |= {
            "journal" if kind == "article" else "collection-title": plain_line(held.title),
            "volume": plain_line(held.volume),
            "issue": plain_line(held.issue),
            "start": plain_line(held.first_page or ("" if part else held.number)),
            "end": plain_line(held.last_page),
            "edition": plain_line(held.edition),
            "section": plain_line(held.number) if part else "",
        }
        name = held.identifier_type.lower()
        if name in _NUMBERS and re.fullmatch(_NUMBERS[name], held.identifier):
            found[name] = held.identifier
    return {name: value for name, value in found.items() if value}


def _different(authors: Iterable[Author]) -> list[dict[str, str]]:
    """The authors, each once: the schema takes no author twice."""
    found: list[dict[str, str]] = []
    seen = set()
    for author in map(_author, authors):
        if (same := tuple(author.items())) not in seen:
            seen.add(same)
            found.append(author)
    return found


def _author(author: Author) -> dict[str, str]:
    """A person, or an entity: one name that is never split."""
    if author.type != "person" or not author.family:
        return {"name": plain_line(author.name)}
    family, suffix = split_suffix(plain_line(author.family))
    if not author.given:
        family, suffix = plain_line(author.family), ""
    found = {"family-names": family}
    if author.given:
        found["given-names"] = plain_line(author.given)
    if suffix:
        found["name-suffix"] = suffix
    if author.affiliation:
        found["affiliation"] = plain_line(author.affiliation)
    if author.orcid_url:
        found["orcid"] = author.orcid_url
    return found


def _unnamed(version: Version) -> str:
    return (version.repo.namespace if version.repo else None) or "unknown"


def _url(url: str | None) -> str | None:
    return url if url and re.fullmatch(r"(https?|s?ftp)://[^\s<>\"{}|\\^`]+", url) else None
