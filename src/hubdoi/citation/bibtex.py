"""BibTeX for every bibliography style, the plain ones of 1985 included."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import landing_of, link_of
from ..records.names import split_suffix
from .bib_entry import bib_entry, name_word
from .fallback import preamble
from .keys import key_of, keys_of
from .latex_text import bibtex_name, bibtex_name_word, bibtex_text, verbatim

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def write(versions: Sequence[Version]) -> str:
    """One entry a version, a blank line between them, after the preamble that they may need."""
    keys = keys_of(versions)
    entries = "\n\n".join(
        [entry(version, key) for version, key in zip(versions, keys, strict=True)]
    )
    before = preamble(entries)
    return f"{before}\n\n{entries}" if before else entries


def entry(version: Version, key: str) -> str:
    """One ``@misc`` entry; classic BibTeX knows neither datasets nor software."""
    return bib_entry("misc", key, fields(version))


def fields(version: Version) -> dict[str, str]:
    """The fields with their delimiters, in the order in which they are written.

    `howpublished` and `note` are there for the styles that know no `publisher`, `version` and `doi`
    in ``@misc``.
    """
    found: dict[str, str] = {}
    if version.authors:
        found["author"] = f"{{{' and '.join(map(_name, version.authors))}}}"
    else:
        name = bibtex_text(version.name)
        found["key"] = f"{{{name if name.isascii() and name else key_of(version)}}}"
    # The inner braces keep the case: names of models are not sentences.
    found["title"] = f"{{{{{bibtex_text(version.title) or 'untitled'}}}}}"
    if version.publisher:
        found["howpublished"] = f"{{{_published(version.publisher)}}}"
    day, year = day_of(version), year_of(version)
    if year is not None:
        found["year"] = f"{{{year}}}"
    if day is not None:
        found["month"] = _MONTHS[day.month - 1]
    if version.publisher:
        found["publisher"] = found["howpublished"]
    number = version.version or version.short_revision
    if number:
        found["version"] = f"{{{bibtex_text(number)}}}"
    if version.doi is not None:
        found["doi"] = f"{{{_verbatim(version.doi.name)}}}"
    url = link_of(version) if not version.repo else landing_of(version)
    if url:
        found["url"] = f"{{{_verbatim(url)}}}"
    note = _note(version, number, url)
    if note:
        found["note"] = f"{{{note}}}"
    return found


def _note(version: Version, number: str | None, url: str | None) -> str:
    said = []
    if number and number not in version.title:
        said.append(f"Version {bibtex_text(number)}")
    if version.doi is not None:
        said.append(f"doi:{bibtex_text(version.doi.name)}")
    elif url:
        said.append(bibtex_text(url))
    return ", ".join(said)


def _name(author: Author) -> str:
    """A person as ``Family, Given``; anything else in braces, so that it is never split."""
    if author.type == "person" and author.family and author.given:
        family, suffix = split_suffix(author.family)
        parts = (family, suffix, author.given) if suffix else (family, author.given)
        return ", ".join(map(_words, parts))
    return bibtex_name(author.family or author.name)


@lru_cache(maxsize=1024)
def _words(text: str) -> str:
    return " ".join([name_word(word, bibtex_name_word(word)) for word in text.split()])


@lru_cache(maxsize=256)
def _published(publisher: str) -> str:
    return bibtex_text(publisher)


def _verbatim(text: str) -> str:
    """As `verbatim`, with what ends a line or an argument in LaTeX escaped as hyperref reads it."""
    plain = verbatim(text)
    return plain.replace("%", r"\%").replace("#", r"\#").replace("&", r"\&")
