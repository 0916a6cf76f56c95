"""The version of a repository that a citation names, whether it has a DOI or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from ..hub.repositories import HuggingFaceHub
from ..records import Status, Version
from ..records.errors import RepoNotFound, ServiceError
from .choice import choose


def version_of(
    status: Status, hub: HuggingFaceHub, revision: str | None, home: Callable[[], str]
) -> tuple[Version, Sequence[str]]:
    """The version of `revision`, else the newest one, and what the reader has to know about it.

    Without a DOI it is cited by its URL at `home`, which is asked only then: behind an
    institution's gateway that is another server than the one that answers here.

    Raises:
        RepoError, ServiceError: as `HuggingFaceHub.info`.
        InvalidRevision: `revision` is not a commit id or the beginning of one.
    """
    if not status.versions:
        return _without_doi(status, hub, revision, home()), (
            f"{status.repo} has no DOI; this cites its URL.",
            *_reserved(status),
        )
    if revision is None:
        version, notes = choose(status.versions)
        return version, (*notes, *_changed_since(status, version))
    if found := status.version_of(revision):
        return choose(status.versions, found.revision)
    info = hub.info(status.repo, None, revision)
    if found := status.version_of(info.revision or revision):
        return choose(status.versions, found.revision)
    return choose(status.versions, info.revision, hub.revisions(status.repo))


def _without_doi(status: Status, hub: HuggingFaceHub, revision: str | None, home: str) -> Version:
    info = hub.info(status.repo, None, revision)
    with suppress(RepoNotFound, ServiceError):
        hub.owner(info.repo.namespace or "")
    with suppress(RepoNotFound, ServiceError):
        info = hub.dated(info)
    info = hub.seen_by(info, None)
    return Version.from_parts(
        repo=info.repo,
        revision=info.revision,
        authors=[info.owner],
        created=info.revision_date,
        description=info.description,
        license=info.license,
        license_url=info.license_url,
        rights=info.rights,
        endpoint=home,
    )


def _reserved(status: Status) -> Iterator[str]:
    if status.reserved:
        yield f"{status.reserved} is reserved for it, and does not resolve before a mint."


def _changed_since(status: Status, version: Version) -> Iterator[str]:
    """That the DOI which is cited is not of the latest commit."""
    if status.state == "behind" and version.revision:
        yield (
            f"{status.repo} has changed since its latest DOI, which is of revision "
            f"{version.revision[:7]}. If you used a later revision, cite that one."
        )
