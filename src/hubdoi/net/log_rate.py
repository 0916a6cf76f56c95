"""Log lines that strangers can cause, at a bounded rate."""

from __future__ import annotations

import logging
from threading import Lock
from time import monotonic

MOST = 10
"""Lines of one kind that are logged within WINDOW_SECONDS."""
WINDOW_SECONDS = 10.0
_MOST_KINDS = 1000


class RateLimit(logging.Filter):
    """Lets the first lines of each kind pass; the first one of the next window says how many it did not.

    Lines are of one kind when they come from one place, whatever their values.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._kinds: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = (record.pathname, record.lineno), monotonic()
        with self._lock:
            since, count = self._kinds.get(kind, (now, 0))
            left_out = 0
            if now - since >= WINDOW_SECONDS:
                left_out = max(0, count - MOST)
                since, count = now, 0
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            self._kinds[kind] = since, count + 1
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more like this were left out)"
            record.args = ()
        return count < MOST


RATE_LIMIT = RateLimit()
"""The one of this process; adding it to a logger twice does no harm."""
