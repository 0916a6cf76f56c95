"""How a correction of a record, and the corrections so far, are shown."""

from __future__ import annotations

from ...records.amendment import Activities, Activity, Amendment, RecordChange
from .card import Badge, Block, Card, Paragraph, Quote, Table, Text, text
from .describe import cards
from .words import moment

NAMES = {
    "title": "Title", "authors": "Authors", "description": "Description", "access": "Access",
}  # fmt: skip


@cards.register
def _(amendment: Amendment) -> tuple[Card, ...]:
    """The difference, and the text to agree to."""
    rows = tuple(
        (text(_name(change)), _value(change, change.before), _value(change, change.after))
        for change in amendment.changes
    )
    return (
        Card(
            text(f"Correction of {amendment.doi}"),
            Badge("Read before you agree", "warn"),
            (
                *([Paragraph(text(amendment.notice), "warn")] if amendment.notice else []),
                Table(("Property", "Before", "After"), rows),
                Paragraph(text("What you agree to when you correct the record:")),
                Quote(amendment.terms.text),
            ),
        ),
    )


@cards.register
def _(activities: Activities) -> tuple[Card, ...]:
    rows: list[tuple[Text, ...]] = []
    for one in activities.entries:
        rows += _rows(one)
    blocks: list[Block] = [
        Table(("Version", "When", "Who", "What", "Before", "After"), tuple(rows))
    ]
    if len(activities) == 1:
        blocks.append(Paragraph(text("The record was never corrected."), "quiet"))
    return (Card(text(f"Record of {activities.doi}"), blocks=tuple(blocks)),)


def _rows(activity: Activity) -> list[tuple[Text, ...]]:
    head = (
        text(str(activity.number)),
        text(moment(activity.at)),
        text(activity.by or "–"),
    )
    if activity.action == "create":
        return [(*head, text("registered"), text("–"), text("–"))]
    return [
        (
            *(head if not number else (text(), text(), text())),
            text(_name(change)),
            _value(change, change.before),
            _value(change, change.after),
        )
        for number, change in enumerate(activity.changes)
    ]


def _name(change: RecordChange) -> str:
    return NAMES.get(change.name, change.name)


def _value(change: RecordChange, value: str) -> Text:
    # A cell of a table has one line, in which nothing would part an author from the next.
    return text((value.replace("\n", "; ") if change.name == "authors" else value) or "–")
