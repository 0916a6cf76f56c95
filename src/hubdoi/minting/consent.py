"""R3: an agreement is to terms that were shown, by who saw them, for one DOI of one revision.

`check_consent` is the part of whoever registers: it compares the digest that came with a request
with the terms that count now. The rest is the client's part: the terms that it hands out remember
for which repository and revision, and to whom they were shown, and they are spent by one mint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..records import Showing, Terms
from ..records.errors import ConsentRequired, TermsChanged, already_registered

if TYPE_CHECKING:
    from ..hub.repositories import HuggingFaceHub
    from ..records import MintRequest, Repo, Status, Version
    from ..records.amendment import AmendRequest


def check_consent(
    request: MintRequest | AmendRequest,
    terms: Terms,
    *,
    missing: str = "Nothing is generated without consent: read the terms and agree to them.",
    changed: str = "The terms have changed since they were shown; read them again before you agree.",
) -> None:
    """Let a request pass that agrees to exactly these terms.

    Raises:
        ConsentRequired, TermsChanged: it does not; both carry the terms. The sentences are
            `missing` and `changed`.
    """
    if not request.agree or not request.terms:
        raise ConsentRequired(missing, terms)
    if request.terms != terms.digest:
        raise TermsChanged(changed, terms)


def shown_for(status: Status, *, asked: Repo, person: int) -> Terms | None:
    """The terms of `status`, as they are shown to `person` for its latest commit."""
    if status.terms is None:
        return None
    return replace(
        status.terms,
        shown=Showing(
            endpoint=status.endpoint,
            repo=status.repo,
            asked=asked,
            revision=status.head,
            is_latest=True,
            person=person,
        ),
    )


def rebound(
    terms: Terms,
    *,
    like: Showing | None = None,
    revision: str | None = None,
    is_latest: bool | None = None,
) -> Terms:
    """`terms` as they are shown once more: for the same DOI as before, or for another revision."""
    before = like or terms.shown
    if before is None:
        raise ValueError("terms that were not shown by a client")
    shown = replace(
        before,
        revision=revision or before.revision,
        is_latest=before.is_latest if is_latest is None else is_latest,
        spent=None,
    )
    return replace(terms, shown=shown)


def terms_for(status: Status, hub: HuggingFaceHub, revision: str | None) -> Terms:
    """The terms of `status`, as they are shown for its latest commit or for `revision`.

    Raises:
        ConsentRequired: there are none, because the settings page shows them.
        RevisionNotFound, ServiceError: as `HuggingFaceHub.info`.
    """
    if status.terms is None:
        raise ConsentRequired(
            status.obstacle
            or f"There are no terms to agree to for {status.repo}; its DOI is generated on {status.settings_url}."
        )
    if revision is None:
        return status.terms
    full = hub.info(status.repo, None, revision).revision
    return rebound(status.terms, revision=full, is_latest=False)


def shown_at(terms: Terms, revision: str | None) -> Terms:
    """`terms` for a page that showed them beside `revision`, which a person chose there."""
    if terms.shown is None or revision in (None, terms.shown.revision):
        return terms
    return rebound(terms, revision=revision, is_latest=False)


def check_unspent(shown: Showing, key: str, find: Callable[[], Version | None]) -> None:
    """Let terms pass that no mint has used up, or only the mint with the same `key` (R12).

    `find` looks for the DOI of the revision.

    Raises:
        AlreadyRegistered: the DOI that they were used for is there (R8).
        ConsentRequired: it is not, and they are spent all the same.
    """
    if shown.spent in (None, key):
        return
    found = find()
    if found and found.doi:
        raise already_registered(found.doi, shown.revision or "", found)
    raise ConsentRequired(
        f"This agreement was for one DOI of {shown.repo}, which was generated; read the terms again for another."
    )


def check_shown(
    terms: Terms, repo: Repo, revision: str | None, *, endpoint: str, person: int
) -> Showing:
    """How `terms` were shown, when that was for this mint.

    `revision` is the one that the mint names, if it names one.

    Raises:
        ConsentRequired: they were shown for another DOI, to somebody else, or by nobody.
    """
    shown = terms.shown
    if shown is None or (shown.endpoint, shown.person) != (endpoint, person):
        raise ConsentRequired(
            f"These terms were not shown for {repo}; read client.terms({str(repo)!r}) and pass that."
        )
    if not shown.is_for(repo, revision or shown.revision):
        of = f"{shown.repo} at revision {short(shown.revision)}"
        wanted = f"{repo} at revision {revision[:7]}" if revision else str(repo)
        raise ConsentRequired(
            f"These terms were shown for {of}, and an agreement is for that alone; "
            f"read the terms for {wanted}."
        )
    return shown


def short(revision: str | None) -> str:
    """`revision` as a message names it."""
    return revision[:7] if revision else "none"
