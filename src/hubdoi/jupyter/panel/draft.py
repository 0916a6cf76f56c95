"""An author as somebody is writing one: it may be wrong for as long as it is not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...citation.known_names import KnownNames
from ...records import Author, AuthorType, check_orcid, check_ror
from ...records.author import MAX_NAME
from ...records.errors import InvalidAuthor

# One more than a name may have, so that what is too long is refused, not cut.
_LONGEST = MAX_NAME + 1


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the fields of one author."""

    name: str = ""
    type: AuthorType = "person"
    orcid: str = ""
    affiliation: str = ""
    ror: str = ""

    @classmethod
    def of(cls, author: Author) -> Draft:
        """The fields for an author that is known; one of no type is a person."""
        kind: AuthorType = "organization" if author.type == "organization" else "person"
        return cls(
            author.name, kind, author.orcid or "", author.affiliation or "", author.ror or ""
        )

    @classmethod
    def from_json(cls, data: object) -> Draft:
        """The fields that a front end sent; what is no text is empty."""
        given: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        kind: AuthorType = "organization" if given.get("type") == "organization" else "person"
        texts = {
            name: value[:_LONGEST]
            for name in ("name", "orcid", "affiliation", "ror")
            if isinstance(value := given.get(name), str)
        }
        return cls(type=kind, **texts)

    def to_json(self) -> dict[str, str]:
        return {
            "name": self.name,
            "type": self.type,
            "orcid": self.orcid,
            "affiliation": self.affiliation,
            "ror": self.ror,
        }

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text in (self.name, self.orcid, self.affiliation, self.ror))

    @property
    def orcid_problem(self) -> str | None:
        """Why the ORCID iD cannot be right, in one sentence; None while there is none."""
        if not self.orcid.strip():
            return None
        if self.type == "organization":
            return "Only a person can have an ORCID iD."
        return _problem(check_orcid, self.orcid)

    @property
    def ror_problem(self) -> str | None:
        return _problem(check_ror, self.ror) if self.ror.strip() else None

    @property
    def problem(self) -> str | None:
        """What is wrong first, in one sentence."""
        if not self.name.strip():
            return "The name is missing."
        return self.orcid_problem or self.ror_problem or _problem(lambda _: self.authors(), "")

    def authors(self) -> tuple[Author, ...]:
        """The author; more than one where `hubdoi.toml` says that the name stands for several.

        Raises:
            InvalidAuthor: a field is missing or wrong, or the name has two readings and nobody
                decided between them.
        """
        more: dict[str, Any] = {
            "orcid": self.orcid.strip() or None,
            "affiliation": self.affiliation.strip() or None,
            "ror": self.ror.strip() or None,
        }
        if self.type == "organization":
            return (Author(self.name, "organization", **more),)
        person = Author.person(self.name, **more)
        try:
            return (person.check_certain(),)
        except InvalidAuthor:
            decided = KnownNames.nearest().corrected((person,))
            if decided == (person,):
                raise
            return decided

    def replace(self, **changes: Any) -> Draft:
        return replace(self, **changes)


def _problem(check: Any, value: str) -> str | None:
    try:
        check(value)
    except InvalidAuthor as error:
        return error.message
    return None
