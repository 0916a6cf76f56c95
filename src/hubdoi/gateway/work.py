"""What is left to do: the intents and corrections of the ledger, each with when it is tried next.

A correction is the work of the version that it is of, so that a version has one row whatever is left
to do for it.

The ledger is the outbox, and a row here is written in the same transaction as the intent. A worker
holds the row locked (``FOR UPDATE SKIP LOCKED``) for as long as it works, so that there is no lease
that could expire too early or too late: the lock of a worker that dies ends with its connection.
What came of an attempt is written in the transaction of that lock, all of it together.
That is why this is a loop of our own and no queue such as procrastinate: a second table of jobs
could disagree with the ledger. The repository's row is locked as well, since two versions of one
repository, registered at the same time, would not see each other as neighbours (R7).
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, get_args

import sqlalchemy as sa

from ..minting.beside import Beside
from ..minting.ledger import Entry, Ledger
from ..minting.ledger_queries import ENTRY_COLUMNS, insert_intent, mark_registered_with
from ..minting.ledger_tables import INTENDED, LINKED, consents, repositories, versions
from ..minting.prepared import Prepared
from ..minting.service import REFUSALS, DoiService
from ..net.operation import current
from ..records import Version
from ..records.errors import (
    AccessError,
    HubdoiError,
    InvalidInput,
    InvalidMetadata,
    LedgerError,
    ServiceBusy,
    ServiceFailed,
)
from .audit import GATEWAY, AuditLog, entry_about, said
from .backoff import pause_after
from .database import CLOCKS, clock_of, now_in
from .metrics import Metrics
from .notices import Notices
from .tables import work

_log = logging.getLogger(__name__)
_CLAIM = (
    sa.select(*ENTRY_COLUMNS, work.c.version_id, work.c.attempts)
    .select_from(
        work.join(repositories, repositories.c.id == work.c.repository_id)
        .outerjoin(versions, versions.c.id == work.c.version_id)
        .outerjoin(consents, consents.c.id == versions.c.consent_id)
    )
    .where(work.c.state == "queued")
    .order_by(work.c.due)
    .limit(1)
)
# Whoever recorded an intent a moment ago knows what it says, as long as nobody has tried it.
_CLAIM_NEW = (
    sa.select(work.c.version_id, work.c.repository_id, work.c.attempts)
    .join_from(work, repositories, repositories.c.id == work.c.repository_id)
    .where(work.c.state == "queued", work.c.attempts == 0)
)
_REASON = sa.select(work.c.state, work.c.reason).where(work.c.version_id == sa.bindparam("of"))
_WAITS = sa.select(
    sa.exists().where(work.c.state == "queued", work.c.reason == sa.bindparam("why"))
)
_TOLD = (
    sa.select(work.c.state, work.c.reason, versions.c.doi)
    .join_from(work, versions, versions.c.id == work.c.version_id)
    .join(repositories, repositories.c.id == versions.c.repository_id)
    .where(
        repositories.c.uid == sa.bindparam("uid"),
        versions.c.revision == sa.bindparam("revision"),
        versions.c.step == INTENDED,
    )
)
_DELETE = work.delete().where(work.c.version_id == sa.bindparam("of"))
_STATE = sa.select(work.c.state).where(work.c.version_id == sa.bindparam("of"))
IDLE = 1.0
PATIENCE = 25.0
"""Seconds for which a researcher waits for the answer of a mint."""


MOST_REASON = 2000
DONE = "That was already done; reload the list."
WorkState = Literal["queued", "parked", "review"]
"""For the workers; for a person, or better metadata; for a curator."""

# Its own: the generator that all share may be somebody's seed.
_SPREAD = random.Random()  # noqa: S311  # nosec B311  # a pause, no secret


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: the entry as it is now, or the error; `parked` needs a person."""

    entry: Entry
    error: HubdoiError | None = None
    parked: bool = False


