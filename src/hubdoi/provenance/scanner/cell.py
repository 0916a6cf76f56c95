"""One cell of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["python", "shell"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell: `offset` is added to a line of `source` to give the line that is shown."""

    index: int | None
    source: str
    offset: int = 0
    language: Language = "python"
    execution_count: int | None = None
