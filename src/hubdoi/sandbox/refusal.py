"""A refusal with the status and code that huggingface.co would answer."""

from __future__ import annotations

from typing import Any

from ..records.errors import SandboxError


class Refusal(SandboxError):
    """An answer of the Hub side that has a status and an ``X-Error-Code`` of its own.

    `header` is the ``X-Error-Message`` where clients compare its exact words; else it is `message`.
    What is in `more` goes into the JSON body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        header: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.header = header or message
        self.more = more


class Moved(Exception):
    """The repository that was asked for has another id now: `old` became `new`."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old = old
        self.new = new
