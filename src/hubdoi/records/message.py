"""A sentence that a command answers with."""

from __future__ import annotations

from dataclasses import dataclass

from .displayed import Displayed


@dataclass(frozen=True, slots=True)
class Message(Displayed):
    """A sentence, the value that it is about, lines to read as they are, and sentences beside it."""

    text: str
    value: object = None
    details: str | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text
