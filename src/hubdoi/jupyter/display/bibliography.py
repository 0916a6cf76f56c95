"""How the repositories that a notebook uses, and what a reviewer would say of them, are shown."""

from __future__ import annotations

import re

from ...bibliography.reports import CheckReport
from ...bibliography.verdict import Review, ReviewTable
from .card import Badge, Block, Card, Code, Facts, Link, Paragraph, Table, Text, Tone, linked, text
from .describe import cards
from .status import change_sentence
from .uses import not_listed
from .words import doi, repo_link, revision

_TONES: dict[str, Tone] = {
    "cited exactly": "good",
    "moved on": "warn",
    "unpinned": "warn",
    "no DOI": "quiet",
    "gone": "bad",
    "cannot tell": "quiet",
}
_WORDS = {"moved on": "changed since DOI"}
_NOTHING = text("–")
_URL = re.compile(r"(https?://\S*[^\s.,;)])")
_CHECKED: dict[int, tuple[str, Tone]] = {
    0: ("Passed", "good"),
    1: ("Failed", "bad"),
    2: ("Cannot tell", "warn"),
}


@cards.register
def _(table: ReviewTable) -> tuple[Card, ...]:
    header = ("Repository", "Verdict", "Revision used", "DOI", "DOI revision", "What to do")
    rows = tuple(_row(review) for review in table.rows)
    blocks: list[Block] = []
    if rows:
        blocks.append(Table(header, rows, sortable=True))
    else:
        blocks.append(Paragraph(text("This notebook loads no models or datasets from a Hub.")))
    blocks += not_listed(table.unclear, table.failures, table.notes)
    return (Card(text("Review"), blocks=tuple(blocks)),)


@cards.register
def _(review: Review) -> tuple[Card, ...]:
    facts: list[tuple[str, Text]] = [("Revision used", _used(review))]
    if review.doi:
        facts.append(("DOI", doi(review.doi, review.endpoint)))
        facts.append(("DOI revision", _named(review)))
    if todo := _todo(review):
        facts.append(("What to do", todo))
    facts.append(("Place", text(review.use.place)))
    blocks: list[Block] = [Facts(tuple(facts))]
    if review.changes:
        blocks.append(Paragraph(text(change_sentence(review.changes)), "quiet"))
    return (Card(text(repo_link(review.repo, review.endpoint)), _badge(review), tuple(blocks)),)


@cards.register
def _(report: CheckReport) -> tuple[Card, ...]:
    """The findings by place, with what they mean for the check in words and colour."""
    kinds: dict[str, Badge] = {
        "finding": Badge("to fix", "bad"),
        "cannot tell": Badge("cannot tell", "warn"),
        "note": Badge("note", "quiet"),
    }
    rows = tuple(
        (
            text(kinds[finding.kind]),
            text(finding.place),
            text(Code(finding.code), " ", linked(finding.text, _URL)),
        )
        for finding in report.findings
    )
    summary = Badge(*_CHECKED[report.exit_status])
    blocks: tuple[Block, ...] = (
        (Table(("", "Place", "Finding"), rows, sortable=True),) if rows else ()
    )
    if not rows:
        blocks = (Paragraph(text("Every model and dataset in use is cited and pinned.")),)
    blocks += tuple(Paragraph(text(note), "quiet") for note in report.notes)
    return (Card(text("Check of the citations"), summary, blocks),)


def _row(review: Review) -> tuple[Text, ...]:
    return (
        text(repo_link(review.repo, review.endpoint)),
        text(_badge(review)),
        _used(review),
        doi(review.doi, review.endpoint)[:1] if review.doi else _NOTHING,
        _named(review),
        _todo(review) or _NOTHING,
    )


def _badge(review: Review) -> Badge:
    return Badge(_WORDS.get(review.verdict, review.verdict), _TONES.get(review.verdict, "quiet"))


def _used(review: Review) -> Text:
    hint = None
    if review.evidence == "recorded":
        hint = " (recorded)"
    elif review.evidence == "cache" and review.cached:
        hint = f" ({review.cached[:7]} in the cache, not proven)"
    if not review.revision:
        return text("not proven", hint)
    return text(revision(review.revision, review.repo, review.endpoint), hint)


def _named(review: Review) -> Text:
    if not review.doi_revision:
        return _NOTHING
    return revision(review.doi_revision, review.repo, review.endpoint)


def _todo(review: Review) -> Text:
    fix = Code(review.fix) if review.fix else None
    if review.request_url:
        return text(Link("ask for a DOI", review.request_url), "; " if fix else None, fix)
    return text(fix or review.note)
