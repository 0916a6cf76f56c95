"""A sentence that a command answers with."""

from __future__ import annotations

from dataclasses import dataclass

from .displayed import Displayed


@dataclass(frozen=True, slots=True)
class Message(Displayed):
    """A sentence, the value that it is about, and lines to read as they are."""

    text: str
    value: object = None
    details: str | None = None

    def __str__(self) -> str:
        return self.text
