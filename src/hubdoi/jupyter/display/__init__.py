"""How records show themselves: described once as cards, written in three media types.

A new kind of record joins with one function::

    @cards.register
    def _(record: Record) -> tuple[Card, ...]:
        return (Card(text(record.name), blocks=(Paragraph(text(record.sentence)),)),)

An iterable of records shows its records one after the other, without being registered.
"""

from __future__ import annotations

from typing import Any

# Each of these registers the records that it shows.
from . import amendment as _amendment  # noqa: F401
from . import citation as _citation  # noqa: F401
from . import commonmark, hypertext, terminal
from . import connection as _connection  # noqa: F401
from . import findings as _findings  # noqa: F401
from . import proposal as _proposal  # noqa: F401
from . import reservation as _reservation  # noqa: F401
from . import status as _status  # noqa: F401
from . import version as _version  # noqa: F401
from .describe import cards

__all__ = ["cards", "html", "markdown", "mimebundle", "plain"]


def mimebundle(record: Any) -> dict[str, str]:
    """`record` as text/plain, text/markdown and text/html.

    Raises:
        TypeError: nothing says how such a record is shown.
    """
    described = cards(record)
    return {
        "text/plain": terminal.write(described),
        "text/markdown": commonmark.write(described),
        "text/html": hypertext.write(described),
    }


def plain(record: Any) -> str:
    """`record` for a terminal. Raises as `mimebundle` does."""
    return terminal.write(cards(record))


def markdown(record: Any) -> str:
    """`record` as Markdown. Raises as `mimebundle` does."""
    return commonmark.write(cards(record))


def html(record: Any) -> str:
    """`record` as HTML with its style. Raises as `mimebundle` does."""
    return hypertext.write(cards(record))
