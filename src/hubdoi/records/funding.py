"""Who paid for a work."""

from __future__ import annotations

import re
from dataclasses import dataclass

# DataCite's funderIdentifierType, by what an identifier looks like.
_TYPES = (
    ("ROR", re.compile(r"(?:https?://)?ror\.org/", re.IGNORECASE)),
    ("Crossref Funder ID", re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?10\.13039/", re.IGNORECASE)),
    ("ISNI", re.compile(r"(?:https?://(?:www\.)?isni\.org/|(?:\d{4} ?){3}\d{3}[\dX]$)", re.IGNORECASE)),
    ("GRID", re.compile(r"(?:https?://(?:www\.)?grid\.ac/institutes/)?grid\.", re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Funding:
    """DataCite's `fundingReference`: the funder's name, and the award. What is not known is empty.

    `award` is the number that the funder gave it, `url` its page. `identifier` is the funder's: a
    ROR iD as a URL, or one of an older scheme.
    """

    funder: str
    award: str = ""
    title: str = ""
    url: str = ""
    identifier: str = ""

    @property
    def identifier_type(self) -> str:
        """DataCite's funderIdentifierType; empty without an identifier."""
        if not self.identifier:
            return ""
        return next((name for name, form in _TYPES if form.match(self.identifier)), "Other")

    @property
    def line(self) -> str:
        """``Wellcome Trust, 223300/Z/21/Z: Small models``."""
        named = ", ".join(filter(None, (self.funder, self.award)))
        return f"{named}: {self.title}" if self.title else named
