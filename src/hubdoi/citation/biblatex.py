"""biblatex: ``@dataset`` and ``@software``, read by biber."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..records import Version
from ..records.date import day_of, year_of
from ..records.link import landing_of, link_of
from .bib_entry import bib_entry, bib_names
from .bibtex import version_apart
from .keys import keys_of
from .latex_text import latex_text, verbatim
from .work_type import biblatex_type, editors, genre, is_masters

# By biber's data model; what has no field for the publisher has an organisation.
_PUBLISHERS = {
    "dataset": "publisher",
    "book": "publisher",
    "collection": "publisher",
    "incollection": "publisher",
    "inproceedings": "publisher",
    "thesis": "institution",
    "report": "institution",
    "article": "",
}


def write(versions: Sequence[Version], urldate: str | None = None) -> str:
    """One entry a version; `urldate` (``2026-11-23``) is the day on which the pages were visited."""
    keys = keys_of(versions)
    return "\n\n".join(
        entry(version, key, urldate) for version, key in zip(versions, keys, strict=True)
    )


def entry(version: Version, key: str, urldate: str | None = None) -> str:
    """One entry: a dataset, software (a model too: biblatex has no nearer type), or ``@misc``."""
    return bib_entry(type_of(version), key, fields(version, urldate))


def _kind_of(version: Version, kind: str) -> str:
    """What a thesis or report is: biblatex's own word, which it translates, or the record's."""
    words = genre(version)
    if kind == "thesis" and re.search("phd|ph.d|doctor", words.lower()):
        return "phdthesis"
    if kind == "thesis" and is_masters(version):
        return "mathesis"
    return latex_text(words) or "techreport"


def type_of(version: Version) -> str:
    """The entry's type, without ``@``."""
    return biblatex_type(version)


def fields(version: Version, urldate: str | None = None) -> dict[str, str]:
    """The fields with their delimiters, each one that biber's data model has for the entry's type.

    A DOI needs no `url` beside it, unless the day of a visit is wanted: that is of the page.
    """
    kind = type_of(version)
    found: dict[str, str] = {}
    if version.authors:
        found["author"] = bib_names(version.authors, latex_text)
    if people := editors(version):
        found["editor"] = bib_names(people, latex_text)
    found["title"] = f"{{{latex_text(version.full_title) or 'untitled'}}}"
    day, year = day_of(version), year_of(version)
    if day is not None:
        found["date"] = day.isoformat()
    elif year is not None:
        found["date"] = f"{year:04d}"
    if version.resource_type == "Model":
        found["type"] = "Machine learning model"
    elif kind in ("thesis", "report"):
        found["type"] = _kind_of(version, kind)
    elif kind == "misc" and (words := genre(version)):
        found["type"] = latex_text(words)
    held = version.container
    if held is not None:
        values = {
            {"article": "journaltitle", "book": "series", "collection": "series"}.get(
                kind, "booktitle"
            ): held.title,
            "volume": held.volume,
            "number": held.issue if kind == "article" else "",
            "edition": held.edition if kind in ("book", "collection", "incollection") else "",
            "chapter": held.number if kind == "incollection" else "",
            "eid": held.number if kind == "article" else "",
            "pages": held.pages.replace("-", "--") if held.first_page.isalnum() else held.pages,
        }
        if kind in ("article", "book", "collection", "incollection", "inproceedings"):
            found |= {name: latex_text(value) for name, value in values.items() if value}
            if "pages" in found:
                found["pages"] = found["pages"].replace("-{}-", "--")
    if version.publisher:
        name = _PUBLISHERS.get(kind, "organization")
        if name:
            found[name] = latex_text(version.publisher)
    if number := version_apart(version):
        found["version"] = latex_text(number)
    if version.doi is not None:
        found["doi"] = verbatim(version.doi.name)
    if version.doi is None or urldate:
        url = landing_of(version) if version.repo else link_of(version)
        if url:
            found["url"] = verbatim(url)
            if urldate:
                found["urldate"] = urldate
    return {name: f"{{{value}}}" for name, value in found.items()}
