"""A version or an intent, as the ledger has it."""

from __future__ import annotations

from dataclasses import dataclass

from ..records import Doi, Version


@dataclass(frozen=True, slots=True)
class Entry:
    """A version as the ledger has it: `step` is ``intended``, ``registered`` or ``linked``."""

    id: int
    uid: str
    version: Version
    step: str
    repository_id: int = 0

    @property
    def neighbours(self) -> tuple[Doi, ...]:
        """The DOIs before and after it (R7)."""
        return tuple(doi for doi in (self.version.previous, self.version.next) if doi)
