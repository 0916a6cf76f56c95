"""From a record to its cards: one function for each type, found by the type of the record."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from importlib import import_module
from typing import Any

from ...records.errors import HubdoiError
from .card import Badge, Card, Paragraph, text

# The package of a record -> the modules that register what shows it: they load with the first
# record that needs them.
_HOMES = {"hubdoi.provenance": ("uses",), "hubdoi.bibliography": ("bibliography", "proposal")}
_OTHERS = (
    "amendment",
    "citation",
    "connection",
    "findings",
    "proposal",
    "reservation",
    "status",
    "version",
)


@singledispatch
def cards(record: Any) -> tuple[Card, ...]:
    """The cards of `record`; those of its parts where it is a collection of records.

    Raises:
        TypeError: nothing says how such a record is shown.
    """
    home = ".".join(type(record).__module__.split(".")[:2])
    if home.startswith("hubdoi."):
        for name in _HOMES.get(home, _OTHERS):
            import_module(f"{__package__}.{name}")
        if cards.dispatch(type(record)) is not cards.dispatch(object):
            return cards(record)
    if isinstance(record, Iterable) and not isinstance(record, str | bytes):
        return tuple(card for part in record for card in cards(part))
    raise TypeError(f"There is no display for {type(record).__name__}.")


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
