"""Who may mint what (R1, R2), in the same words whoever registers."""

from __future__ import annotations

from ..records import Person, Repo, RepoInfo
from ..records.errors import (
    HubdoiError,
    RepoNotEligible,
    RepoNotFound,
    SignInRequired,
    WriteAccessRequired,
)


def check_signed_in(person: Person | None, repo: Repo) -> Person:
    """`person`, who wants to mint (R2).

    Raises:
        SignInRequired: it is nobody.
    """
    if person is None:
        raise SignInRequired(
            f"Sign in to generate a DOI for {repo}: hf auth login, or set HF_TOKEN."
        )
    return person


def check_write_access(info: RepoInfo) -> None:
    """R2: only who can write can mint.

    Raises:
        WriteAccessRequired: they cannot.
    """
    if not info.can_write:
        raise _write_access(info)


def check_eligible(info: RepoInfo) -> None:
    """R1: a private repository and one with nothing but `.gitattributes` get no DOI.

    Raises:
        RepoNotEligible: it is one of them, and the message says which.
    """
    refusal = _ineligible(info)
    if refusal:
        raise refusal


def check_same_hands(info: RepoInfo, asked: Repo, uid: str) -> None:
    """Let what was asked for `asked` pass while the repository is the same and its owner's (R1, R2, R10).

    Raises:
        RepoNotFound: another repository has its name now.
        WriteAccessRequired: it belongs to somebody else.
    """
    if info.uid != uid:
        raise RepoNotFound(f"{asked} was deleted, and another repository has its name now.")
    if (info.repo.namespace or "").lower() != (asked.namespace or "").lower():
        raise WriteAccessRequired(
            f"{asked} is {info.repo} now: it has changed hands, and requests of its previous owner are void."
        )


def obstacle_of(info: RepoInfo, person: Person | None) -> HubdoiError | None:
    """What a mint by `person` would be refused with, before consent comes into it."""
    refusal = _ineligible(info)
    if refusal:
        return refusal
    if person is None:
        return SignInRequired("Sign in to generate a DOI: hf auth login, or set HF_TOKEN.")
    if not info.can_write:
        return _write_access(info)
    return None


def _ineligible(info: RepoInfo) -> RepoNotEligible | None:
    if info.private:
        return RepoNotEligible(
            f"{info.repo} is private; make it public first, because a DOI must resolve for everybody.",
            "private",
        )
    if info.head is None or info.is_empty:
        return RepoNotEligible(
            f"{info.repo} has no files yet; upload something first, because a DOI identifies content.",
            "empty",
        )
    return None


def _write_access(info: RepoInfo) -> WriteAccessRequired:
    owner = info.repo.namespace or "the Hub"
    return WriteAccessRequired(
        f"Only a person with write access to {info.repo} can generate its DOI; ask its owner, {owner}."
    )
