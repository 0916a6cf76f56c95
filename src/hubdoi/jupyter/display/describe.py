"""From a record to its cards: one function for each type, found by the type of the record."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from importlib import import_module
from typing import Any

from ...records.errors import HubdoiError
from .card import Badge, Card, Paragraph, text

# Records of a part that is not loaded for every display, and what shows them.
_LATER = dict.fromkeys(("hubdoi.bibliography", "hubdoi.provenance"), "bibliography")


@singledispatch
def cards(record: Any) -> tuple[Card, ...]:
    """The cards of `record`; those of its parts where it is a collection of records.

    Raises:
        TypeError: nothing says how such a record is shown.
    """
    home = ".".join(type(record).__module__.split(".")[:2])
    if home in _LATER:
        import_module(f"{__package__}.{_LATER[home]}")
        if cards.dispatch(type(record)) is not cards.dispatch(object):
            return cards(record)
    if isinstance(record, Iterable) and not isinstance(record, str | bytes):
        return tuple(card for part in record for card in cards(part))
    raise TypeError(f"Nothing says how a {type(record).__name__} is shown.")


@cards.register
def _(error: HubdoiError) -> tuple[Card, ...]:
    return (
        Card(
            text(error.message),
            Badge("Error", "bad"),
        ),
    )


@cards.register
def _(sentence: str) -> tuple[Card, ...]:
    return (Card(text("hubdoi"), blocks=(Paragraph(text(sentence)),)),)
