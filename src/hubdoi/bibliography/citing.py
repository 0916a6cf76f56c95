"""The uses of a notebook, reviewed and cited with the help of a client."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..provenance.hub_cache import loaded_revision
from ..provenance.use import Use, Uses
from ..records import Status, Version
from ..records.errors import HubdoiError, RepoNotFound, RevisionNotFound
from .verdict import Review, ReviewTable, is_pinned, review_use

if TYPE_CHECKING:
    from ..citation import Citation
    from ..client import Client


def review(found: Uses, *, client: Client, cache: Path | None = None) -> ReviewTable:
    """The reviewer's table: what is used, what its DOI names, and what to do about it.

    `cache` is the local Hub cache; by default where huggingface_hub has it.
    """
    answers = client.statuses(found.repos) if found.repos else {}
    rows = []
    for use in found:
        status = answers.get(use.repo)
        row = review_use(use, status, loaded=loaded_revision(use.repo, use.revision, cache))
        rows.append(_with_changes(row, status, client))
    return ReviewTable(tuple(rows), found.unclear, found.failures)


def cite_uses(
    found: Uses,
    *,
    client: Client,
    format: str = "bibtex",
    style: str | None = None,
    locale: str | None = None,
    ascii: bool = False,
    classic: bool = False,
    cache: Path | None = None,
) -> Citation:
    """One list of everything that is used, each at the revision that the code names or, where it
    names none, at the one that this machine has loaded.

    A repository that is gone, and a call of which nothing can be told, become notes beside it.

    Raises:
        UnknownFormat, UnknownStyle: what to write is not known.
        ServiceError: the Hub cannot be used now.
    """
    from ..citation import cite

    versions: list[Version] = []
    notes: list[str] = []
    for use in found:
        try:
            one = _cited(use, client, cache)
        except RepoNotFound as error:
            notes.append(f"Not cited: {use.repo}. {error.message}")
            continue
        versions += one.versions
        notes += one.notes
    notes += [f"{unclear.place}: {unclear.call}: {unclear.reason}" for unclear in found.unclear]
    notes += found.failures
    if not versions:
        notes.append("No repository is used, as far as the code tells.")
    return cite(
        versions,
        format,
        style=style,
        locale=locale,
        ascii=ascii,
        classic=classic,
        notes=dict.fromkeys(notes),
    )


def _cited(use: Use, client: Client, cache: Path | None) -> Citation:
    loaded = loaded_revision(use.repo, use.revision, cache)
    revision = loaded or (use.revision if is_pinned(use.revision) else None)
    try:
        return client.cite(use.repo, revision=revision)
    except RevisionNotFound:
        if loaded is None:
            raise
        # the cache of another Hub, or a revision that was since removed
        return client.cite(use.repo, revision=use.revision)


def _with_changes(row: Review, status: Status | Exception | None, client: Client) -> Review:
    """What changed between the DOI and the head, when it is the head that is used."""
    if (
        row.verdict not in ("moved on", "unpinned")
        or not isinstance(status, Status)
        or status.head is None
        or row.revision != status.head
        or row.doi_revision is None
        or status.head.startswith(row.doi_revision)
    ):
        return row
    try:
        return replace(row, changes=client.changes(status, row.doi_revision))
    except HubdoiError:
        return row
