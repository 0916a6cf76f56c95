"""What a DOI would say, before anybody agrees to it."""

from __future__ import annotations

from contextlib import suppress

from ..hub.repositories import HuggingFaceHub
from ..records import MintRequest, Offer, RepoInfo, Status, Terms, Version
from ..records.errors import ServiceError
from .defaults import full_description, full_title


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
    version = Version.from_parts(
        repo=info.repo,
        revision=info.revision,
        title=full_title(request.title, info, status.version),
        authors=request.authors or status.suggested_authors,
        description=full_description(request.description, info, status.version),
        license=info.license,
        license_url=info.license_url,
        rights=info.rights,
        language=info.language,
        related=info.related,
        subjects=info.subjects,
        contributors=info.contributors,
        funding=info.funding,
        formats=info.formats,
        sizes=info.sizes,
        endpoint=status.endpoint,
    )
    return Offer(
        repo=info.repo,
        version=version,
        terms=terms,
        committed=info.revision_date,
        reserved=status.reserved,
    )
