"""Hayagriva YAML: the bibliography of Typst, for ``#bibliography("refs.yml")``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..records import Author, Version
from ..records.date import day_of, year_of
from ..records.link import link_of
from ..records.names import split_suffix
from ..records.plain_text import plain_line
from .keys import keys_of
from .work_type import csl_type, editors, genre

# CSL's types -> Hayagriva's; a work in a container is in a `parent` of its own type.
_TYPES = {
    "article-journal": "article",
    "book": "book",
    "chapter": "chapter",
    "paper-conference": "article",
    "thesis": "thesis",
    "report": "report",
    "software": "repository",
    "dataset": "repository",
}
_GENRES = {"Model": "Machine learning model", "Dataset": "Data set"}
_PARENTS = {
    "article-journal": "periodical",
    "chapter": "anthology",
    "paper-conference": "proceedings",
}


def write(versions: Sequence[Version]) -> str:
    """One entry a version, under its citation key."""
    from ..records.yaml_text import write_yaml

    entries = zip(keys_of(versions), versions, strict=True)
    return write_yaml({key: _entry(version) for key, version in entries}).strip()


def _entry(version: Version) -> dict[str, Any]:
    kind = csl_type(version)
    day, year = day_of(version), year_of(version)
    found: dict[str, Any] = {
        "type": _TYPES.get(kind, "misc"),
        # The name of a repository is no sentence: no style may change its case.
        "title": {"value": _text(version.full_title) or "untitled", "verbatim": True},
        "author": [_name(author) for author in version.authors],
        "date": day.isoformat() if day else f"{year:04d}" if year is not None else None,
        "genre": _GENRES.get(version.resource_type) or _text(genre(version)),
        "publisher": _text(version.publisher),
        "serial-number": {"doi": version.doi.name} if version.doi else None,
        # Styles print the DOI as a link already.
        "url": link_of(version) if version.doi is None else None,
        "parent": _parent(version, kind),
    }
    if people := [_name(author) for author in editors(version)]:
        # Of a chapter or paper the editors are those of the book.
        (found["parent"] if found["parent"] and kind != "book" else found)["editor"] = people
    if version.container:
        found["page-range"] = _text(version.container.place)
    return {name: value for name, value in found.items() if value}


def _parent(version: Version, kind: str) -> dict[str, Any] | None:
    held = version.container
    if held is None or not held.title:
        return None
    found: dict[str, Any] = {
        "type": _PARENTS.get(kind, "misc"),
        "title": _text(held.title),
        "volume": _text(held.volume),
        "issue": _text(held.issue),
        "edition": _text(held.edition),
    }
    return {name: value for name, value in found.items() if value}


def _name(author: Author) -> dict[str, str]:
    """A person in parts; anything else as one name that is never split. No name is evaluated."""
    if author.type != "person" or not author.family or not author.given:
        return {"name": plain_line(author.family or author.name)}
    family, suffix = split_suffix(plain_line(author.family))
    name = {"name": family, "given-name": plain_line(author.given)}
    return name | {"suffix": suffix} if suffix else name


def _text(value: str | None) -> str:
    """`value` on one line, with a backslash before what Hayagriva reads as its own.

    Dollar signs enclose a formula, braces what keeps its case.
    """
    return re.sub(r"[\\${}]", r"\\\g<0>", plain_line(value or ""))
