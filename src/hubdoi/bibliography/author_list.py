"""Authors as people have them elsewhere: a list, a CITATION.cff, a BibTeX entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..records import Author
from ..records.errors import HubdoiError, InvalidAuthor
from ..records.mint_request import MAX_AUTHORS
from ..records.yaml_text import InvalidYaml, read_yaml
from .bibentry import entries_of

LARGEST = 200_000
"""Characters of a text that authors are read from."""

_FENCED = re.compile(r"^ {0,3}(```+|~~~+)[ \t]*([^\n`]*)\n(.*?)^ {0,3}\1", re.MULTILINE | re.DOTALL)
_LANGUAGES = ("", "bib", "bibtex", "latex", "tex")
_AND = re.compile(r"\s+and\s+(?![^{]*\})", re.IGNORECASE)


def read_authors(text: str) -> tuple[Author, ...]:
    """The authors in `text`: of its first BibTeX entry, of a CITATION.cff, or one on each line.

    A line is ``Given Family <ORCID>; Affiliation``; the iD and the affiliation may be left out.

    Raises:
        InvalidAuthor: there is none, one cannot be read (the message says which), or too many.
    """
    if len(text) > LARGEST:
        raise InvalidAuthor(f"The text has {len(text):,} characters; {LARGEST:,} are allowed.")
    if text.lstrip().startswith("@"):
        found = _of_bibtex(text)
    elif re.search(r"^(cff-version|authors)\s*:", text, re.MULTILINE):
        found = _of_cff(text)
    else:
        found = [_of_line(line) for line in text.splitlines() if line.strip()]
    return _checked(found)


def authors_of_card(card: str) -> tuple[Author, ...]:
    """The authors of the first BibTeX entry in a repository card.

    Raises:
        InvalidAuthor: the card has no entry with authors, or one cannot be read.
    """
    for fence in _FENCED.finditer(card[:LARGEST]):
        if fence[2].strip().lower() in _LANGUAGES and (found := _of_bibtex(fence[3])):
            return _checked(found)
    raise InvalidAuthor("The card of this repository has no citation with authors.")


def _checked(found: list[Author]) -> tuple[Author, ...]:
    if not found:
        raise InvalidAuthor("There are no authors in this text. Write one on each line.")
    if len(found) > MAX_AUTHORS:
        raise InvalidAuthor(f"A DOI has at most {MAX_AUTHORS:,} authors, not {len(found):,}.")
    return tuple(found)


def _of_bibtex(text: str) -> list[Author]:
    for entry in entries_of(text, "the text"):
        raw = entry.value("author").strip()
        if raw:
            inner = raw[1:-1] if raw[:1] in '{"' else raw
            names = [" ".join(name.split()) for name in _AND.split(inner)]
            return [_of_name(name) for name in names if name and name.lower() != "others"]
    return []


def _of_name(name: str) -> Author:
    """A name of a BibTeX list; in braces it is kept whole, as an organisation's is."""
    if name.startswith("{") and name.endswith("}"):
        return Author(name.strip("{} "), "organization")
    return Author.person(re.sub(r"[{}]", "", name))


def _of_cff(text: str) -> list[Author]:
    try:
        data = read_yaml(text, largest=LARGEST)
    except InvalidYaml as error:
        raise InvalidAuthor(error.message) from None
    listed = data.get("authors") if isinstance(data, Mapping) else None
    return [_of_mapping(one) for one in listed or () if isinstance(one, Mapping)]


def _of_mapping(one: Mapping[str, Any]) -> Author:
    def get(name: str) -> str | None:
        value = one.get(name)
        return value.strip() or None if isinstance(value, str) else None

    if name := get("name"):
        return Author(name, "organization")
    family = " ".join(p for p in (get("name-particle"), get("family-names")) if p)
    given = " ".join(p for p in (get("given-names"), get("name-suffix")) if p)
    full = ", ".join(part for part in (family, given) if part)
    more: dict[str, Any] = {"orcid": get("orcid"), "affiliation": get("affiliation")}
    return Author(full, "person", given=given or None, family=family or None, **more)


def _of_line(line: str) -> Author:
    written, _, affiliation = line.strip().strip("-*• \t").partition(";")
    try:
        author = Author.parse(written)
        return author.replace(affiliation=affiliation.strip() or None)
    except HubdoiError as error:
        raise InvalidAuthor(f"{written.strip()[:60]}: {error.message}") from None
