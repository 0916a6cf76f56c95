"""An author as somebody is writing one: it may be wrong for as long as it is not sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...records import Author, AuthorType, check_orcid, check_ror
from ...records.errors import InvalidAuthor


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the fields of one row of the authors table."""

    name: str = ""
    type: AuthorType = "person"
    orcid: str = ""
    affiliation: str = ""
    ror: str = ""

    @classmethod
    def of(cls, author: Author) -> Draft:
        """The fields for an author that is known; one that nothing is known of is a person."""
        kind: AuthorType = "organization" if author.type == "organization" else "person"
        return cls(
            author.name, kind, author.orcid or "", author.affiliation or "", author.ror or ""
        )

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text in (self.name, self.orcid, self.affiliation, self.ror))

    @property
    def orcid_problem(self) -> str | None:
        """Why the ORCID iD cannot be right, in one sentence; None while there is none."""
        if not self.orcid.strip():
            return None
        if self.type == "organization":
            return "Only a person has an ORCID iD."
        return _problem(check_orcid, self.orcid)

    @property
    def ror_problem(self) -> str | None:
        return _problem(check_ror, self.ror) if self.ror.strip() else None

    @property
    def problem(self) -> str | None:
        """What is to be mended first, in one sentence."""
        if not self.name.strip():
            return "The name is missing."
        return self.orcid_problem or self.ror_problem or _problem(lambda _: self.author(), "")

    def author(self) -> Author:
        """The author.

        Raises:
            InvalidAuthor: a field is missing or wrong.
        """
        more: dict[str, Any] = {
            "orcid": self.orcid.strip() or None,
            "affiliation": self.affiliation.strip() or None,
            "ror": self.ror.strip() or None,
        }
        if self.type == "organization":
            return Author(self.name, "organization", **more)
        return Author.person(self.name, **more)

    def replace(self, **changes: Any) -> Draft:
        return replace(self, **changes)


def _problem(check: Any, value: str) -> str | None:
    try:
        check(value)
    except InvalidAuthor as error:
        return error.message
    return None
