"""What time it is in the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from ..minting.database import Database
from ..records.errors import SandboxError
from .tables import CLOCK

_TICK = timedelta(seconds=1)


class Clock:
    """Real time in UTC, or, with `start`, a time that begins there and moves 1 s per write.

    The latter is kept in the database, so that it never goes back: neither after a restart, nor
    by a write that was undone.

    Raises:
        SandboxError: `start` is not an ISO 8601 time.
    """

    def __init__(self, database: Database, start: str | None = None) -> None:
        self._database = database
        self._start = None if start is None else _parse(start)

    def now(self) -> datetime:
        """The time of a write. Inside a transaction the tick belongs to it."""
        if self._start is None:
            return datetime.now(UTC)
        with self._database.transaction() as connection:
            last = connection.execute(select(CLOCK.c.now).where(CLOCK.c.id == 1)).scalar()
            now = self._start
            if last is not None:
                now = max(now, datetime.fromisoformat(last) + _TICK)
            connection.execute(
                insert(CLOCK)
                .values(id=1, now=now.isoformat())
                .on_conflict_do_update(index_elements=[CLOCK.c.id], set_={"now": now.isoformat()})
            )
        return now


def hub_time(moment: datetime) -> str:
    """A time as the Hub writes it: ``2026-11-23T09:00:00.000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def _parse(start: str) -> datetime:
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise SandboxError(
            f"{start[:60]!r} is not a time; write it like 2026-11-23T09:00:00Z."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)
