"""What a display is made of, before it is text, Markdown or HTML.

A record is described once, as cards; three writers turn cards into text/plain, text/markdown and
text/html. Metadata is written by strangers: a description holds it as bare text, and escaping is
the writers' work alone, so that no record can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Tone = Literal["good", "warn", "bad", "quiet"]


class Link(NamedTuple):
    """A URL to follow; only http and https are ever followed.

    `spelled` says that the URL is worth reading where nothing can be followed.
    """

    text: str
    url: str
    spelled: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether `url` is an absolute http or https URL, without anything hidden in it."""
        if not self.url.isprintable() or any(character.isspace() for character in self.url):
            return False
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return False
        return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


class Code(NamedTuple):
    """A revision, a path, a command."""

    text: str


class Strong(NamedTuple):
    text: str


class Badge(NamedTuple):
    """A state in a word; `tone` gives it a colour, and the word says it without one."""

    text: str
    tone: Tone = "quiet"


Inline = str | Link | Code | Strong | Badge
Text = tuple[Inline, ...]


def text(*parts: Inline | Iterable[Inline] | None) -> Text:
    """Inline parts one after the other; None and empty text are passed over."""
    found: list[Inline] = []
    for part in parts:
        if part is None or part == "":
            continue
        if isinstance(part, str | Link | Code | Strong | Badge):
            found.append(part)
        else:
            found.extend(part)
    return tuple(found)


def linked(line: str, url: re.Pattern[str]) -> Text:
    """`line`, in which each URL can be followed; `url` has one group."""
    parts = url.split(line)
    return text(*(Link(part, part) if at % 2 else part for at, part in enumerate(parts)))


class Paragraph(NamedTuple):
    text: Text
    tone: Tone | None = None


class Facts(NamedTuple):
    """What is known, each with its name."""

    rows: tuple[tuple[str, Text], ...]


class Table(NamedTuple):
    """Columns with a header; `right` are the numbers of the columns that hold numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    right: frozenset[int] = frozenset()
    caption: str | None = None
    sortable: bool = False


class Preformatted(NamedTuple):
    """Text to show as it is; `language` is what it is written in, `label` what it is.

    `copied` says that people take it away, so that it has a copy button, `links` are the URLs in
    it to follow, where it is sentences: a page breaks them where a line ends.
    """

    text: str
    language: str = ""
    label: str = "Text"
    copied: bool = True
    links: tuple[str, ...] = ()


class Quote(NamedTuple):
    """Somebody else's words, such as the terms."""

    text: str


class Picture(NamedTuple):
    """A drawing of our own, as SVG, that leads to `url`; `alt` says what it shows."""

    svg: str
    alt: str
    url: str


Block = Paragraph | Facts | Table | Preformatted | Quote | Picture


class Card(NamedTuple):
    title: Text
    badge: Badge | None = None
    blocks: tuple[Block, ...] = ()
