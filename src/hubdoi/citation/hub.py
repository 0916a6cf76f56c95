"""What the Hub's "Cite this model" shows, character by character.

The form is the one that the Hub writes since 2025: a tab before each field, names joined by
``and`` without braces of their own, nothing escaped. The key is the first author's name in lower
case with underscores for spaces, and the year; apostrophes, full stops and accents stay. It is
there for people who need exactly the Hub's text; `bibtex` is the careful form.

A value with a brace, a percent sign or a backslash cannot be written as the Hub writes it: it would
end the entry or start a comment or a command. That value alone is escaped as in `bibtex`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ..records import Version
from ..records.link import web_url
from ..records.plain_text import plain_line
from .keys import key_of
from .latex_text import latex_text, link_text

_NEEDS_ESCAPES = re.compile(r"[{}\\%]")
_NOT_IN_KEYS = re.compile(r"[{}\\%,]")


def write(versions: Sequence[Version]) -> str:
    """The Hub's snippet for each version, a blank line between them.

    The Hub gives the same key to everything that somebody made in a year. In a list the letters
    of hubdoi's own key follow it then: BibTeX takes no key twice.
    """
    keys = list(map(_key, versions))
    often = {key for key, count in Counter(keys).items() if count > 1}
    return "\n\n".join(
        _snippet(version, f"{key}_{_own(version)}" if key in often else key)
        for key, version in zip(keys, versions, strict=True)
    )


def _names(version: Version) -> list[str]:
    names = [plain_line(author.display_name) for author in version.authors]
    if not names and version.repo:
        names = [version.repo.namespace or version.repo.name]
    return names


def _key(version: Version) -> str:
    first = next(iter(_names(version)), "unknown")
    return _NOT_IN_KEYS.sub("", f"{first.lower().replace(' ', '_')}_{_year(version)}")


def _own(version: Version) -> str:
    """What tells it from every other version."""
    return key_of(version).rpartition("-")[2]


def _year(version: Version) -> str:
    return str(version.year) if version.year is not None else ""


def _snippet(version: Version, key: str) -> str:
    fields = {
        "author": f"{{ {' and '.join(map(_value, _names(version)))} }}",
        "title": f"{{ {_value(version.title)} }}",
        "year": _year(version),
        "url": f"{{ {link_text(url)} }}" if (url := web_url(version.url or "")) else "",
        "doi": f"{{ {link_text(version.doi.name)} }}" if version.doi else "",
        "publisher": f"{{ {_value(version.publisher)} }}",
    }
    lines = ",\n".join(f"\t{name:<13}= {value}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}\n}}"


def _value(text: str) -> str:
    line = plain_line(text)
    return latex_text(line) if _NEEDS_ESCAPES.search(line) else line
