"""A repository that a notebook loads, and the place that loads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..records import Displayed, Repo, RepoType

# How a call names what it loads, and so how it is pinned: an argument, an `hf://` path, the URL of
# a file, an option of a command, a clone.
Form: TypeAlias = Literal["argument", "path", "url", "option", "clone"]


@dataclass(frozen=True, slots=True)
class Use:
    """One repository at one revision, where a notebook first loads it.

    `revision` is what the code names (a commit id, a branch or a tag), or None. `cell` is the
    index of the cell, counted from 0 in the file's list of cells, Markdown cells included; None in
    a script without cells. `line` counts from 1: in a notebook within the cell, in a text file
    (script, MyST, Quarto) within the file, as editors do. `call` is the call as written, without
    its arguments. `notebook` is the path as it was given, or None for a notebook in memory.
    `execution_count` is the number that Jupyter shows beside the cell, where it was run. `recorded`
    are the commits that a recorder saw while they were loaded; a use without a call was recorded
    only, and is not seen in the code. `form` is how the call names the repository.
    """

    repo_type: RepoType
    repo_id: str
    revision: str | None = None
    cell: int | None = None
    line: int = 1
    call: str = ""
    notebook: str | None = None
    execution_count: int | None = None
    recorded: tuple[str, ...] = ()
    form: Form = "argument"

    @property
    def repo(self) -> Repo:
        return Repo(self.repo_type, self.repo_id)

    @property
    def place(self) -> str:
        """Where it is, as people point at it: ``analysis.ipynb, cell [3], line 1``."""
        return place_of(self.notebook, self.cell, self.line, self.execution_count)

    def to_json(self) -> dict[str, Any]:
        return {
            "repo_type": self.repo_type,
            "repo_id": self.repo_id,
            "revision": self.revision,
            "cell": self.cell,
            "line": self.line,
            "call": self.call,
            "notebook": self.notebook,
            **({"recorded": list(self.recorded)} if self.recorded else {}),
        }


@dataclass(frozen=True, slots=True)
class Unclear:
    """A call that loads a repository which only the run can tell; `reason` is one sentence."""

    call: str
    reason: str
    cell: int | None = None
    line: int = 1
    notebook: str | None = None
    execution_count: int | None = None

    @property
    def place(self) -> str:
        return place_of(self.notebook, self.cell, self.line, self.execution_count)

    def to_json(self) -> dict[str, Any]:
        return {
            "call": self.call,
            "reason": self.reason,
            "cell": self.cell,
            "line": self.line,
            "notebook": self.notebook,
        }


@dataclass(frozen=True, slots=True)
class Uses(Displayed):
    """What notebooks load, in order of first use; each repository and revision once per notebook.

    `unclear` lists the calls of which the code alone cannot tell what they load, `failures` the
    files that could not be read, one sentence each. `recorded_at` is when the recorded run ended,
    where it was read from a provenance file; `notes` say of each file that there is one.
    """

    items: tuple[Use, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    failures: tuple[str, ...] = ()
    recorded_at: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def joined(cls, parts: Iterable[Uses]) -> Uses:
        """Several results as one, in their order."""
        items: list[Use] = []
        unclear: list[Unclear] = []
        failures: list[str] = []
        notes: list[str] = []
        for part in parts:
            items += part.items
            unclear += part.unclear
            failures += part.failures
            notes += part.notes
        return cls(tuple(items), tuple(unclear), tuple(failures), notes=tuple(notes))

    @property
    def repos(self) -> tuple[Repo, ...]:
        """The repositories, each once, in order of first use."""
        return tuple(dict.fromkeys(use.repo for use in self.items))

    def to_json(self) -> list[dict[str, Any]]:
        """The uses as a list of objects; what is unclear is not in it."""
        return [use.to_json() for use in self.items]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Use]:
        return iter(self.items)

    def __getitem__(self, index: int) -> Use:
        return self.items[index]


def place_of(notebook: str | None, cell: int | None, line: int, execution_count: int | None) -> str:
    """The one way to name a cell: ``cell [3]`` as Jupyter shows it, else ``cell 3`` of the file."""
    parts = [notebook] if notebook else []
    if execution_count is not None:
        parts.append(f"cell [{execution_count}]")
    elif cell is not None:
        parts.append(f"cell {cell}")
    return ", ".join([*parts, f"line {line}"])
