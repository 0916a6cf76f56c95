"""What `check` finds: the codes, one finding, the report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from ..provenance.use import Form, place_of
from ..records import Displayed
from .verdict import Review

FindingKind = Literal["finding", "cannot tell", "note"]

CODES = {
    "HD001": "A model or dataset is not pinned to a revision.",
    "HD002": "A model or dataset is not cited.",
    "HD003": "The cited DOI is of another revision than the one that is used.",
    "HD004": "A model or dataset has no DOI.",
    "HD005": "A repository does not exist, or is private.",
    "HD006": "The cited DOI has been replaced by a newer one.",
    "HD007": "A call could not be resolved.",
    "HD008": "A file could not be read.",
    "HD009": "Which DOI a repository has could not be determined.",
    "HD010": "Which revision was loaded is not proven.",
    "HD011": "The present cells of the notebook could not be read.",
}
"""Each code and what it means; a code is never given to anything else."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place, with its code. A `finding` fails the check, a `note` does not.

    `repo` is the repository that it is about, `fix` what to write into the call, `commit` the
    revision in it, where `--fix` can write that.
    """

    kind: FindingKind
    code: str
    text: str
    notebook: str
    cell: int | None = None
    line: int = 1
    execution_count: int | None = None
    repo: str = ""
    call: str = ""
    form: Form = "argument"
    commit: str | None = None

    @property
    def place(self) -> str:
        return place_of(self.notebook, self.cell, self.line, self.execution_count)

    @property
    def fingerprint(self) -> str:
        """The same for the same finding when cells and lines move; a baseline keeps it."""
        parts = (self.code, self.notebook.replace("\\", "/"), self.repo, self.call)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "code": self.code,
            "text": self.text,
            "notebook": self.notebook,
            "cell": self.cell,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True)
class CheckReport(Displayed):
    """What `check` found; `str()` is the report in the format that was asked for.

    `notes` say which file was read, and when it was saved, where that is not plain.
    """

    findings: tuple[Finding, ...] = ()
    reviews: tuple[Review, ...] = ()
    format: str = "text"
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0: every use is cited and pinned; 1: something is not; 2: that could not be determined."""
        kinds = {finding.kind for finding in self.findings}
        if "finding" in kinds:
            return 1
        return 2 if "cannot tell" in kinds else 0

    @property
    def media_type(self) -> str:
        """What `str()` is: a command line prints it as it is."""
        from .reports import MEDIA_TYPES

        return MEDIA_TYPES[self.format]

    def __str__(self) -> str:
        from .reports import write

        return write(self)

    def to_json(self) -> dict[str, Any]:
        return {
            "exit_status": self.exit_status,
            "findings": [finding.to_json() for finding in self.findings],
            "uses": [review.to_json() for review in self.reviews],
        }
