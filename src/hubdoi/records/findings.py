"""What a look at a setup found: one sentence each, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .displayed import Displayed


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about `subject`; `is_problem` is False for what need not be changed.

    The sentence of a problem ends with the way out. A note is about what works, and lacks something.
    """

    subject: str
    kind: str
    sentence: str
    is_problem: bool = True
    repaired: bool = False
    is_note: bool = False

    @property
    def word(self) -> str:
        """``ok``, ``note``, ``problem`` or ``repaired``."""
        if not self.is_problem:
            return "note" if self.is_note else "ok"
        return "repaired" if self.repaired else "problem"


class Findings(Displayed):
    """All findings; `exit_status` is 1 where a person has to do something."""

    def __init__(self, summary: str, findings: Iterable[Finding]) -> None:
        self.summary = summary
        self.findings = tuple(findings)

    @classmethod
    def of_checks(cls, findings: Iterable[Finding]) -> Findings:
        """The findings of a check that repairs nothing, with their number as the summary."""
        found = tuple(findings)
        problems = sum(one.is_problem for one in found)
        summary = f"{problems} of {len(found)} checks found a problem."
        return cls(summary if problems else "No problems found.", found)

    @property
    def exit_status(self) -> int:
        return int(any(one.is_problem and not one.repaired for one in self.findings))

    def __str__(self) -> str:
        lines = [f"{one.word:<9} {one.subject}: {one.sentence}" for one in self.findings]
        return "\n".join([*lines, self.summary])

    def to_json(self) -> dict[str, Any]:
        return {"summary": self.summary, "findings": [asdict(one) for one in self.findings]}
