"""A mint with the terms that a person agreed to (R3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..records import MintRequest, Repo, Terms, Version
from ..records.errors import ConsentError, ConsentRequired, InvalidMetadata, TermsChanged
from .announced import announce
from .consent import check_shown, check_unspent, rebound, short

if TYPE_CHECKING:
    from .backends.base import Backend


def mint_key(given: str | None) -> str:
    """The Idempotency-Key of a mint: the one that was given, or a new one.

    Raises:
        InvalidMetadata: the one that was given is blank.
    """
    if given is not None and not given.strip():
        raise InvalidMetadata("An idempotency key is text that is not blank; or leave it out.")
    if given:
        return given
    from uuid import uuid4

    return str(uuid4())


def mint_agreed(
    backend: Backend,
    repo: Repo,
    request: MintRequest,
    terms: Terms,
    *,
    key: str,
    endpoint: str,
    person: int,
    show_again: Callable[[], Terms],
) -> Version:
    """Mint the revision that `terms` were shown for, once.

    `key` is from `mint_key`; `show_again` reads the terms that a person may agree to instead.

    Raises:
        ConsentRequired: the terms were shown for another mint, or are spent; it carries those.
        TermsChanged: the repository has another name or owner since they were shown, or they were
            shown for the latest commit, and that is another one now.
        HubdoiError: as `Backend.mint`.
    """
    try:
        shown = check_shown(terms, repo, request.revision, endpoint=endpoint, person=person)
        check_unspent(shown, key, lambda: backend.registered(shown.repo, shown.revision))
    except ConsentRequired as error:
        raise ConsentRequired(error.message, show_again()) from None
    name, head = backend.present(repo)
    if name != shown.repo:
        # Its URL, and whoever is among the authors for owning it, are others than those shown.
        raise TermsChanged(
            f"{shown.repo} is {name} since the terms were shown; read them again.", show_again()
        )
    if shown.is_latest and head != shown.revision:
        raise TermsChanged(
            f"{repo} has changed since the terms were shown: its latest commit is now "
            f"{short(head)}, and you read them for {short(shown.revision)}; read them again.",
            rebound(terms, revision=head),
        )
    try:
        # The revision that was shown is named, so that no other one can be minted.
        version = backend.mint(repo, replace(request, revision=shown.revision), key=key)
    except ConsentError as error:
        if error.terms:
            error.terms = rebound(error.terms, like=shown)
        raise
    shown.spent = key
    announce(version.repo or repo)
    return version
