"""The citation in words, in the form that DataCite prefers.

``Creator (PublicationYear): Title. Version. Publisher. (resourceTypeGeneral). Identifier``
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..records import Author, Version
from ..records.date import year_of
from ..records.link import link_of
from ..records.plain_text import plain_line
from .bibtex import version_apart, version_words

_MOST_NAMES = 20


def write(versions: Sequence[Version]) -> str:
    """One line a version, a blank line between them."""
    return "\n\n".join(_line(version) for version in versions)


def _line(version: Version) -> str:
    return " ".join([*parts(version), link_of(version)]).strip()


def parts(version: Version) -> list[str]:
    """Everything before the identifier, each with the punctuation that ends it."""
    names = creators(version)
    year = f"({_year(version)})"
    number = plain_line(version_apart(version) or "")
    title = _sentence(version.full_title)
    # Without a creator the title stands in its place, before the year.
    head = [f"{names} {year}:", title] if names else [f"{title.removesuffix('.')} {year}.".strip()]
    found = [
        *head,
        _sentence(version_words(number)),
        _sentence(version.publisher),
        f"({plain_line(version.resource_type)})." if version.resource_type else "",
    ]
    return [part for part in found if part]


def creators(version: Version) -> str:
    """The names as registered, separated by semicolons; a very long list ends in "et al."."""
    names = [plain_line(author.name) for author in version.authors[:_MOST_NAMES]]
    more = len(version.authors) > _MOST_NAMES
    return "; ".join(names) + (" et al." if more else "")


def in_text(version: Version) -> str:
    """``(Lovelace, 2026)``, ``(Lovelace & Hopper, 2026)``, ``(Lovelace et al., 2026)``."""
    year = _year(version)
    names = [_short(author) for author in version.authors[:3]]
    if not names:
        who = plain_line(version.name) or "untitled"
    elif len(names) == 1:
        who = names[0]
    else:
        who = f"{names[0]} & {names[1]}" if len(names) == 2 else f"{names[0]} et al."
    return f"({who}, {year})"


def _year(version: Version) -> str:
    year = year_of(version)
    return str(year) if year is not None else "n.d."


def _short(author: Author) -> str:
    return plain_line(author.family if author.type == "person" and author.family else author.name)


def _sentence(text: str) -> str:
    # Catalogues end a title or a publisher with the sign that comes before the next part.
    line = re.sub(r"\s+[/:;=]$|\s*,$", "", plain_line(text))
    return line if not line or line.endswith((".", "!", "?", "。")) else f"{line}."
