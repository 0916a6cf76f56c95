"""How records show themselves: described once as cards, written in three media types.

A new kind of record joins with one function::

    @cards.register
    def _(record: Record) -> tuple[Card, ...]:
        return (Card(text(record.name), blocks=(Paragraph(text(record.sentence)),)),)

An iterable of records shows its records one after the other, without being registered.
"""

from __future__ import annotations

from typing import Any

# The writers load with the first record that they write: a terminal needs one of them.
from .describe import cards

__all__ = ["cards", "html", "markdown", "mimebundle", "plain"]


def mimebundle(record: Any) -> dict[str, str]:
    """`record` as text/plain, text/markdown and text/html.

    Raises:
        TypeError: nothing says how such a record is shown.
    """
    from . import commonmark, hypertext, terminal

    described = cards(record)
    return {
        "text/plain": terminal.write(described),
        "text/markdown": commonmark.write(described),
        "text/html": hypertext.write(described),
    }


def plain(record: Any) -> str:
    """`record` for a terminal. Raises as `mimebundle` does."""
    from . import terminal

    return terminal.write(cards(record))


def markdown(record: Any) -> str:
    """`record` as Markdown. Raises as `mimebundle` does."""
    from . import commonmark

    return commonmark.write(cards(record))


def html(record: Any) -> str:
    """`record` as HTML with its style. Raises as `mimebundle` does."""
    from . import hypertext

    return hypertext.write(cards(record))
