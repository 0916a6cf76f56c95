"""How the repositories that a notebook loads are shown."""

from __future__ import annotations

from collections.abc import Iterable

from ...provenance.use import Unclear, Use, Uses
from .card import Block, Card, Code, Facts, Paragraph, Table, Text, text
from .describe import cards


@cards.register
def _(uses: Uses) -> tuple[Card, ...]:
    is_recorded = any(use.recorded for use in uses.items)
    rows = tuple(
        (
            text(str(use.repo)),
            _named(use),
            *((_loaded(use),) if is_recorded else ()),
            text(Code(use.call)) if use.call else text("–"),
            text(use.place),
        )
        for use in uses.items
    )
    blocks: list[Block] = []
    if rows:
        loaded = ("Loaded",) if is_recorded else ()
        heads = ("Repository", "Revision", *loaded, "Call", "Place")
        blocks.append(Table(heads, rows, sortable=True))
    else:
        blocks.append(Paragraph(text("This notebook loads no models or datasets from a Hub.")))
    blocks += not_listed(uses.unclear, uses.failures, uses.notes)
    return (Card(text("Models and datasets in use"), blocks=tuple(blocks)),)


@cards.register
def _(use: Use) -> tuple[Card, ...]:
    facts: list[tuple[str, Text]] = [
        ("Revision", _named(use)),
        *((("Loaded", _loaded(use)),) if use.recorded else ()),
        ("Place", text(use.place)),
    ]
    if use.call:
        facts.append(("Call", text(Code(use.call))))
    return (Card(text(str(use.repo)), blocks=(Facts(tuple(facts)),)),)


def _named(use: Use) -> Text:
    return text(Code(use.revision)) if use.revision else text("not named")


def _loaded(use: Use) -> Text:
    """The commits that were recorded while they were loaded."""
    if not use.recorded:
        return text("–")
    first, *others = [Code(commit[:7]) for commit in use.recorded]
    return text(first, *(part for other in others for part in (", ", other)))


def not_listed(
    unclear: Iterable[Unclear], failures: Iterable[str], notes: Iterable[str]
) -> list[Block]:
    """What could not be resolved, what could not be read, and what to know of the rest."""
    found: list[Block] = [
        Paragraph(text(f"{one.place}: ", Code(one.call), f". {one.reason}"), "quiet")
        for one in unclear
    ]
    found += [Paragraph(text(failure), "bad") for failure in failures]
    found += [Paragraph(text(note), "quiet") for note in notes]
    return found
