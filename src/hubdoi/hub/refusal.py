"""What an error answer of a Hub means, from its status and its X-Error headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..records import Repo
from ..records.errors import (
    AccessError,
    HubdoiError,
    RepoNotFound,
    RevisionNotFound,
    ServiceRefused,
    SignInRequired,
)

if TYPE_CHECKING:
    from ..net.http import Answer


def refusal(
    answer: Answer, endpoint: str, *, repo: Repo | None, revision: str | None, signed_in: bool
) -> HubdoiError:
    """The error for the `answer` of `endpoint` to a request about `repo`, or about a list."""
    code = answer.headers.get("X-Error-Code", "")
    message = answer.headers.get("X-Error-Message", "")
    status = answer.status
    if code == "RevisionNotFound" and repo:
        return no_revision(repo, revision)
    if status == 401 and "%doi login" in message:
        # An institution's gateway says how to sign in there.
        return SignInRequired(message)
    if status == 401 and (message.startswith("Invalid credentials") or repo is None):
        return SignInRequired(
            f"{endpoint} does not accept your token; create a new one and sign in again with: hf auth login"
        )
    if code == "GatedRepo":
        return AccessError(
            f"{repo} is gated; ask for access on {repo.url(endpoint) if repo else 'its page'}, then sign in."
        )
    if message == "Access to this resource is disabled.":
        return RepoNotFound(f"{repo} has been disabled by {endpoint}; ask its owner.")
    if repo and (status in (401, 404) or code == "RepoNotFound"):
        hint = "" if signed_in else " (signed in, you would see your private ones)"
        return RepoNotFound(
            f"There is no {repo.type} {repo.id} on {endpoint}, or it is private{hint}; check the name."
        )
    if status == 403:
        return AccessError(
            f"{endpoint} does not let you see {repo or 'this'}; check what your token may do."
        )
    return ServiceRefused(
        f"{endpoint} refused the request for {repo or 'a list'} (HTTP {status}); try again later."
    )


def no_revision(repo: Repo, revision: str | None) -> RevisionNotFound:
    """There is no `revision` of `repo`, or no commit at all."""
    if revision is None:
        return RevisionNotFound(f"{repo} has no commit yet; push one first.")
    return RevisionNotFound(f"{repo} has no revision {str(revision)[:60]!r}; check its history.")
