"""How many requests a person may make in a minute, in all processes together.

A process takes some of them at once, a twentieth of the minute's, so that few requests touch the
database.
"""

from __future__ import annotations

import threading
from time import monotonic

import sqlalchemy as sa

from ..minting.database import Database
from ..net.questions import Questions
from ..records.errors import ServiceBusy
from .database import now_in
from .tables import rates

WINDOW = 60.0
_PARTS = 20
_MOST_PEOPLE = 10_000


class Rates:
    """The requests of this minute in `database`; `limit` is for each person, None for any number."""

    def __init__(self, database: Database, limit: int | None) -> None:
        self.database = database
        self.limit = limit
        # For each person: until when, by this process's clock, and how many are left of those taken.
        self._taken: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._refills = Questions()

    def check(self, username: str) -> None:
        """Let a request of `username` pass.

        Raises:
            ServiceBusy: they have made too many in this minute.
        """
        # Whoever finds none left waits for the one who takes more: a crowd would take the whole minute's.
        while self.limit is not None and not self._spend(username):
            self._refills.ask(username, lambda: self._refill(username, self.limit or 1))

    def _spend(self, username: str, count: int = 1) -> bool:
        """Spend `count` of those that this process took; whether any are left."""
        with self._lock:
            until, left = self._taken.get(username, (0.0, 0))
            if left <= 0 or monotonic() >= until:
                return False
            self._taken[username] = until, left - count
            return True

    def _refill(self, username: str, limit: int) -> None:
        if self._spend(username, 0):
            return
        part = max(1, limit // _PARTS)
        used, rest = self._take(username, part)
        # The last part may be a smaller one.
        granted = part - max(0, used - limit)
        if granted < 1:
            raise ServiceBusy(
                f"You have sent more than {limit} requests in a minute; try again in {rest:.0f} seconds.",
                rest,
            )
        with self._lock:
            if len(self._taken) >= _MOST_PEOPLE:
                self._taken.clear()
            self._taken[username] = monotonic() + rest, granted

    def _take(self, username: str, part: int) -> tuple[int, float]:
        """Take `part` requests; how many are taken in this minute, and how many seconds it has left."""
        with self.database.transaction() as db:
            now = now_in(db)
            minute = int(now // WINDOW)
            statement = self.database.insert(rates).values(
                username=username, minute=minute, used=part
            )
            used = db.scalar(
                statement.on_conflict_do_update(
                    index_elements=["username"],
                    set_={
                        "minute": minute,
                        "used": sa.case((rates.c.minute == minute, rates.c.used), else_=0) + part,
                    },
                ).returning(rates.c.used)
            )
        return int(used or 0), max(1.0, (minute + 1) * WINDOW - now)
