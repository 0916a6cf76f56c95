"""What is true of a repository's DOI now: the one place that decides it, for every backend."""

from __future__ import annotations

from collections.abc import Sequence

from ..records import Doi, Person, RepoInfo, RepoState, Status, Terms, Version
from ..records.errors import HubdoiError, already_registered
from .defaults import default_authors
from .rules import obstacle_of


def version_of_head(versions: Sequence[Version], head: str | None) -> Version | None:
    """The version that names the latest commit, `versions` being newest first.

    It need not be the newest: the latest commit may have returned to a revision that an older DOI
    names, or the newest DOI may name a revision of another branch.
    """
    if head is not None:
        named = next((version for version in versions if version.is_of_revision(head)), None)
        if named is not None:
            return named
    newest = versions[0] if versions else None
    # A DOI without a record was generated just now, and a Hub generates DOIs for the latest commit.
    return newest if newest and newest.revision is None and newest.created is None else None


def state_of(versions: Sequence[Version], head: str | None) -> RepoState:
    """Whether a repository with these versions and this latest commit has a DOI, and for it (R7)."""
    if not versions:
        return "unregistered"
    return "current" if version_of_head(versions, head) else "behind"


def status_of(
    info: RepoInfo,
    versions: Sequence[Version],
    *,
    endpoint: str,
    person: Person | None,
    terms: Terms | None,
    refusal: HubdoiError | None = None,
    has_doi_api: bool = True,
    reserved: Doi | None = None,
    mint_locks: bool = True,
) -> Status:
    """The status of `info` for `person`, who sees it so; `versions` are newest first.

    `refusal` is what a mint would be refused with, where the backend knows that already;
    `reserved` is the DOI that the next mint publishes, for those who can write; `mint_locks` says
    whether the Hub locks the repository for it.
    """
    named = version_of_head(versions, info.head)
    obstacle = refusal or obstacle_of(info, person)
    if obstacle is None and named and named.doi:
        obstacle = already_registered(named.doi, named.revision or info.head or "", named)
    return Status(
        repo=info.repo,
        state=state_of(versions, info.head),
        head=info.head,
        endpoint=endpoint,
        versions=visible(versions, info),
        locked=any(version.doi and version.doi.is_from_hub for version in versions),
        can_mint=obstacle is None,
        obstacle=obstacle.message if obstacle else None,
        obstacle_code=type(obstacle).__name__ if obstacle else None,
        terms=terms,
        suggested_authors=default_authors(info, person, versions[0] if versions else None)
        if person and info.can_write
        else (),
        has_doi_api=has_doi_api,
        reserved=reserved,
        mint_locks=mint_locks,
    )


def visible(versions: Sequence[Version], info: RepoInfo) -> tuple[Version, ...]:
    """Who consented is for those who can write; everybody else sees the versions without it."""
    if info.can_write:
        return tuple(versions)
    return tuple(version.replace(consent=None) for version in versions)
