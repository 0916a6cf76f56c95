"""What happened to repositories in this process, told to whoever shows them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from ..records import Repo

_listeners: list[Callable[[Repo], None]] = []
_lock = Lock()


def listen(listener: Callable[[Repo], None]) -> None:
    """Call `listener` with each repository that gets a DOI, a correction or a commit; once, however often asked."""
    with _lock:
        if listener not in _listeners:
            _listeners.append(listener)


def announce(repo: Repo) -> None:
    """`repo` has a new DOI, a correction or a new commit. This returns at once: a listener must not wait."""
    with _lock:
        listeners = tuple(_listeners)
    for listener in listeners:
        listener(repo)
