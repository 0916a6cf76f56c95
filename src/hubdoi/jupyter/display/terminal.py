"""Cards as text/plain: for a terminal, a screen reader, a notebook without a renderer."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable

from .card import (
    Block,
    Card,
    Facts,
    Inline,
    Link,
    Paragraph,
    Picture,
    Quote,
    Table,
    Text,
)

_WIDTH = 96
# What turns the direction of the writing around makes a line read as another one.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def write(cards: Iterable[Card]) -> str:
    return "\n\n".join(_card(card) for card in cards)


def visible(text: str, *, keep: str = "") -> str:
    """`text` without what a terminal obeys: control characters and turned writing become U+FFFD."""
    # Nearly no text has any of it, and what can be printed is none of it.
    rest = text
    for character in keep:
        rest = rest.replace(character, "")
    if rest.isprintable():
        return text
    return "".join(
        character
        if character in keep
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI)
        else "\ufffd"
        for character in text
    )


def _card(card: Card) -> str:
    title = _inline(card.title)
    if card.badge:
        title = f"{title} · {_inline((card.badge,))}"
    lines = [title]
    for block in card.blocks:
        lines += _block(block)
    return "\n".join(lines)


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return _wrapped(_inline(block.text), "  ", "  ")
    if isinstance(block, Facts):
        width = max((len(name) for name, _ in block.rows), default=0)
        return [
            line
            for name, value in block.rows
            for line in _wrapped(_inline(value), f"  {name:<{width}}  ", " " * (width + 4))
        ]
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        return [f"  {block.alt}"]
    lines = visible(block.text, keep="\n\t").splitlines() or [""]
    if isinstance(block, Quote):
        return [
            f"  │ {part}".rstrip()
            for line in lines
            for part in textwrap.wrap(line, _WIDTH - 4) or [""]
        ]
    # As it is, so that it can be taken from a terminal into a file.
    return ["", *lines]


def _table(table: Table) -> list[str]:
    rows = [
        [_line(name) for name in table.header],
        *([_inline(cell, spell=False) for cell in row] for row in table.rows),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    lines = [f"  {_line(table.caption)}"] if table.caption else []
    for row in rows:
        cells = [
            cell.rjust(width) if column in table.right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _inline(text: Text, *, spell: bool = True) -> str:
    return "".join(_part(part, spell) for part in text)


def _part(part: Inline, spell: bool) -> str:
    if isinstance(part, Link):
        shown, url = _line(part.text), _line(part.url)
        spelled = spell and part.spelled and part.is_safe and shown != url
        return f"{shown} ({url})" if spelled else shown
    return _line(part if isinstance(part, str) else part.text)


def _line(text: str) -> str:
    return visible(re.sub(r"\s+", " ", text))


def _wrapped(text: str, first: str, following: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