class Work:
    """The work of one gateway; many processes may share it on PostgreSQL."""

    def __init__(
        self,
        ledger: Ledger,
        service: DoiService,
        audit: AuditLog,
        notices: Notices,
        metrics: Metrics,
    ) -> None:
        self.ledger = ledger
        self.database = ledger.database
        self.service = service
        self.corrections = service.amendments.book
        self.audit = audit
        self.notices = notices
        self.metrics = metrics
        self._busy: set[int] = set()
        self._choosing = threading.Lock()
        # Building a statement takes longer than running it.
        database = self.database
        clock = clock_of(database.engine)
        claim, claim_new = (
            _locked(one) if database.is_postgres else one for one in (_CLAIM, _CLAIM_NEW)
        )
        self._claim_one = Prepared(claim.where(work.c.version_id == sa.bindparam("of")))
        self._claim_new = Prepared(claim_new.where(work.c.version_id == sa.bindparam("of")))
        self._claim_due = Prepared(claim.where(work.c.due <= clock))
        insert = database.insert(work).values(
            version_id=sa.bindparam("of"),
            repository_id=sa.bindparam("of_repository"),
            state=sa.bindparam("put"),
            attempts=0,
            due=clock,
            asked_by=sa.bindparam("by"),
        )
        self._insert = insert.on_conflict_do_update(
            index_elements=["version_id"],
            set_={
                "state": insert.excluded.state,
                # What was parked is tried again, because its metadata are new.
                "reason": None,
                "asked_by": sa.func.coalesce(insert.excluded.asked_by, work.c.asked_by),
            },
        )
        self._insert_logged = audit.logged(self._insert)
        self._delete_logged = audit.logged(_DELETE)
        self._intend = self._end = None
        if database.is_postgres:
            self._intend = insert_intent(database, _asked)
            self._end = mark_registered_with(_ended)

    def add(
        self, entry: Entry, by: str | None = None, act: str | None = None, why: str | None = None
    ) -> None:
        """Have `entry`, for which `by` asked, finished; in the transaction around it, with the intent.

        With `act`, that is in the log.
        """
        row = _row(entry, "queued", by)
        if by and act:
            subject = str(entry.version.doi)
            self.audit.add(by, act, subject, why, doing=self._insert_logged, **row)
            return
        with self.database.transaction() as db:
            db.execute(self._insert, row)

    def added_with_intent(self, by: str, act: str, why: str | None) -> Beside | None:
        """As `add`, in the statement that records the intent; None where that cannot be."""
        if self._intend is None:
            return None
        return Beside(self._intend, lambda: {"by": by, **said(by, act, why)})

    def hold(self, entry: Entry, by: str) -> None:
        """Keep `entry` from the workers until it is added, because a curator decides it."""
        with self.database.transaction() as db:
            db.execute(self._insert, _row(entry, "review", by))

    def drop(self, entry: Entry) -> None:
        """There is nothing to do for `entry` any more."""
        self._settle(entry.id, None)

    def adopt(self) -> int:
        """Add what the ledger has not finished and nobody works on, as after a restored backup."""
        missing = 0
        corrected = [self.ledger.entry_with(doi) for _, doi in self.corrections.unfinished()]
        for entry in (*self.ledger.unfinished(), *filter(None, corrected)):
            with self.database.transaction() as db:
                known = db.scalar(sa.select(work.c.version_id).where(work.c.version_id == entry.id))
                if known is None:
                    self.add(entry)
                    missing += 1
        return missing

    def state(self, version_id: int) -> WorkState | None:
        """How it is with it; None where there is nothing to do."""
        with self.database.glancing() as db:
            found: WorkState | None = db.scalar(_STATE, {"of": version_id})
            return found

    def asked_by(self, version_id: int) -> str | None:
        """By which name the institution knows who asked for it, while it is not finished."""
        with self.database.reading() as db:
            found: str | None = db.scalar(
                sa.select(work.c.asked_by).where(work.c.version_id == version_id)
            )
            return found

    def notice(self, uid: str, revision: str, institution: str) -> str | None:
        """What a researcher has to know of the mint of a revision that is not finished."""
        with self.database.glancing() as db:
            row = db.execute(_TOLD, {"uid": uid, "revision": revision}).first()
        if row is None:
            return None
        if row.state == "parked":
            return f"The DOI {row.doi} was not registered: {row.reason} Generate it again with other metadata, or wait for {institution}."
        if row.reason is None:
            return f"The DOI {row.doi} is being registered; the status shows it in a minute."
        return f"The DOI {row.doi} is not registered yet, and the gateway tries again by itself."

    def waiting(self) -> list[Any]:
        """What is not finished, the parked first; for those who look after the gateway."""
        with self.database.reading() as db:
            return list(db.execute(sa.select(work).order_by(work.c.state, work.c.due).limit(1000)))

    def depths(self) -> tuple[dict[str, int], float]:
        """How many intents and corrections are in each state, and for how many seconds the oldest has been due."""
        with self.database.reading() as db:
            rows = db.execute(
                sa.select(work.c.state, sa.func.count(), sa.func.min(work.c.due)).group_by(
                    work.c.state
                )
            ).all()
            now = now_in(db)
        found = {state: count for state, count, _ in rows}
        due = [due for state, _, due in rows if state == "queued"]
        depths = {state: found.get(state, 0) for state in get_args(WorkState)}
        return depths, max(0.0, now - min(due, default=now))

    def finished(
        self, entry: Entry, *, patience: float = PATIENCE, is_new: bool = False
    ) -> Version:
        """Finish `entry` or the correction of it, or wait for who is at it.

        With `is_new`, who calls has just recorded the intent, and it says what `entry` says.

        Raises:
            AlreadyRegistered, InvalidMetadata: DataCite refused; it is parked for a curator.
            ServiceFailed, ServiceBusy: not now; a worker goes on with it.
        """
        deadline = monotonic() + patience
        if whole := current():
            deadline = min(deadline, whole.until)
        new = entry if is_new else None
        while True:
            outcome = self.attempt(entry.id, new)
            new = None
            if outcome and outcome.error:
                raise for_researcher(outcome.error)
            if outcome:
                return outcome.entry.version
            if finished := self._finished_elsewhere(entry):
                return finished
            if monotonic() > deadline:
                what = "correction" if entry.step == "linked" else "DOI"
                raise ServiceBusy(
                    f"The {what} is being registered; the gateway finishes it, ask for the status in a minute.",
                    5.0,
                )
            threading.Event().wait(0.05)

    def _finished_elsewhere(self, entry: Entry) -> Version | None:
        """`entry` as it is now, when another worker has finished it; None while that is at it.

        Raises:
            InvalidMetadata: it was refused for good, and parked.
        """
        with self.database.glancing() as db:
            row = db.execute(_REASON, {"of": entry.id}).first()
        if row is not None and row.state == "parked":
            raise InvalidMetadata(row.reason)
        found = self.ledger.entry(entry.id)
        done = found is not None and found.step == "linked"
        return found.version if found and done and not self.corrections.unsent(found.id) else None

    def attempt(self, version_id: int | None = None, new: Entry | None = None) -> Outcome | None:
        """Do what is due, or `version_id` at once; None where there is nothing or somebody is at it.

        `new` is what `version_id` says where nobody has tried it; None where somebody has.

        Raises:
            LedgerError: the database cannot be used; nothing was lost.
        """
        with self._claimed(version_id, new is not None) as row:
            if row is None:
                return None
            if new is None and row.id is None:
                self._settle(row.version_id, None)
                return None
            entry = new or self.ledger.read(row)
            subject = str(entry.version.doi)
            # The moment in the log is that of the end.
            end = Beside(self._end, lambda: said(GATEWAY, "registered")) if self._end else None
            correction = self.corrections.unsent(entry.id) if entry.step == "linked" else None
            try:
                with self.metrics.traces.span("correct" if correction else "register", doi=subject):
                    if correction:
                        self.service.amendments.send(correction, entry.version)
                    else:
                        entry = self.service.finish(entry, beside=end)
            except LedgerError:
                raise
            except REFUSALS as error:
                values: dict[str, Any] = {"state": "parked", "reason": error.message}
                with self.database.transaction():
                    if correction:
                        self.corrections.refuse(correction)
                        self.audit.add(GATEWAY, "correction refused", subject, type(error).__name__)
                    self._settle(row.version_id, {**values, "attempts": row.attempts + 1})
                    self.notices.add("parked", subject)
                self._note_failure("parked", entry, error)
                return Outcome(entry, error, parked=True)
            except HubdoiError as error:
                pause = pause_after(row.attempts)
                due = self._time() + pause * _SPREAD.uniform(0.8, 1.2)
                values = {"due": due, "reason": error.message}
                with self.database.transaction() as db:
                    # Once, until it is mended: then nothing waits for that reason any more.
                    if isinstance(error, AccessError) and not db.scalar(
                        _WAITS, {"why": error.message}
                    ):
                        self.notices.add("refused", subject)
                    self._settle(row.version_id, {**values, "attempts": row.attempts + 1})
                self._note_failure("delayed", entry, error)
                return Outcome(entry, error)
            act = "corrected" if correction else "registered"
            if end is None or not end.is_written:
                with self.database.transaction():
                    if correction:
                        self.corrections.mark_registered(correction)
                    self.audit.add(
                        GATEWAY, act, subject, doing=self._delete_logged, of=row.version_id
                    )
        (self.metrics.corrections if correction else self.metrics.mints).inc()
        _log.info(act, extra={"doi": subject})
        return Outcome(entry)

    def run(
        self,
        stop: threading.Event,
        *,
        until_idle: bool = False,
        beside: Sequence[Callable[[], bool]] = (),
    ) -> int:
        """Work until `stop` is set, or until nothing is due; how many were finished.

        Each of `beside` does one piece of other work, and says whether there was one.
        """
        done = 0
        while not stop.is_set():
            try:
                outcome = self.attempt()
                done += outcome is not None and outcome.error is None
                # Each gets its turn, however long the queue of another is.
                others = [step() for step in beside]
                if outcome is not None or any(others):
                    continue
            except LedgerError as error:
                _log.error("%s", error.message)
            if until_idle:
                break
            stop.wait(IDLE)
        return done

    def _note_failure(self, what: str, entry: Entry, error: HubdoiError) -> None:
        # The name alone: the sentence of an error may repeat what somebody wrote.
        kind = type(error).__name__
        self.metrics.failures.labels(kind).inc()
        _log.warning(what, extra={"doi": str(entry.version.doi), "kind": kind})

    def retry(self, version_id: int, by: str | None = None) -> None:
        """Try what is parked or delayed again at once, because a curator, `by`, wants it.

        Raises:
            InvalidInput: it is a correction of a record that has changed since.
        """
        with self.database.transaction() as db:
            db.execute(
                work.update()
                .where(work.c.version_id == version_id)
                .values(state="queued", due=clock_of(db))
            )
            self.corrections.resume(version_id)
            if by is not None:
                entry = self.ledger.entry(version_id)
                self.audit.add(by, "tried again", str(entry.version.doi) if entry else "")

    def give_up(self, version_id: int, by: str, reason: str) -> None:
        """Forget what is parked: the intent, or the correction, whose record is as before.

        Raises:
            InvalidInput: it is not parked, no reason is given, or the DOI is registered and only its
                links are missing.
            ServiceError: DataCite does not say whether it has a draft; call again.
        """
        if not reason.strip():
            raise InvalidInput("Give a reason; it is kept in the audit log.")
        entry = self.ledger.entry(version_id)
        if entry is None:
            raise InvalidInput(DONE)
        if entry.step == "registered":
            raise InvalidInput(
                "That cannot be given up, because the DOI is registered; try it again."
            )
        if entry.step == "intended":
            self.service.registrar.abandon(entry.version)
        with self.database.transaction() as db:
            done = db.execute(_DELETE.where(work.c.state == "parked"), {"of": version_id})
            if not done.rowcount:
                raise InvalidInput(DONE)
            if entry.step == "linked":
                self.corrections.forget_refused(version_id)
            else:
                self.ledger.withdraw(entry)
            self.audit.add(by, "given up", str(entry.version.doi), reason.strip()[:MOST_REASON])

    @contextmanager
    def _claimed(self, version_id: int | None, is_new: bool) -> Iterator[Any]:
        query = self._claim_due if version_id is None else self._claim_one
        query = self._claim_new if is_new else query
        if not self.database.is_postgres:
            with self._claimed_here(query.statement, version_id) as row:
                yield row
            return
        with self.database.transaction() as db:
            yield query.first(db, {"of": version_id})

    @contextmanager
    def _claimed_here(self, query: sa.Select[Any], version_id: int | None) -> Iterator[Any]:
        """SQLite serves one process: its threads keep out of each other's way."""
        with self._choosing, self.database.reading() as db:
            query = query.where(work.c.repository_id.not_in(self._busy))
            row = db.execute(query, {"of": version_id}).first()
            if row is not None:
                self._busy.add(row.repository_id)
        try:
            yield row
        finally:
            if row is not None:
                with self._choosing:
                    self._busy.discard(row.repository_id)

    def _settle(self, version_id: int, values: dict[str, Any] | None) -> None:
        """Remove the work, or note what came of the attempt."""
        with self.database.transaction() as db:
            if values:
                db.execute(work.update().where(work.c.version_id == version_id).values(values))
            else:
                db.execute(_DELETE, {"of": version_id})

    def _time(self) -> float:
        with self.database.reading() as db:
            return now_in(db)


