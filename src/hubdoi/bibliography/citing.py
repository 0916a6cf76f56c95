"""The uses of a notebook, reviewed and cited with the help of a client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..provenance.hub_cache import cached_revision
from ..provenance.use import Use, Uses
from ..records import Status, Version
from ..records.errors import HubdoiError, RepoNotFound, RevisionNotFound
from .verdict import Review, ReviewTable, each_commit, is_pinned, not_proven, review_use

if TYPE_CHECKING:
    from ..citation import Citation
    from ..client import Client


def review(found: Uses, *, client: Client, cache: Path | None = None) -> ReviewTable:
    """The reviewer's table: what is used, what its DOI names, and what to do about it.

    `cache` is the local Hub cache; by default where huggingface_hub has it.
    """
    answers = client.statuses(found.repos) if found.repos else {}
    rows = []
    for use in (one for several in found for one in each_commit(several)):
        status = answers.get(use.repo)
        row = review_use(use, status, cached=cached_revision(use.repo, use.revision, cache))
        rows.append(_with_changes(row, status, client))
    return ReviewTable(tuple(rows), found.unclear, found.failures, found.notes)


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
    """One list of everything that is used, each at the revision that was recorded while it was
    loaded or, where nothing was recorded, at the one that the code names (R13).

    Notes beside it say what is not proven, which repositories have changed since their DOI, which
    are gone, and which calls could not be resolved.

    Raises:
        UnknownFormat, UnknownStyle: what to write is not known.
        ServiceError: the Hub cannot be used now.
    """
    from ..citation import cite

    versions: list[Version] = []
    notes: list[str] = []
    for use in (one for several in found for one in each_commit(several)):
        try:
            one = cite_use(use, client, cache)
        except RepoNotFound as error:
            notes.append(f"Not cited: {use.repo}. {error.message}")
            continue
        versions += one.versions
        notes += one.notes
    notes += [f"{unclear.place}: {unclear.call}: {unclear.reason}" for unclear in found.unclear]
    notes += [*found.failures, *found.notes]
    if not versions:
        notes.append("The code does not use any repository.")
    return cite(
        versions,
        format,
        style=style,
        locale=locale,
        ascii=ascii,
        classic=classic,
        notes=dict.fromkeys(notes),
    )


def proven_revision(use: Use) -> str | None:
    """The revision that was recorded, else the one that the code pins; None without proof (R13)."""
    if use.recorded:
        return use.recorded[-1]
    return use.revision if is_pinned(use.revision) else None


def cite_use(use: Use, client: Client, cache: Path | None = None) -> Citation:
    """The citation of one use at its proven revision, with the sentences that belong beside it.

    Raises:
        RepoNotFound: the Hub has no such repository, or not for these credentials.
        RevisionNotFound: the code pins a revision that the Hub does not have.
        ServiceError: the Hub cannot be used now.
    """
    proven = proven_revision(use)
    if proven is None:
        one = client.cite(use.repo)
        versions = tuple(v if v.doi else _of_no_revision(v) for v in one.versions)
        notes = (*one.notes, *_unproven(use, client, cache))
        return replace(one, versions=versions, notes=notes)
    try:
        return client.cite(use.repo, revision=proven)
    except RevisionNotFound:
        if not use.recorded:
            raise
    # another Hub's revision, or one that was since removed
    one = client.cite(use.repo)
    note = (
        f"{use.repo} was loaded at revision {proven[:7]}, which {client.endpoint} does not have; "
        "the citation is of the latest DOI."
    )
    return replace(one, notes=(*one.notes, note))


def _of_no_revision(version: Version) -> Version:
    """A repository without a DOI, cited by its URL alone."""
    return Version.from_parts(
        repo=version.repo,
        authors=version.authors,
        description=version.description,
        license=version.license,
        license_url=version.license_url,
        rights=version.rights,
        endpoint=version.endpoint,
    )


def _unproven(use: Use, client: Client, cache: Path | None) -> Iterator[str]:
    """What has to be said beside a citation whose revision is neither recorded nor pinned."""
    status = client.status(use.repo)
    cached = cached_revision(use.repo, use.revision, cache)
    hint = (
        f" The cache has {cached[:7]}, which does not prove that it was loaded." if cached else ""
    )
    if len(status.versions) > 1:
        yield not_proven(status) + hint
    elif status.versions:
        named = (status.revision or "not known")[:7]
        yield (
            f"Which revision of {use.repo} was loaded is not proven; "
            f"the DOI is of revision {named}.{hint}"
        )


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
