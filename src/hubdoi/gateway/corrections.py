"""Corrections of registered records: recorded first, then work as a mint is.

Where a curator decides first, the request has what was agreed to, and the ledger gets it with the
approval.
"""

from __future__ import annotations

import sqlalchemy as sa

from ..minting.ledger import Entry
from ..minting.ledger_tables import LINKED, versions
from ..minting.service import REFUSALS, DoiService
from ..records import Doi, Repo, Version
from ..records.amendment import AmendRequest, RecordChange, changes_between
from ..records.errors import (
    ConsentError,
    InvalidInput,
    InvalidMetadata,
    ServiceBusy,
    ServiceError,
)
from .reviews import Review, Reviews, another_waits, notice_of
from .tables import requests, work

_WORK = (
    sa.select(work.c.reason)
    .join(versions, versions.c.id == work.c.version_id)
    .where(versions.c.doi_key == sa.bindparam("key"), versions.c.step == LINKED)
)
# One statement for every status of somebody who is signed in, built once.
_TOLD = sa.select(
    _WORK.where(work.c.state == "parked").scalar_subquery().label("parked"),
    _WORK.where(work.c.state == "queued").scalar_subquery().label("delayed"),
    sa.select(sa.func.max(requests.c.id))
    .where(
        requests.c.revision == sa.bindparam("of"),
        requests.c.doi == sa.bindparam("named"),
        requests.c.kind == "correction",
    )
    .scalar_subquery()
    .label("request"),
)


class Corrections:
    """The corrections of one gateway; many processes may share them on PostgreSQL."""

    def __init__(self, service: DoiService, reviews: Reviews) -> None:
        self.amendments = service.amendments
        self.ledger = service.ledger
        self.reviews = reviews
        self.work = reviews.work
        self.audit = reviews.audit

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
        with self.ledger.transaction():
            review = self.reviews.put(
                "correction",
                amended.replace(repo=repo),
                username,
                uid=entry.uid,
                version_id=entry.id,
                details={"by": by, "request": request.to_json()},
            )
            self.audit.add(username, "correction asked", str(amended.doi))
            return review

    def was_approved(self, entry: Entry, request: AmendRequest, username: str) -> bool:
        """Whether the record is as in `request` because it was approved for `username`."""
        if not request.agree or not self.amendments.says(entry, request):
            return False
        last = self.reviews.last(entry.uid, entry.version.revision or "", "correction")
        return last is not None and (last.state, last.username) == ("approved", username)

    def approve(self, review: Review, by: str, reason: str | None) -> Review:
        """Record what was agreed to; a worker sends it. In a transaction as `ask`.

        Raises:
            InvalidInput: it is decided already, or the record has changed since.
        """
        doi = review.version.doi
        entry = self.ledger.entry_with(doi) if doi else None
        assert entry is not None and review.version.repo is not None
        with self.ledger.transaction():
            decided, details = self.reviews.taken(review.id, by, reason)
            if self.amendments.book.unsent(entry.id) is not None:
                raise InvalidInput(
                    f"An earlier correction of {doi} is not registered yet; approve this one when it is."
                )
            try:
                self.amendments.record(
                    entry,
                    review.version.repo,
                    AmendRequest.from_json(details["request"]),
                    details["by"],
                )
            except (ConsentError, InvalidMetadata) as error:
                raise InvalidInput(
                    f"The record of {doi} has changed since this was asked; refuse the request, so that it can be asked again."
                ) from error
            self.work.add(entry, review.username)
            self.audit.add(by, "approved", str(doi), reason)
        return decided

    def finish_earlier(self, entry: Entry) -> None:
        """Finish what was interrupted before the next correction: the mint, or an earlier correction.

        Raises:
            ServiceBusy: not now; nothing of the next one is recorded.
        """
        try:
            self.work.finished(entry)
        except REFUSALS:
            # The record is as before, and so not as it was shown: the consent tells that.
            pass
        except ServiceError as error:
            raise ServiceBusy(
                f"What was asked for {entry.version.doi} before is not registered yet; ask again when it is.",
                5.0,
            ) from error

    def changes(self, review: Review) -> tuple[RecordChange, ...]:
        """What a correction that waits would change."""
        doi = review.version.doi
        before = self.ledger.version(doi) if doi else None
        return changes_between(before, review.version) if before else ()

    def notice_of(self, doi: Doi, name: str, institution: str) -> str | None:
        """What `name` has to know of earlier corrections of `doi` before they agree to another."""
        version = self.ledger.version(doi)
        told = self.notice(version, institution) if version else None
        if not version or not told:
            return None
        last = self._last(version)
        if last is None or last.state != "waiting":
            return told
        if last.username == name:
            return f"{told} If you agree to this one, it replaces that request."
        return another_waits(last)

    def _last(self, version: Version) -> Review | None:
        uid = self.ledger.uid_of(version.doi) if version.doi else None
        return self.reviews.last(uid, version.revision or "", "correction") if uid else None

    def notice(self, version: Version, institution: str) -> str | None:
        """What a researcher has to know of the latest correction that they asked for."""
        if version.doi is None:
            return None
        named = {"key": version.doi.key, "named": version.doi.name, "of": version.revision}
        with self.ledger.database.glancing() as db:
            parked, delayed, number = db.execute(_TOLD, named).one()
        if parked is not None:
            return f"The correction of {version.doi} was not registered, and the record is as before: {parked} Correct the record again, or wait for {institution}."
        if delayed is not None:
            return f"The correction of {version.doi} is not at DataCite yet, and the gateway tries again: {delayed}"
        return None if number is None else notice_of(self.reviews.get(number), institution)
