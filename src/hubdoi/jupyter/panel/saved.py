"""The panel as it reads where nothing runs: a complete card of its last state."""

from __future__ import annotations

from ...records import History
from ..display import commonmark, hypertext, terminal
from ..display.card import Block, Card, Facts, Paragraph, Preformatted, Quote, Text, text
from ..display.status import change_blocks, lock_sentence, state_sentence
from ..display.version import history_notes, history_table
from ..display.words import STATE, author, doi, moment, repo_link, revision
from .state import PanelState

_ASKS = "Name a repository to see its DOI, to generate one or to cite it."


def saved(state: PanelState) -> dict[str, str]:
    """The last state as text/plain, text/markdown and text/html."""
    described = cards(state)
    return {
        "text/plain": terminal.write(described),
        "text/markdown": commonmark.write(described),
        "text/html": hypertext.write(described),
    }


def cards(state: PanelState) -> tuple[Card, ...]:
    """The last state as cards; the first says how to go on."""
    status = state.status
    blocks: list[Block] = []
    if state.notice:
        blocks.append(Paragraph(text(state.notice.text), state.notice.tone))
    if status is None:
        if not state.notice:
            blocks.append(Paragraph(text(_ASKS if not state.repo else f"{state.repo}: loading.")))
        blocks.append(_again())
        return (Card(text(state.repo or "DOI of a repository"), blocks=tuple(blocks)),)
    blocks.insert(0, Paragraph(text(state_sentence(status))))
    version = status.version
    facts: list[tuple[str, Text]] = []
    if version and version.doi:
        at = revision(version.revision, status.repo, status.endpoint)
        registered = f" (registered {moment(version.created)})" if version.created else None
        facts.append(("DOI", doi(version.doi, version.endpoint or status.endpoint)))
        facts.append(("Revision", text(at, registered)))
    if status.head and status.state != "current":
        facts.append(("Latest commit", revision(status.head, status.repo, status.endpoint)))
    facts.append(("Lock", text(lock_sentence(status))))
    blocks.append(Facts(tuple(facts)))
    if state.changes:
        blocks += change_blocks(state.changes)
    if state.shows_form:
        blocks += _form(state)
    blocks.append(_again())
    found = [
        Card(text(repo_link(status.repo, status.endpoint)), STATE[status.state], tuple(blocks))
    ]
    if state.cited and version:
        found.append(
            Card(
                text("Citation"),
                blocks=(
                    Paragraph(text(state.cited.texts.get("text", ""))),
                    Preformatted(
                        state.cited.texts.get("bibtex", ""), "bibtex", "the citation as BibTeX"
                    ),
                ),
            )
        )
    if status.versions:
        history: list[Block] = [history_table(History(status.repo, status.versions))]
        history += [
            Paragraph(text(note), "quiet") for one in status.versions for note in history_notes(one)
        ]
        found.append(Card(text("History"), blocks=tuple(history)))
    return tuple(found)


def _form(state: PanelState) -> list[Block]:
    """What would be registered; the tick is a person's, and is not kept."""
    facts: list[tuple[str, Text]] = []
    if state.shows_authors:
        given = [draft for draft in state.form.given if not draft.problem]
        named = [one for draft in given for one in draft.authors()]
        for number, one in enumerate(named, 1):
            facts.append((f"Author {number}", author(one)))
        facts.append(("Title", text(state.form.title)))
    terms = state.terms.text if state.terms else ""
    return [
        Paragraph(text("No new DOI has been generated yet.")),
        *([Facts(tuple(facts))] if facts else []),
        Quote(terms),
    ]


def _again() -> Paragraph:
    return Paragraph(
        text("This is the panel's last state. Run this cell again to continue."), "quiet"
    )
