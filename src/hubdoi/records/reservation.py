"""A DOI that was reserved for a repository before its release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .displayed import Displayed
from .doi import Doi
from .errors import HubdoiError, UnexpectedAnswer
from .moment import parse_moment, show_moment
from .repo import Repo


@dataclass(frozen=True, slots=True)
class Reservation(Displayed):
    """A DOI that resolves nowhere yet: the next mint of `repo` publishes it.

    `by` is the user name of who reserved it, `at` when (UTC), `endpoint` the Hub. One that
    `is_given_up` is published by nothing.
    """

    doi: Doi
    repo: Repo
    by: str
    at: datetime
    endpoint: str | None = None
    is_given_up: bool = False

    @property
    def given_up(self) -> Reservation:
        return replace(self, is_given_up=True)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], endpoint: str | None = None) -> Reservation:
        """Raises UnexpectedAnswer: a part is missing or cannot be read."""
        try:
            repo = data["repo"]
            return cls(
                Doi(data["doi"]),
                Repo(repo["type"], repo["id"]),
                str(data["by"]),
                parse_moment(str(data["at"])),
                endpoint,
            )
        except (AttributeError, KeyError, TypeError, ValueError, HubdoiError) as error:
            raise UnexpectedAnswer(
                "The server did not answer as a Hub with a DOI API would; check the endpoint."
            ) from error

    def to_json(self) -> dict[str, Any]:
        return {
            "doi": self.doi.name,
            "repo": {"type": self.repo.type, "id": self.repo.id},
            "by": self.by,
            "at": show_moment(self.at),
        }
