"""What a DOI would say, before anybody agrees to it."""

from __future__ import annotations

from contextlib import suppress

from ..hub.repositories import HuggingFaceHub
from ..records import MintRequest, Offer, RepoInfo, Status, Terms
from ..records.errors import ServiceError
from .defaults import version_of


def offer(hub: HuggingFaceHub, status: Status, terms: Terms, request: MintRequest) -> Offer:
    """The metadata that a mint with this request would register, by the same defaults (R4, R5).

    What the Hub does not tell, because it cannot be used now, is left out.

    Raises:
        RepoError: the Hub does not have the repository, or the revision.
    """
    info = RepoInfo(
        repo=status.repo, uid="", head=status.head, revision=request.revision or status.head
    )
    with suppress(ServiceError):
        info = hub.info(status.repo, None, info.revision)
        info = hub.described(info)
    version = version_of(
        info,
        request,
        status.version,
        authors=request.authors or status.suggested_authors,
        endpoint=status.endpoint,
    )
    return Offer(
        repo=info.repo,
        version=version,
        terms=terms,
        committed=info.revision_date,
        reserved=status.reserved,
    )
