"""How a proposed change of a repository card, and a badge, are shown."""

from __future__ import annotations

from ...bibliography.card import CardProposal
from ...citation.badge import Badge as DoiBadge
from .card import Block, Card, Paragraph, Picture, Preformatted, text
from .describe import cards


@cards.register
def _(proposal: CardProposal) -> tuple[Card, ...]:
    if not proposal.difference:
        return (Card(text(f"The card of {proposal.repo} already contains this citation.")),)
    blocks: tuple[Block, ...] = (
        Preformatted(proposal.difference, "diff", "the change of README.md"),
        Paragraph(text(proposal.warning), "warn"),
        Paragraph(
            text(f"Nothing was sent. To open the pull request: %doi card {proposal.repo} --yes")
        ),
    )
    return (Card(text(f"The citation for the card of {proposal.repo}"), blocks=blocks),)


@cards.register
def _(badge: DoiBadge) -> tuple[Card, ...]:
    blocks: tuple[Block, ...] = (
        Picture(badge.svg, f"DOI {badge.doi}", badge.url),
        Preformatted(badge.markdown, "markdown", "the badge as Markdown"),
        Preformatted(badge.html, "html", "the badge as HTML"),
        Preformatted(badge.svg, "xml", "the badge as SVG"),
    )
    return (Card(text(f"Badge · {badge.doi}"), blocks=blocks),)
