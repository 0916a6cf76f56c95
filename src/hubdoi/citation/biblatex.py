"""biblatex: ``@dataset`` and ``@software``, read by biber."""

from __future__ import annotations

from collections.abc import Sequence

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import landing_of, link_of
from ..records.names import split_suffix
from .bib_entry import bib_entry, name_word
from .keys import keys_of
from .latex_text import latex_text, verbatim

_TYPES = {"Dataset": "dataset", "Model": "software", "Software": "software"}


def write(versions: Sequence[Version], urldate: str | None = None) -> str:
    """One entry a version; `urldate` (``2026-11-23``) is the day on which the pages were visited."""
    keys = keys_of(versions)
    return "\n\n".join(
        entry(version, key, urldate) for version, key in zip(versions, keys, strict=True)
    )


def entry(version: Version, key: str, urldate: str | None = None) -> str:
    """One entry: a dataset, software (a model too: biblatex has no nearer type), or ``@misc``."""
    return bib_entry(type_of(version), key, fields(version, urldate))


def type_of(version: Version) -> str:
    """The entry's type, without ``@``."""
    return _TYPES.get(version.resource_type, "misc")


def fields(version: Version, urldate: str | None = None) -> dict[str, str]:
    """The fields with their delimiters; biber reads UTF-8, so letters stay as they are."""
    found: dict[str, str] = {}
    if version.authors:
        found["author"] = " and ".join(map(_name, version.authors))
    found["title"] = f"{{{latex_text(version.title) or 'untitled'}}}"
    day, year = day_of(version), year_of(version)
    if day is not None:
        found["date"] = day.isoformat()
    elif year is not None:
        found["date"] = f"{year:04d}"
    if version.publisher:
        found["publisher"] = latex_text(version.publisher)
    number = version.version or version.short_revision
    if number:
        found["version"] = latex_text(number)
    if version.doi is not None:
        found["doi"] = verbatim(version.doi.name)
    url = link_of(version) if not version.repo else landing_of(version)
    if url:
        found["url"] = verbatim(url)
        if urldate:
            found["urldate"] = urldate
    return {name: f"{{{value}}}" for name, value in found.items()}


def _name(author: Author) -> str:
    if author.type == "person" and author.family and author.given:
        family, suffix = split_suffix(author.family)
        parts = (family, suffix, author.given) if suffix else (family, author.given)
        return ", ".join(map(_words, parts))
    return f"{{{latex_text(author.family or author.name)}}}"


def _words(text: str) -> str:
    return " ".join([name_word(word, latex_text(word)) for word in text.split()])
