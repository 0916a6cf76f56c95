"""The citation in words as Markdown, its DOI a link."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ..records import Version
from .latex_text import plain_line
from .text import address, in_text, parts

__all__ = ["in_text_link", "markdown_text", "write"]

# Everything that starts markup somewhere in CommonMark, its common extensions, or HTML.
_ESCAPED = frozenset("\\`*_{}[]()<>#+-.!|~$&:@=^\"'/")


def write(versions: Sequence[Version]) -> str:
    """One paragraph a version."""
    return "\n\n".join(_paragraph(version) for version in versions)


def in_text_link(version: Version) -> str:
    """``[(Lovelace, 2026)](https://doi.org/…)``."""
    return _link(in_text(version), address(version))


def markdown_text(text: str) -> str:
    """`text` on one line, with everything escaped that Markdown or HTML would read as markup."""
    line = plain_line(text)
    return "".join(_escape(line, place) for place in range(len(line)))


def _paragraph(version: Version) -> str:
    words = markdown_text(" ".join(parts(version)))
    where = address(version)
    return f"{words} {_link(where, where)}" if where else words


def _link(shown: str, target: str) -> str:
    if not target.startswith(("https://", "http://")):
        return markdown_text(shown)
    return f"[{markdown_text(shown)}]({quote(target, safe='/:;,.?=&%~@+-_#')})"


def _escape(line: str, place: int) -> str:
    character = line[place]
    if character not in _ESCAPED:
        return character
    before, after = line[place - 1 : place], line[place + 1 : place + 2]
    # Inside words and sentences these mean nothing; the text stays readable as it is.
    if character in "'\"/=" or (character in ".()" and place > 0 and not before.isdigit()):
        return character
    if (
        character in ",:-"
        and before
        and (before.isalnum() or before in ")].")
        and after in (" ", "")
    ):
        return character
    if character == "-" and before.isalnum() and after.isalnum():
        return character
    return (
        f"&{'lt' if character == '<' else 'gt' if character == '>' else 'amp'};"
        if character in "<>&"
        else f"\\{character}"
    )
