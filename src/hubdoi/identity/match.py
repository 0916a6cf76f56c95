"""One answer to a look-up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A person or an organisation: the name as a DOI has it, the bare iD, and what tells it apart.

    That somebody chose it from a list does not prove that it is theirs: only a sign-in at ORCID
    authenticates an iD.
    """

    name: str
    id: str
    note: str = ""

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "id": self.id, "note": self.note}
