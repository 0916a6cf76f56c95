"""How long to wait before something that failed is tried again."""

from __future__ import annotations

SHORTEST_PAUSE = 5.0
LONGEST_PAUSE = 3600.0
_MOST_DOUBLINGS = 20


def pause_after(attempts: int, shortest: float = SHORTEST_PAUSE) -> float:
    """Seconds to wait after `attempts` earlier failures: twice as long each time, an hour at most."""
    # A day's outage has hundreds of attempts, and no float holds 2 to the power of a thousand.
    return float(min(shortest * 2 ** min(attempts, _MOST_DOUBLINGS), LONGEST_PAUSE))
