"""R4 and R5: what a DOI says where the person who generates it says nothing.

What was entered for the previous DOI is kept for the next: its authors with their iDs and
affiliations, its title, its description.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..records import (
    Author,
    MintRequest,
    Person,
    RepoInfo,
    Version,
    show_moment,
    title_with_revision,
)
from ..records.dated import Dated
from ..records.errors import InvalidAuthor


def version_of(
    info: RepoInfo, request: MintRequest, previous: Version | None, **parts: Any
) -> Version:
    """What a DOI for `info` says (R4), in its offer and in its record alike.

    `parts` are what only one of the two knows: authors, publisher, consent and so on.
    """
    return Version.from_parts(
        repo=info.repo,
        revision=info.revision,
        title=full_title(request.title, info, previous),
        description=full_description(request.description, info, previous),
        license=info.license,
        license_url=info.license_url,
        rights=info.rights,
        language=info.language,
        languages=info.several_languages,
        related=info.related,
        subjects=info.subjects,
        contributors=info.contributors,
        funding=info.funding,
        # DataCite's Created is of the resource; the day on which it got its DOI is Issued.
        dates=[Dated(show_moment(info.revision_date), "Created")] if info.revision_date else (),
        formats=info.formats,
        sizes=info.sizes,
        **parts,
    )


def default_authors(
    info: RepoInfo, person: Person, previous: Version | None = None
) -> tuple[Author, ...]:
    """Those of the previous DOI; else the organisation's full name for its repositories, else the minter's."""
    if previous and previous.authors:
        return previous.authors
    if info.owner_is_organization:
        return (info.owner,)
    try:
        return (Author.person(person.full_name),)
    except InvalidAuthor:
        # As for an organisation: the account's name can always be carried.
        return (Author.person(person.username),)


def full_title(asked: str | None, info: RepoInfo, previous: Version | None = None) -> str:
    """The title that was asked for, else the previous DOI's, else the repository's name; with the revision."""
    bare = title_with_revision(asked or "", None) or (previous.name if previous else "")
    return title_with_revision(bare or info.repo.name, info.revision)


def full_description(
    asked: str | None, info: RepoInfo, previous: Version | None = None
) -> str | None:
    """The description that was asked for, else the previous DOI's, else the card's."""
    if asked is not None:
        return asked
    return (previous.description if previous else None) or info.description


def certain_authors(authors: Iterable[Author] | None) -> tuple[Author, ...] | None:
    """The authors that a person named, each known to be a person or an organisation.

    Raises:
        InvalidAuthor: one can be read in two ways; the message shows both.
    """
    return None if authors is None else tuple(author.check_certain() for author in authors)
