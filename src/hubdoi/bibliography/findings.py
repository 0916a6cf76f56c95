"""What `check` finds: the codes, and one finding."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from ..provenance.use import place_of

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

    `repo` is the repository that it is about, `revision` what the code names of it, `commit` the
    revision to write into the call, where `--fix` can do that.
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
    revision: str | None = None
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
