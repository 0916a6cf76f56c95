"""How a repository's state and what changed since its DOI are shown."""

from __future__ import annotations

from typing import Any

from ...records import Changes, FileChange, Repo, Status, Statuses
from ...records.errors import HubdoiError
from .card import Badge, Block, Card, Code, Facts, Link, Paragraph, Table, Text, text
from .describe import cards
from .words import (
    LOCK,
    NEVER_LOCKED,
    PROMISE,
    STATE,
    UNLOCKED,
    doi,
    moment,
    repo_link,
    revision,
    size,
)

GROUPS = {
    "card": "Card",
    "weights": "Weights",
    "data": "Data",
    "code": "Code",
    "other": "Other",
}
_FILES_SHOWN = 20


@cards.register
def _(status: Status) -> tuple[Card, ...]:
    blocks: list[Block] = [Paragraph(text(state_sentence(status)))]
    facts: list[tuple[str, Text]] = []
    version = status.version
    if version and version.doi:
        endpoint = version.endpoint or status.endpoint
        facts.append(("DOI", doi(version.doi, endpoint)))
        registered = f" (registered {moment(version.created)})" if version.created else None
        facts.append(
            ("Revision", text(revision(version.revision, status.repo, status.endpoint), registered))
        )
    if status.head and status.state != "current":
        facts.append(("Latest commit", revision(status.head, status.repo, status.endpoint)))
    if status.reserved:
        facts.append(
            ("Reserved", text(Code(status.reserved.name), " (the next mint publishes it)"))
        )
    facts.append(("Lock", text(lock_sentence(status))))
    blocks.append(Facts(tuple(facts)))
    if status.changes:
        blocks += change_blocks(status.changes)
    if status.obstacle and status.state != "current":
        blocks.append(Paragraph(text(status.obstacle), "warn"))
    if status.notice:
        blocks.append(Paragraph(text(status.notice), "warn"))
    elif not status.has_doi_api and status.state != "current":
        link = Link("the settings page", status.settings_url, spelled=True)
        blocks.append(Paragraph(text("A person generates the DOI on ", link, ".")))
    if status.waiting:
        ways: list[Any] = ["To take the request back: ", Code(f"%doi withdraw {status.repo}")]
        if len(status.waiting) > 1:
            ways = [f"{len(status.waiting)} requests are waiting. To take one back:"]
            ways += [
                part
                for kind in status.waiting
                for part in (" ", Code(f"%doi withdraw {status.repo} {kind}"), ",")
            ][:-1]
        blocks.append(Paragraph(text(*ways), "quiet"))
    title = text(repo_link(status.repo, status.endpoint))
    return (Card(title, STATE[status.state], tuple(blocks)),)


@cards.register
def _(statuses: Statuses) -> tuple[Card, ...]:
    rows = tuple(_row(repo, status) for repo, status in statuses.rows.items())
    if not rows:
        return (Card(text("Repositories"), blocks=(Paragraph(text("No repositories found.")),)),)
    header = ("Repository", "State", "DOI", "Revision", "Latest commit")
    blocks: list[Block] = [Table(header, rows, sortable=True)]
    blocks += [
        Paragraph(text(f"{repo}: {_failure(status)}"), "bad")
        for repo, status in statuses.rows.items()
        if not isinstance(status, Status)
    ]
    return (Card(text("Repositories"), blocks=tuple(blocks)),)


@cards.register
def _(changes: Changes) -> tuple[Card, ...]:
    title = text(f"What changed in {changes.repo}")
    return (Card(title, blocks=change_blocks(changes)),)


def state_sentence(status: Status) -> str:
    if status.state == "current":
        return "The latest DOI matches the current revision."
    if status.state == "behind":
        of_doi = f" (revision {status.revision[:7]})" if status.revision else ""
        return f"The repository has changed since its latest DOI{of_doi}."
    if status.head is None:
        return "This repository has no commit yet, so it has no DOI."
    return "This repository has no DOI yet."


def lock_sentence(status: Status) -> str:
    if status.locked:
        return LOCK
    if status.doi:
        return PROMISE
    return UNLOCKED if status.mint_locks else NEVER_LOCKED


def change_sentence(changes: Changes) -> str:
    """What changed in one sentence, which does not push a new DOI when only the card did."""
    if not changes.files:
        return "The files are the same as when the DOI was registered."
    if changes.only_card:
        return (
            "Only the repository card changed: the files that people use are the same, "
            "so a new DOI is rarely needed."
        )
    count = len(changes.files)
    named = " and ".join(
        part
        for part in (
            ", ".join(_named(group) for group in list(changes.groups)[:-1]),
            _named(list(changes.groups)[-1]),
        )
        if part
    )
    files = "1 file" if count == 1 else f"{count:,} files"
    return f"{files} changed since the DOI's revision: {named}."


def change_blocks(changes: Changes) -> tuple[Block, ...]:
    """The sentence, the two revisions and the files by group."""
    blocks: list[Block] = [Paragraph(text(change_sentence(changes)))]
    span = text(Code(changes.base[:7]), " to ", Code(changes.head[:7]))
    if changes.base != changes.head:
        blocks.append(Paragraph(text("From ", span, "."), "quiet"))
    rows: list[tuple[Text, ...]] = []
    for group, files in changes.groups.items():
        rows += [_file_row(GROUPS[group], file) for file in files[:_FILES_SHOWN]]
        more = len(files) - _FILES_SHOWN
        if more > 0:
            rows.append((text(GROUPS[group]), text(f"and {more:,} more"), (), ()))
    if rows:
        header = ("Group", "File", "Change", "Size")
        blocks.append(Table(header, tuple(rows), right=frozenset({3})))
    return tuple(blocks)


def _named(group: str) -> str:
    return {"card": "the card", "other": "other files"}.get(group, f"the {group}")


def _file_row(group: str, file: FileChange) -> tuple[Text, ...]:
    return text(group), text(Code(file.path)), text(file.kind), text(file_size(file))


def file_size(file: FileChange) -> str:
    if file.size_before is None or file.size_after is None:
        known = file.size_after if file.size_before is None else file.size_before
        return size(known or 0)
    before, after = size(file.size_before), size(file.size_after)
    return after if before == after else f"{before} → {after}"


def _failure(error: Exception) -> str:
    return error.message if isinstance(error, HubdoiError) else "Could not load the status."


def _row(repo: Repo | str, status: Status | Exception) -> tuple[Text, ...]:
    if not isinstance(status, Status):
        return text(str(repo)), text(Badge("Error", "bad")), text("–"), text("–"), text("–")
    version = status.version
    named = text("–")
    if version and version.doi:
        named = doi(version.doi, version.endpoint or status.endpoint)[:1]
    return (
        text(repo_link(status.repo, status.endpoint)),
        text(STATE[status.state]),
        named,
        revision(status.revision, status.repo, status.endpoint) if status.revision else text("–"),
        revision(status.head, status.repo, status.endpoint) if status.head else text("–"),
    )
