"""Corrections of registered records: recorded first, then sent, by any process that comes to it.

Where a curator decides first, the request has what was agreed to, and the ledger gets it with the
approval.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

import sqlalchemy as sa

from ..minting.ledger import Entry
from ..minting.service import DoiService
from ..records import Doi, Repo, Version, show_moment
from ..records.amendment import AmendRequest, RecordChange, changes_between
from ..records.errors import (
    AlreadyRegistered,
    ConsentError,
    DoiNotFound,
    HubdoiError,
    InvalidInput,
    InvalidMetadata,
    LedgerError,
)
from .audit import GATEWAY
from .reviews import Review, Reviews, in_review, refusal_sentence
from .tables import requests
from .work import for_researcher

_log = logging.getLogger(__name__)
PAUSE = 60.0
"""Seconds until a correction that was not answered is sent again."""
REMEMBERED = timedelta(days=30)
"""How long a refusal is shown to the researcher."""


class Corrections:
    """The corrections of one gateway; many processes may share them on PostgreSQL."""

    def __init__(self, service: DoiService, reviews: Reviews) -> None:
        self.amendments = service.amendments
        self.ledger = service.ledger
        self.reviews = reviews
        self.work = reviews.work
        self.audit = reviews.audit
        self._again: dict[int, float] = {}

    def ask(
        self, entry: Entry, repo: Repo, request: AmendRequest, by: str, username: str
    ) -> Review:
        """Have a curator decide what `by` on the Hub, here `username`, agreed to.

        To be called in a transaction that takes turns at the repository. What they asked before for
        the same record is brought up to date.

        Raises:
            InvalidInput: somebody else's correction of the record waits already.
            Whatever `Amendments.agreed` raises.
        """
        amended, _ = self.amendments.agreed(entry, repo, request)
        assert amended.doi and amended.revision
        record = amended.replace(repo=repo, consent=None).to_json()
        values = {
            "record": json.dumps(record, ensure_ascii=False),
            "correction": json.dumps({"by": by, "request": request.to_json()}, ensure_ascii=False),
        }
        with self.ledger.transaction() as db:
            last = self.reviews.last(entry.uid, amended.revision, correction=True)
            if last is not None and last.state == "waiting":
                if last.username != username:
                    raise InvalidInput(
                        f"Another correction of {amended.doi} is waiting for a decision; ask again when it is decided."
                    )
                db.execute(requests.update().where(requests.c.id == last.id).values(values))
                return self.reviews.get(last.id)
            number = db.scalar(
                requests.insert()
                .values(
                    version_id=entry.id,
                    uid=entry.uid,
                    repo=str(repo),
                    revision=amended.revision,
                    doi=amended.doi.name,
                    username=username,
                    state="waiting",
                    asked=show_moment(datetime.now(UTC)),
                    **values,
                )
                .returning(requests.c.id)
            )
            self.work.notices.add("request", str(amended.doi), number)
            self.audit.add(username, "correction asked", str(amended.doi))
            return self.reviews.get(int(number or 0))

    def approve(self, review: Review, by: str, reason: str | None) -> Review:
        """Record what was agreed to; a worker sends it. In a transaction as `ask`.

        Raises:
            InvalidInput: it is decided already, or the record has changed since.
        """
        doi = review.version.doi
        entry = self.ledger.entry_with(doi) if doi else None
        with self.ledger.transaction() as db:
            sent = db.scalar(sa.select(requests.c.correction).where(requests.c.id == review.id))
            decided = self.reviews.decide(review.id, "approved", by, reason)
            told = json.loads(sent or "{}")
            assert entry is not None and review.version.repo is not None
            try:
                self.amendments.record(
                    entry,
                    review.version.repo,
                    AmendRequest.from_json(told["request"]),
                    told["by"],
                )
            except (ConsentError, InvalidMetadata) as error:
                raise InvalidInput(
                    f"The record of {doi} has changed since this was asked; refuse the request, so that it can be asked again."
                ) from error
            self.audit.add(by, "approved", str(doi), reason)
        return decided

    def changes(self, review: Review) -> tuple[RecordChange, ...]:
        """What a correction that waits would change."""
        doi = review.version.doi
        before = self.ledger.version(doi) if doi else None
        return changes_between(before, review.version) if before else ()

    def notice(self, version: Version, institution: str) -> str | None:
        """What a researcher has to know of the latest correction that they asked for."""
        uid = self.ledger.uid_of(version.doi) if version.doi else None
        revision = version.revision or ""
        if uid is None or not self.reviews.knows(revision):
            return None
        last = self.reviews.last(uid, revision, correction=True)
        if last is None or last.state == "approved":
            return None
        if last.state == "waiting":
            return in_review(last, institution).message
        recent = last.decided is not None and datetime.now(UTC) - last.decided < REMEMBERED
        return refusal_sentence(last, institution) if recent else None

    def finish(self, number: int, doi: Doi) -> None:
        """Send the correction `number` of `doi`, if nobody has done so.

        Raises:
            AlreadyRegistered, InvalidMetadata: it was refused for good, and the record is as before.
            ServiceFailed: not now; a worker goes on with it.
        """
        try:
            self._finish(number, doi)
        except (AlreadyRegistered, InvalidMetadata, LedgerError):
            raise
        except HubdoiError as error:
            raise for_researcher(error) from error

    def attempt(self) -> bool:
        """Send what was interrupted; whether anything was done."""
        done = False
        for number, doi in self.amendments.book.unfinished():
            if self._again.get(number, 0.0) > monotonic():
                continue
            try:
                self._finish(number, doi)
                done = True
            except LedgerError:
                raise
            except (AlreadyRegistered, InvalidMetadata, DoiNotFound):
                done = True
            except HubdoiError:
                pass
        return done

    def _finish(self, number: int, doi: Doi) -> None:
        entry = self.ledger.entry_with(doi)
        if entry is None:
            raise DoiNotFound(f"The ledger has no entry for {doi}; restore it from a backup.")
        # A mint of the same repository updates this record too, with what it has read before.
        with self.work.alone(entry.repository_id):
            if (number, doi) not in self.amendments.book.unfinished():
                return
            try:
                self.amendments.finish(number, doi)
            except (AlreadyRegistered, InvalidMetadata) as error:
                self.audit.add(GATEWAY, "correction refused", str(doi), type(error).__name__)
                refusal: HubdoiError = error
            except HubdoiError as error:
                self._again[number] = monotonic() + PAUSE
                _log.warning("delayed", extra={"doi": str(doi), "kind": type(error).__name__})
                raise
            else:
                self._again.pop(number, None)
                self.audit.add(GATEWAY, "corrected", str(doi))
                _log.info("corrected", extra={"doi": str(doi)})
                return
        # Raised here: inside, the transaction would undo the withdrawal of what was refused.
        raise refusal
