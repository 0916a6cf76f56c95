"""Repositories that the Hub's webhooks tell of: each is compared again soon, however often it is told of.

What a webhook says is a hint and nothing more: the repository is read again at the Hub. So a
delivery that comes late, twice or out of order cannot do harm, and a storm of them is one look.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from ..minting.ledger import Ledger
from ..records import Repo
from ..records.errors import HubdoiError, InvalidInput
from .backoff import pause_after
from .database import now_in
from .tables import deliveries, watched

_log = logging.getLogger(__name__)

SETTLE = 1.0
"""Seconds from the first webhook about a repository to the look at it."""
LEASE = 300.0
"""Seconds after which another process looks, because the one that began has died."""
_KEPT = 30 * 24 * 3600.0


Look = Callable[[str, Repo | None, str | None], dict[str, str | None]]
"""Looks at a repository, by the Hub's identifier, its name and the DOIs of the Hub that it had; what it saw."""


class Watch:
    """The repositories of one gateway that are to be looked at again."""

    def __init__(self, ledger: Ledger, *, settle: float = SETTLE) -> None:
        self.ledger = ledger
        self.database = ledger.database
        self.settle = settle

    def told(self, body: dict[str, Any], sent: bytes) -> bool:
        """Take a webhook's `body`; whether it is about a repository that the ledger knows.

        Raises:
            InvalidInput: it is no webhook of a Hub.
            Replayed: the same delivery came before.
        """
        uid, name, is_unique = _about(body)
        with self.database.transaction() as db:
            self._check_new(db, sha256(sent).hexdigest(), uid, is_unique)
            if not self.ledger.repositories([uid]):
                return False
            due = now_in(db) + self.settle
            db.execute(
                self.database.insert(watched)
                .values(uid=uid, told=name, due=due, attempts=0)
                .on_conflict_do_update(
                    index_elements=["uid"],
                    set_={"told": name, "due": sa.func.coalesce(watched.c.due, due)},
                )
            )
        return True

    def last_told(self, uid: str) -> float:
        """When the last webhook about a repository came, by the database's clock; 0 where none did."""
        query = sa.select(sa.func.max(deliveries.c.at)).where(deliveries.c.uid == uid)
        with self.database.reading() as db:
            return float(db.scalar(query) or 0)

    def attempt(self, look: Look) -> bool:
        """Look at a repository that is due; False where there is none.

        Raises:
            LedgerError: the database cannot be used.
        """
        row = self._claimed()
        if row is None:
            return False
        try:
            seen = look(row.uid, _repo(row.told), row.dois)
        except HubdoiError as error:
            pause = pause_after(row.attempts)
            kind = type(error).__name__
            _log.warning("delayed a look", extra={"repository": row.uid, "kind": kind})
            self._settle(row, sa.func.coalesce(watched.c.due, row.now + pause), row.attempts + 1)
            return True
        self._settle(row, watched.c.due, 0, **seen)
        return True

    def seen(self, uid: str) -> Any:
        """What was seen of a repository last (``head``, ``dois``, ``seen``), or None."""
        with self.database.reading() as db:
            return db.execute(
                sa.select(watched).where(watched.c.uid == uid, watched.c.seen.is_not(None))
            ).first()

    def _claimed(self) -> Any:
        with self.database.transaction() as db:
            now = now_in(db)
            row = db.execute(
                sa.select(watched, sa.literal(now).label("now"))
                .where(sa.func.coalesce(watched.c.leased, watched.c.due) <= now)
                .order_by(watched.c.due)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is not None:
                db.execute(
                    watched.update()
                    .where(watched.c.uid == row.uid)
                    .values(due=None, leased=now + LEASE)
                )
            return row

    def _settle(self, row: Any, due: Any, attempts: int, **seen: Any) -> None:
        with self.database.transaction() as db:
            db.execute(
                watched.update()
                .where(watched.c.uid == row.uid)
                .values(due=due, leased=None, attempts=attempts, **seen)
            )

    def _check_new(self, db: sa.Connection, digest: str, uid: str, is_unique: bool) -> None:
        """Note a delivery.

        A delivery has neither a number nor a time. One that names commits is taken once and never
        again. Two changes of a setting, there and back and there again, look the same: the second
        one is taken when another delivery about the repository came in between.
        """
        now = now_in(db)
        db.execute(deliveries.delete().where(deliveries.c.at < now - _KEPT))
        made = db.scalar(
            self.database.insert(deliveries)
            .values(digest=digest, uid=uid, at=now)
            .on_conflict_do_nothing()
            .returning(deliveries.c.digest)
        )
        if made is not None:
            return
        other = deliveries.alias()
        passed = sa.select(other.c.digest).where(
            other.c.uid == deliveries.c.uid, other.c.at > deliveries.c.at
        )
        again = deliveries.update().where(deliveries.c.digest == digest).values(at=now)
        if is_unique or not db.execute(again.where(sa.exists(passed))).rowcount:
            raise Replayed("This webhook was received before; nothing was done.")


class Replayed(InvalidInput):
    """A webhook that came before."""

    http_status = 409


def _about(body: dict[str, Any]) -> tuple[str, str | None, bool]:
    """The Hub's identifier of the repository, its name, and whether no two such events are the same."""
    repo, moved = body.get("repo"), body.get("movedTo")
    uid = repo.get("id") if isinstance(repo, dict) else None
    if (
        not isinstance(repo, dict)
        or not isinstance(uid, str)
        or not 0 < len(uid) <= 200
        or not uid.isprintable()
    ):
        raise InvalidInput("This is not a webhook of a Hub: it names no repository.")
    named = moved if isinstance(moved, dict) else repo
    told = None
    # The type may be that of a Space, and the name one that only another Hub would give.
    with suppress(HubdoiError, KeyError, TypeError, AttributeError):
        told = str(Repo(repo["type"], named["name"]))
    return uid, told, bool(body.get("updatedRefs"))


def _repo(told: str | None) -> Repo | None:
    return Repo.parse(told) if told else None
