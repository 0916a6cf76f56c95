"""What a person asks for, as the request that a backend takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..citation.known_names import KnownNames
from ..records import Author, Doi, MintRequest, Status
from ..records.amendment import AmendRequest
from ..records.errors import InvalidMetadata
from .defaults import certain_authors

Authors = Iterable[Author | str | Mapping[str, Any]]


def mint_request(authors: Authors | None, **more: Any) -> MintRequest:
    """A request in which every author is known to be a person or an organisation (R5).

    Raises:
        InvalidMetadata, InvalidAuthor: as `_author_bodies`.
    """
    given = {**more, "authors": _author_bodies(authors)}
    return MintRequest.from_json({name: v for name, v in given.items() if v is not None})


def amend_request(doi: Doi | None, *, authors: Authors | None, **more: Any) -> AmendRequest:
    """A correction of the record of `doi`, or of the repository's latest DOI.

    Raises:
        InvalidMetadata, InvalidAuthor: as `_author_bodies`, or nothing is to be corrected.
    """
    given = {**more, "authors": _author_bodies(authors)}
    named = {name: value for name, value in given.items() if value is not None}
    if not named:
        raise InvalidMetadata(
            "Say what to correct: a title, the authors, a description or the access."
        )
    return AmendRequest.from_json(named | ({"doi": doi.name} if doi else {}))


def decided_authors(status: Status) -> tuple[Author, ...] | None:
    """The default authors, where `hubdoi.toml` decides a name among them; else the server has them."""
    decided = KnownNames.nearest().corrected(status.suggested_authors)
    return decided if decided != status.suggested_authors else None


def _author_bodies(authors: Authors | None) -> list[dict[str, Any]] | None:
    """The authors of a request as JSON, under the names that `hubdoi.toml` decides.

    Raises:
        InvalidMetadata: it is one author and not a list.
        InvalidAuthor: one cannot be read, or can be read in two ways (R5).
    """
    if authors is None:
        return None
    if isinstance(authors, str | Mapping | Author):
        raise InvalidMetadata("The authors are a list, even when there is one.")
    named = KnownNames.nearest().corrected(Author.parse(author) for author in authors)
    return [author.to_json() for author in certain_authors(named) or ()]
