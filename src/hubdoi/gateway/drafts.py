"""The drafts of reserved DOIs that DataCite does not have yet, or has still: kept or discarded by any worker.

The ledger says what is reserved; a row here is written in the same transaction, and goes when
DataCite is as the ledger says. It is taken as `work` is: locked for as long as DataCite is asked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa

from ..minting.ledger_reservations import LedgerReservations
from ..records import Doi
from ..records.errors import AlreadyRegistered, HubdoiError, InvalidInput, LedgerError
from .audit import GATEWAY
from .backoff import pause_after
from .database import clock_of
from .tables import drafts
from .work import DONE, MOST_REASON, Work, for_researcher

_log = logging.getLogger(__name__)
Act = Literal["keep", "discard"]


class Drafts:
    """The drafts of one gateway; many processes may share them on PostgreSQL."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.database = work.database
        self.registrar = work.service.registrar
        self.book = LedgerReservations(work.ledger)
        self._busy: set[str] = set()
        self._choosing = threading.Lock()

    def put(self, doi: Doi, act: Act) -> None:
        """Have DataCite keep a draft of `doi`, or discard it; in the transaction around it."""
        insert = self.database.insert(drafts)
        with self.database.transaction() as db:
            values = {"act": act, "state": "queued", "attempts": 0, "due": clock_of(db)}
            db.execute(
                insert.values(doi=doi.name, **values).on_conflict_do_update(
                    index_elements=["doi"], set_={**values, "reason": None}
                )
            )

    def attempt(self, doi: Doi | None = None) -> bool:
        """Do what is due, or `doi` at once; False where there is nothing or somebody is at it.

        Raises:
            AlreadyRegistered: `doi` is taken by something else; it is parked.
            ServiceError: DataCite cannot be used for `doi` now; a worker goes on.
            LedgerError: the database cannot be used; nothing was lost.
        """
        failure: HubdoiError | None = None
        with self._claimed(doi) as row:
            if row is None:
                return False
            subject = Doi(row.doi)
            try:
                if row.act == "discard":
                    self.registrar.discard(subject)
                elif not self.book.has_begun(subject):
                    # A mint that has begun publishes the DOI without it.
                    self.registrar.draft(subject)
            except LedgerError:
                raise
            except HubdoiError as error:
                failure = error
                self._delay(row, error)
            else:
                with self.database.transaction() as db:
                    # What was decided meanwhile is another row.
                    db.execute(
                        drafts.delete().where(drafts.c.doi == row.doi, drafts.c.act == row.act)
                    )
        if failure is not None and doi is not None:
            raise for_researcher(failure)
        return True

    def _delay(self, row: Any, error: HubdoiError) -> None:
        kind = type(error).__name__
        parked = isinstance(error, AlreadyRegistered)
        with self.database.transaction() as db:
            db.execute(
                drafts.update()
                .where(drafts.c.doi == row.doi)
                .values(
                    state="parked" if parked else "queued",
                    attempts=row.attempts + 1,
                    due=clock_of(db) + pause_after(row.attempts),
                    reason=error.message,
                )
            )
            if parked:
                self.work.notices.add("parked", row.doi)
        self.work.metrics.failures.labels(kind).inc()
        _log.warning("parked" if parked else "delayed", extra={"doi": row.doi, "kind": kind})

    def restore(self, doi: Doi) -> bool:
        """Make the draft again that DataCite has lost; False where the DOI is reserved no more.

        Raises: as `attempt`.
        """
        with self.database.transaction():
            if not self.book.holds(doi):
                return False
            self.put(doi, "keep")
            self.work.audit.add(GATEWAY, "repaired", str(doi), "draft")
        return self.attempt(doi)

    def waiting(self) -> list[Any]:
        """What is not finished, the parked first."""
        with self.database.reading() as db:
            return list(
                db.execute(sa.select(drafts).order_by(drafts.c.state, drafts.c.due).limit(1000))
            )

    def retry(self, doi: Doi, by: str) -> None:
        """Try what is parked or delayed again at once. Raises InvalidInput: there is nothing to do."""
        with self.database.transaction() as db:
            done = db.execute(
                drafts.update()
                .where(drafts.c.doi == doi.name)
                .values(state="queued", due=clock_of(db))
            )
            if not done.rowcount:
                raise InvalidInput(DONE)
            self.work.audit.add(by, "tried again", str(doi))

    def give_up(self, doi: Doi, by: str, reason: str) -> None:
        """Forget what is parked, and the reservation with it.

        Raises:
            InvalidInput: it is not parked, or no reason is given.
        """
        if not reason.strip():
            raise InvalidInput("Give a reason; it is kept in the audit log.")
        with self.database.transaction() as db:
            done = db.execute(
                drafts.delete().where(drafts.c.doi == doi.name, drafts.c.state == "parked")
            )
            if not done.rowcount:
                raise InvalidInput(DONE)
            self.book.remove(doi)
            self.work.audit.add(by, "given up", str(doi), reason.strip()[:MOST_REASON])

    @contextmanager
    def _claimed(self, doi: Doi | None) -> Iterator[Any]:
        query = sa.select(drafts).where(drafts.c.state == "queued").order_by(drafts.c.due).limit(1)
        if doi is not None:
            query = query.where(drafts.c.doi == doi.name)
        else:
            query = query.where(drafts.c.due <= clock_of(self.database.engine))
        if self.database.is_postgres:
            with self.database.transaction() as db:
                yield db.execute(query.with_for_update(skip_locked=True)).first()
            return
        with self._choosing, self.database.reading() as db:
            row = db.execute(query.where(drafts.c.doi.not_in(self._busy))).first()
            if row is not None:
                self._busy.add(row.doi)
        try:
            yield row
        finally:
            if row is not None:
                with self._choosing:
                    self._busy.discard(row.doi)
