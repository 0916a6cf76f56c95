"""What happens to repositories, for those who want to hear of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Listener = Callable[[str, str, str, dict[str, Any]], None]
"""Called with a repository's uid, the scope and action of the event, and what else it says."""


class Events:
    """Passes events on, inside the transaction that they happen in."""

    def __init__(self) -> None:
        self.listener: Listener | None = None

    def emit(self, uid: str, scope: str, action: str, **more: Any) -> None:
        """Something happened to the repository `uid`; `more` is part of the webhook's payload."""
        if self.listener is not None:
            self.listener(uid, scope, action, more)
