"""How a reserved DOI is shown."""

from __future__ import annotations

from ...records.reservation import Reservation
from .card import Badge, Card, Code, Facts, Paragraph, text
from .describe import cards
from .words import moment


@cards.register
def _(reservation: Reservation) -> tuple[Card, ...]:
    if reservation.is_given_up:
        words = f"The DOI {reservation.doi} is no longer reserved for {reservation.repo}; remove it from every text that names it."
        title = text(f"No longer reserved for {reservation.repo}")
        return (Card(title, Badge("Given up"), (Paragraph(text(words)),)),)
    facts = Facts(
        (
            # Not a link: it leads nowhere before the mint.
            ("DOI", text(Code(reservation.doi.name))),
            ("Reserved", text(f"{moment(reservation.at)} by {reservation.by}")),
        )
    )
    blocks = (
        Paragraph(
            text(
                "This DOI does not resolve yet. You can print it in a paper; the next mint of this "
                "repository publishes it, once the repository is public and has files."
            ),
            "warn",
        ),
        facts,
        Paragraph(
            text("Publish it with ", Code(f"%doi mint {reservation.repo}"), "; give it up with ",
                 Code(f"%doi reserve {reservation.repo} --release"), "."),
            "quiet",
        ),
    )  # fmt: skip
    return (
        Card(text(f"Reserved for {reservation.repo}"), Badge("Not yet public", "warn"), blocks),
    )
