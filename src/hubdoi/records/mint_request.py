"""What a person asks for when they mint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from .author import Author, check_distinct
from .errors import InvalidAuthor, InvalidMetadata
from .version import check_revision

MAX_AUTHORS = 1000
MAX_TITLE = 1000
MAX_DESCRIPTION = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MintRequest:
    """What a person asks for: that they agree (`agree` is exactly True) to the terms of this digest,
    and what replaces the defaults (R3-R5)."""

    agree: bool = False
    terms: str | None = None
    revision: str | None = None
    authors: tuple[Author, ...] | None = None
    title: str | None = None
    description: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> MintRequest:
        """The request in the body of a POST.

        Raises:
            InvalidAuthor: the authors cannot be read.
            InvalidMetadata: another part cannot be read, or is not known.
            InvalidRevision: the revision is not one.
        """
        known = ("agree", "terms", "revision", "authors", "title", "description")
        unknown = sorted(str(key) for key in body if key not in known)
        if unknown:
            raise InvalidMetadata(
                f"A mint has no {unknown[0][:60]!r}; the keys are {', '.join(known)}."
            )
        for name, limit in (("title", MAX_TITLE), ("description", MAX_DESCRIPTION)):
            check_text(body.get(name), f"The {name}", limit, lines=name == "description")
        for name in ("terms", "revision"):
            if body.get(name) is not None and not isinstance(body[name], str):
                raise InvalidMetadata(f"The {name} of a mint is text.")
        authors = body.get("authors")
        if authors is not None and (isinstance(authors, str) or not isinstance(authors, Sequence)):
            raise InvalidAuthor("The authors are a list, each with a name.")
        if authors is not None and not 1 <= len(authors) <= MAX_AUTHORS:
            raise InvalidAuthor(f"A DOI has 1 to {MAX_AUTHORS:,} authors, not {len(authors):,}.")
        title = " ".join((body.get("title") or "").split())
        return cls(
            # JSON's true and nothing else: a consent is not guessed (R3).
            agree=body.get("agree") is True,
            terms=body.get("terms"),
            revision=check_revision(body["revision"]) if body.get("revision") else None,
            authors=check_distinct(map(Author.parse, authors)) if authors is not None else None,
            title=title or None,
            description=body.get("description"),
        )

    def to_json(self) -> dict[str, Any]:
        """The body of the POST."""
        values = {
            "agree": self.agree,
            "terms": self.terms,
            "revision": self.revision,
            "authors": [author.to_json() for author in self.authors]
            if self.authors is not None
            else None,
            "title": self.title,
            "description": self.description,
        }
        return {name: value for name, value in values.items() if value is not None}


def check_text(value: Any, what: str, limit: int, *, lines: bool = True) -> None:
    """Refuse what cannot be kept and shown as text; None passes. `lines` allows more than one line.

    Raises:
        InvalidMetadata: it is no text, too long, or has characters that are not for reading.
    """
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidMetadata(f"{what} is text, not {type(value).__name__}.")
    if len(value) > limit:
        raise InvalidMetadata(f"{what} has {len(value):,} characters; {limit:,} are allowed.")
    allowed = "\n\r\t" if lines else ""
    if any(category(character) == "Cc" and character not in allowed for character in value):
        raise InvalidMetadata(f"{what} contains control characters; remove them.")
    if any(category(character) == "Cs" for character in value):
        raise InvalidMetadata(f"{what} contains characters that are not Unicode text; remove them.")