def _locked(claim: sa.Select[Any]) -> sa.Select[Any]:
    """`claim` for PostgreSQL, where what is claimed stays locked until the transaction ends."""
    # A power failure that undoes what a worker did leaves the intent, and the next attempt finds the
    # DOI at DataCite (R12): nobody has to wait for the disk.
    return claim.add_columns(
        sa.func.set_config("synchronous_commit", "off", sa.true())
    ).with_for_update(skip_locked=True, key_share=True, of=[work, repositories])


def _asked(version: sa.CTE) -> Iterator[sa.CTE]:
    """The work for the intent of a new repository, which `added_with_intent`."""
    row = {
        "version_id": version.c.id,
        "repository_id": version.c.repository_id,
        "state": sa.literal_column("'queued'"),
        "attempts": sa.literal_column("0"),
        "due": CLOCKS["postgresql"],
        "asked_by": sa.bindparam("by", type_=sa.Text),
    }
    yield work.insert().from_select(list(row), sa.select(*row.values())).cte("asked")
    yield entry_about(version)


def _ended(marked: sa.CTE) -> Iterator[sa.CTE]:
    """There is nothing to do any more for what has no neighbours."""
    is_linked = marked.c.step == LINKED
    yield work.delete().where(work.c.version_id == marked.c.id, is_linked).cte("ended")
    yield entry_about(marked, is_linked)


def _row(entry: Entry, state: WorkState, by: str | None) -> dict[str, Any]:
    return {"of": entry.id, "of_repository": entry.repository_id, "put": state, "by": by}


def for_researcher(error: HubdoiError) -> HubdoiError:
    """`error` of the registrar, in the words of those who have no account there."""
    if isinstance(error, REFUSALS):
        return error
    if isinstance(error, AccessError):
        return ServiceFailed(
            "DataCite refused the institution's account; the request is kept, tell those who run the gateway."
        )
    return ServiceFailed(
        f"{error.message} The request is kept and tried again; ask for the status later."
    )
