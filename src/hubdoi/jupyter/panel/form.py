"""What a person is filling in, as it stands in the front end: it may be wrong until it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...citation.known_names import KnownNames
from ...records import Author, Status, Version, check_distinct, title_with_revision
from ...records.errors import HubdoiError, InvalidAuthor
from ...records.mint_request import MAX_AUTHORS, MAX_DESCRIPTION, MAX_TITLE, check_text
from ...records.version import check_revision
from .draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of the panel.

    `serial` counts how often Python filled them in anew. `by` and `n` name the view that wrote
    last and the number of its edit, so that a view knows its own words when they come back.
    `agreed` is the tick under the terms. An empty `revision` means the latest commit.
    `access` is for a correction alone: the record is to tell of the present gate of the repository.
    """

    serial: int = 0
    by: str = ""
    n: int = 0
    drafts: tuple[Draft, ...] = (Draft(),)
    title: str = ""
    description: str = ""
    revision: str = ""
    access: bool = False
    agreed: bool = False

    @classmethod
    def for_next(cls, status: Status, serial: int) -> Form:
        """What was entered for the DOI before, or what the Hub suggests (R5)."""
        before = status.version
        found = cls.of_record(before, serial) if before else cls(serial=serial)
        # The record of the DOI before is as it was registered; names may have been decided since.
        authors = KnownNames.nearest().corrected(before.authors if before else ())
        drafts = tuple(map(Draft.of, authors or status.suggested_authors)) or (Draft(),)
        return found.replace(drafts=drafts, title=found.title or status.repo.name)

    @classmethod
    def of_record(cls, version: Version, serial: int) -> Form:
        return cls(
            serial=serial,
            drafts=tuple(map(Draft.of, version.authors)) or (Draft(),),
            title=title_with_revision(version.title, None),
            description=version.description or "",
        )

    @classmethod
    def from_json(cls, data: object) -> Form:
        """The form that a front end sent; what is no text is empty, and too much is cut."""
        given: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        authors = given.get("authors")
        listed = authors if isinstance(authors, Sequence) and not isinstance(authors, str) else ()
        return cls(
            serial=_number(given.get("serial")),
            by=_text(given.get("by"), 60),
            n=_number(given.get("n")),
            drafts=tuple(Draft.from_json(one) for one in listed[:MAX_AUTHORS]) or (Draft(),),
            # One character more than is allowed, so that what is too long is refused, not cut.
            title=_text(given.get("title"), MAX_TITLE + 1),
            description=_text(given.get("description"), MAX_DESCRIPTION + 1),
            revision=_text(given.get("revision"), 100).strip(),
            access=given.get("access") is True,
            agreed=given.get("agreed") is True,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "serial": self.serial,
            "by": self.by,
            "n": self.n,
            "authors": [draft.to_json() for draft in self.drafts],
            "title": self.title,
            "description": self.description,
            "revision": self.revision,
            "access": self.access,
            "agreed": self.agreed,
        }

    @property
    def given(self) -> tuple[Draft, ...]:
        """The authors of whom something is written."""
        return tuple(draft for draft in self.drafts if not draft.is_blank)

    def authors(self) -> tuple[Author, ...]:
        """The authors.

        Raises:
            InvalidAuthor: there is none, or one is wrong; the message says which.
        """
        if not self.given:
            raise InvalidAuthor("A DOI has at least one author.")
        found: list[Author] = []
        for number, draft in enumerate(self.drafts, 1):
            if draft.is_blank:
                continue
            if draft.problem:
                raise InvalidAuthor(f"Author {number}: {draft.problem}")
            found += draft.authors()
        return check_distinct(found)

    @property
    def problem(self) -> tuple[str, str] | None:
        """The first field that is wrong, and why in one sentence; the tick is not looked at."""
        for name, check in (
            ("authors", self.authors),
            ("title", self._check_title),
            ("description", self._check_description),
            ("revision", self._check_revision),
        ):
            try:
                check()
            except HubdoiError as error:
                return name, error.message
        return None

    def replace(self, **changes: Any) -> Form:
        return replace(self, **changes)

    def _check_title(self) -> None:
        check_text(self.title, "The title", MAX_TITLE, lines=False)

    def _check_description(self) -> None:
        check_text(self.description, "The description", MAX_DESCRIPTION, lines=True)

    def _check_revision(self) -> None:
        if self.revision:
            check_revision(self.revision)


def _text(value: object, longest: int) -> str:
    return value[:longest] if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
