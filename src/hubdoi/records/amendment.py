"""The correction of a registered record: what was asked for, what it changes, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from .author import Author
from .displayed import Displayed
from .doi import Doi
from .errors import HubdoiError, InvalidMetadata, UnexpectedAnswer
from .mint_request import MintRequest
from .moment import parse_moment, show_moment
from .repo import Repo
from .rights import ACCESS, Access
from .terms import Terms
from .version import Version

AMENDABLE = ("title", "authors", "description", "access")
"""What can be corrected; the DOI, the repository and the revision never change (R11)."""

_KEYS = ("agree", "terms", "doi", *AMENDABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest:
    """What a person wants to correct in the record of `doi`, or of the repository's latest DOI.

    Consent is as in a `MintRequest`: `agree` is exactly True, `terms` the digest of the text that
    was shown, which repeats every new value (R3). `access` is the present gate of the repository,
    which the record is to tell of; a server refuses another one.
    """

    doi: Doi | None = None
    title: str | None = None
    authors: tuple[Author, ...] | None = None
    description: str | None = None
    access: Access | None = None
    agree: bool = False
    terms: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> AmendRequest:
        """The request in the body of a POST.

        Raises:
            InvalidDoi, InvalidAuthor, InvalidMetadata: a part cannot be read, or is not known.
        """
        unknown = sorted(str(key) for key in body if key not in _KEYS)
        if unknown:
            raise InvalidMetadata(
                f"A correction has no {unknown[0][:60]!r}; the keys are {', '.join(_KEYS)}. The DOI, the repository and the revision of a record never change."
            )
        doi = body.get("doi")
        if doi is not None and not isinstance(doi, str):
            raise InvalidMetadata("The doi of a correction is text.")
        access = body.get("access")
        if access is not None and access not in ACCESS:
            raise InvalidMetadata(f"The access of a correction is one of {', '.join(ACCESS)}.")
        # The same limits and the same reading as in a mint.
        asked = MintRequest.from_json({k: body[k] for k in body if k not in ("doi", "access")})
        return cls(
            doi=Doi.parse(doi) if doi else None,
            title=asked.title,
            authors=asked.authors,
            description=asked.description,
            access=access,
            agree=asked.agree,
            terms=asked.terms,
        )

    def to_json(self) -> dict[str, Any]:
        """The body of the POST."""
        values = {
            "doi": self.doi.name if self.doi else None,
            "title": self.title,
            "authors": [author.to_json() for author in self.authors]
            if self.authors is not None
            else None,
            "description": self.description,
            "access": self.access,
            "agree": self.agree or None,
            "terms": self.terms,
        }
        return {name: value for name, value in values.items() if value is not None}

    def agreed(self, terms: Terms) -> AmendRequest:
        """The same request, with the consent to `terms`."""
        return replace(self, agree=True, terms=terms.digest)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One property of a record, as text before and after; a list of authors is one line each."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Amendment(Displayed):
    """What a correction would change, and the text to agree to before it becomes public.

    `notice` is a sentence to read before that, such as that an earlier correction is waiting.
    """

    doi: Doi
    repo: Repo
    changes: tuple[RecordChange, ...]
    terms: Terms
    notice: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Amendment:
        """The preview that a server sent.

        Raises:
            UnexpectedAnswer: a part is missing or cannot be read.
        """
        try:
            repo = data["repo"]
            return cls(
                Doi(data["doi"]),
                Repo(repo["type"], repo["id"]),
                _changes(data["changes"]),
                Terms.from_json(data["terms"]),
                str(data["notice"]) if data.get("notice") else None,
            )
        except UnexpectedAnswer:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, HubdoiError) as error:
            raise _unreadable() from error

    def to_json(self) -> dict[str, Any]:
        return {
            "doi": self.doi.name,
            "repo": {"type": self.repo.type, "id": self.repo.id},
            "changes": {change.name: [change.before, change.after] for change in self.changes},
            "terms": self.terms.to_json(),
            **({"notice": self.notice} if self.notice else {}),
        }


@dataclass(frozen=True, slots=True)
class Activity:
    """One change of a record, in the terms of DataCite's ``/activities``: `number` counts from 1.

    `by` is the user name of who agreed, None for those who may not see it.
    """

    doi: Doi
    number: int
    action: Literal["create", "update"]
    at: datetime
    changes: tuple[RecordChange, ...] = ()
    by: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Activity:
        """Raises UnexpectedAnswer: a part is missing or cannot be read."""
        try:
            action = data["action"]
            if action not in ("create", "update"):
                raise ValueError(action)
            by = data.get("by")
            return cls(
                Doi(data["doi"]),
                int(data["version"]),
                action,
                parse_moment(str(data["at"])),
                _changes(data.get("changes") or {}),
                str(by) if by else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError, HubdoiError) as error:
            raise _unreadable() from error

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "doi": self.doi.name,
            "version": self.number,
            "action": self.action,
            "at": show_moment(self.at),
            "changes": {change.name: [change.before, change.after] for change in self.changes},
        }
        return found | ({"by": self.by} if self.by else {})


@dataclass(frozen=True, slots=True)
class Activities(Displayed):
    """The registration of a DOI and every correction since, oldest first."""

    doi: Doi
    entries: tuple[Activity, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Activity:
        return self.entries[index]

    def to_json(self) -> dict[str, Any]:
        return {"doi": self.doi.name, "activities": [entry.to_json() for entry in self.entries]}


def changes_between(before: Version, after: Version) -> tuple[RecordChange, ...]:
    """What differs between two states of one record, of what can be corrected."""
    texts = [(_texts(before), _texts(after), name) for name in AMENDABLE]
    return tuple(
        RecordChange(name, old[name], new[name])
        for old, new, name in texts
        if old[name] != new[name]
    )


def author_line(author: Author) -> str:
    """An author with everything of them that is public: name, iDs, affiliation."""
    identifiers = [name for name in (author.orcid, author.ror) if name]
    shown = f"{author.name} <{', '.join(identifiers)}>" if identifiers else author.name
    kind = " (organisation)" if author.type == "organization" else ""
    return f"{shown}{kind}" + (f"; {author.affiliation}" if author.affiliation else "")


def _texts(version: Version) -> dict[str, str]:
    return {
        "title": version.title,
        "authors": "\n".join(map(author_line, version.authors)),
        "description": version.description or "",
        "access": "; ".join(one.line for one in version.access),
    }


def _changes(data: Any) -> tuple[RecordChange, ...]:
    pairs: Iterable[tuple[str, Any]] = data.items()
    return tuple(RecordChange(str(name), *_pair(values)) for name, values in pairs)


def _pair(values: Any) -> tuple[str, str]:
    before, after = values
    if not isinstance(before, str) or not isinstance(after, str):
        raise TypeError("a change is two texts")
    return before, after


def _unreadable() -> UnexpectedAnswer:
    return UnexpectedAnswer(
        "The server did not answer as a Hub with a DOI API would; check the endpoint."
    )
