"""Who took part in a work without being one of its authors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .author import Author

CONTRIBUTOR_TYPES = (
    "ContactPerson DataCollector DataCurator DataManager Distributor Editor HostingInstitution "
    "Producer ProjectLeader ProjectManager ProjectMember RegistrationAgency RegistrationAuthority "
    "RelatedPerson Researcher ResearchGroup RightsHolder Sponsor Supervisor Translator "
    "WorkPackageLeader Other"
).split()
"""contributorType of DataCite's metadata schema 4.7."""

_BY_WORD = {name.lower(): name for name in CONTRIBUTOR_TYPES}


def contributor_type(word: str) -> str | None:
    """The contributorType that `word` means: ``data curator`` is ``DataCurator``; None for no such."""
    return _BY_WORD.get(re.sub(r"[\s_-]+", "", word).lower())


@dataclass(frozen=True, slots=True)
class Contributor:
    """A person or an organisation, and what they did: one of `CONTRIBUTOR_TYPES`.

    A `type` that DataCite does not have becomes ``Other``.
    """

    author: Author
    type: str = "Other"

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", contributor_type(self.type) or "Other")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contributor:
        """The contributor that `to_json` wrote.

        Raises:
            InvalidAuthor: the person or organisation cannot be read.
        """
        return cls(Author.from_json(data["author"]), str(data["type"]))

    def to_json(self) -> dict[str, Any]:
        return {"author": self.author.to_json(), "type": self.type}

    @property
    def line(self) -> str:
        """``Hopper, Grace (data curator)``; nothing in brackets for ``Other``."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.type).lower()
        return self.author.name if self.type == "Other" else f"{self.author.name} ({words})"
