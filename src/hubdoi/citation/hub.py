"""What the Hub's "Cite this model" shows, character by character.

The form is the one that the Hub writes since 2025: a tab before each field, names joined by
``and`` without braces of their own, nothing escaped. The key is the first author's name in lower
case with underscores for spaces, and the year; apostrophes, full stops and accents stay. It is
there for people who need exactly the Hub's text; `bibtex` is the careful form.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..records import Version
from ..records.plain_text import plain_line


def write(versions: Sequence[Version]) -> str:
    """The Hub's snippet for each version, a blank line between them."""
    return "\n\n".join(_snippet(version) for version in versions)


def _snippet(version: Version) -> str:
    names = [_inert(author.display_name) for author in version.authors]
    if not names and version.repo:
        names = [version.repo.namespace or version.repo.name]
    first = names[0] if names else "unknown"
    year = str(version.year) if version.year is not None else ""
    fields = {
        "author": f"{{ {' and '.join(names)} }}",
        "title": f"{{ {_inert(version.title)} }}",
        "year": year,
        "url": f"{{ {_inert(version.url or '')} }}" if version.url else "",
        "doi": f"{{ {_inert(version.doi.name)} }}" if version.doi else "",
        "publisher": f"{{ {_inert(version.publisher)} }}",
    }
    key = f"{first.lower().replace(' ', '_')}_{year}".replace(",", "")
    lines = ",\n".join(f"\t{name:<13}= {value}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}\n}}"


def _inert(text: str) -> str:
    """The Hub escapes nothing; what would end the entry or start a command is left out."""
    return "".join(character for character in plain_line(text) if character not in "{}\\%")
