"""What a look at a gateway found: one sentence each, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about `subject`; `is_problem` is False for what is as it should be."""

    subject: str
    kind: str
    sentence: str
    is_problem: bool = True
    repaired: bool = False


class Findings:
    """All findings; `exit_status` is 1 where a person has to do something."""

    def __init__(self, summary: str, findings: Iterable[Finding]) -> None:
        self.summary = summary
        self.findings = tuple(findings)

    @property
    def exit_status(self) -> int:
        return int(any(one.is_problem and not one.repaired for one in self.findings))

    def __str__(self) -> str:
        words = {(True, True): "repaired", (True, False): "problem", (False, False): "ok"}
        lines = [
            f"{words[one.is_problem, one.repaired]:<9} {one.subject}: {one.sentence}"
            for one in self.findings
        ]
        return "\n".join([*lines, self.summary])

    def to_json(self) -> dict[str, Any]:
        return {"summary": self.summary, "findings": [asdict(one) for one in self.findings]}
