"""The DOIs that were reserved before a release, in the ledger beside the versions.

A row stays when its DOI is registered: the number of the next reservation follows from it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..records import Doi, Repo, RepoInfo, parse_moment, show_moment
from ..records.errors import AlreadyRegistered
from ..records.reservation import Reservation
from .ledger import Ledger
from .ledger_queries import OPEN_RESERVATION
from .ledger_tables import reservations as _reservations
from .ledger_tables import versions as _versions

_HAS_BEGUN = sa.exists().where(_versions.c.doi_key == _reservations.c.doi_key)


class LedgerReservations:
    """The reservations in one ledger; a repository has at most one that is open."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def next_number(self, uid: str) -> int:
        """The number of the next reservation of a repository, counted from 1."""
        with self.ledger.database.glancing() as db:
            last = db.scalar(
                sa.select(sa.func.max(_reservations.c.number)).where(
                    _reservations.c.hub == self.ledger.hub, _reservations.c.uid == uid
                )
            )
        return int(last or 0) + 1

    def add(self, uid: str, number: int, doi: Doi, *, by: str, at: datetime) -> None:
        """Keep a reservation.

        Raises:
            AlreadyRegistered: another process reserved a DOI for the repository at the same moment.
        """
        try:
            with self.ledger.transaction() as db:
                db.execute(
                    _reservations.insert().values(
                        hub=self.ledger.hub,
                        uid=uid,
                        number=number,
                        doi=doi.name,
                        doi_key=doi.key,
                        username=by,
                        at=show_moment(at),
                    )
                )
        except sa.exc.IntegrityError as error:
            raise AlreadyRegistered(
                "A DOI was reserved for this repository a moment ago; ask for its status."
            ) from error

    def open(self, uid: str, repo: Repo) -> Reservation | None:
        """The reservation that the next mint of the repository publishes."""
        with self.ledger.database.glancing() as db:
            row: Any = db.execute(OPEN_RESERVATION, {"hub": self.ledger.hub, "uid": uid}).first()
        if row is None:
            return None
        endpoint = self.ledger.endpoint
        return Reservation(Doi(row.doi), repo, row.username, parse_moment(row.at), endpoint)

    def waiting(self) -> list[tuple[Doi, str, datetime]]:
        """The reserved DOIs that no mint has begun with, who reserved each and when; the oldest first."""
        statement = (
            sa.select(_reservations.c.doi, _reservations.c.username, _reservations.c.at)
            .where(_reservations.c.hub == self.ledger.hub, ~_HAS_BEGUN)
            .order_by(_reservations.c.id)
        )
        with self.ledger.database.glancing() as db:
            return [
                (Doi(row.doi), row.username, parse_moment(row.at)) for row in db.execute(statement)
            ]

    def doi(self, info: RepoInfo) -> Doi | None:
        """The DOI that the next mint of a repository publishes, if one is reserved."""
        found = self.open(info.uid, info.repo)
        return found.doi if found else None

    def holds(self, doi: Doi) -> bool:
        """Whether `doi` is reserved; nobody gives it up before the transaction around it ends."""
        query = sa.select(_reservations.c.id).where(_reservations.c.doi_key == doi.key)
        with self.ledger.transaction() as db:
            return db.scalar(query.with_for_update()) is not None

    def has_begun(self, doi: Doi) -> bool:
        """Whether a mint with the reserved DOI has begun."""
        with self.ledger.database.glancing() as db:
            found = db.scalar(sa.select(_versions.c.id).where(_versions.c.doi_key == doi.key))
            return found is not None

    def remove(self, doi: Doi) -> None:
        """Forget a reservation that no mint has begun with."""
        with self.ledger.transaction() as db:
            db.execute(
                _reservations.delete().where(_reservations.c.doi_key == doi.key, ~_HAS_BEGUN)
            )
