"""DOIs before a release, by the policy of a mint; where that asks for review, a curator decides first."""

from __future__ import annotations

from datetime import UTC, datetime

from ..minting.reservations import reserved_mark
from ..minting.service import DoiService
from ..records import Person, RepoInfo, Version
from ..records.errors import AlreadyRegistered, DoiNotFound, InReview
from ..records.reservation import Reservation
from .drafts import Drafts
from .registrar import InstitutionRegistrar
from .reviews import Review, Reviews, in_review, notice_of

TITLE = "A DOI before the release"


class Reservations:
    """The reservations of one gateway. Each change is to be called in a transaction that takes turns
    at the repository.
    """

    def __init__(self, drafts: Drafts, reviews: Reviews) -> None:
        self.drafts = drafts
        self.book = drafts.book
        self.reviews = reviews
        self.audit = reviews.audit

    def begin(self, service: DoiService, info: RepoInfo, person: Person, name: str) -> Reservation:
        """Keep a DOI for `person`, here `name`, or find the one that is kept; a worker makes its draft."""
        with self.book.ledger.transaction():
            is_new = self.book.doi(info) is None
            found = service.reservations.begin(info.repo, person)
            if is_new:
                self.drafts.put(found.doi, "keep")
                self.audit.add(name, "reserved", str(found.doi))
            return found

    def release(
        self, service: DoiService, info: RepoInfo, person: Person, name: str
    ) -> Reservation:
        """Give the DOI up; a worker discards its draft. Raises as `DoiService.release`."""
        with self.book.ledger.transaction():
            last = self.reviews.last(info.uid, "", "reservation")
            if self.book.doi(info) is None and last is not None and last.state == "waiting":
                raise DoiNotFound(
                    f"No DOI is reserved for {info.repo}; the request for one is waiting for a decision. Take it back with: %doi withdraw {info.repo}"
                )
            try:
                found = service.reservations.to_release(info.repo, person)
            except AlreadyRegistered:
                raise AlreadyRegistered(self._begun(info)) from None
            self.book.remove(found.doi)
            self.drafts.put(found.doi, "discard")
            self.audit.add(name, "reservation given up", str(found.doi))
            return found

    def _begun(self, info: RepoInfo) -> str:
        """Why a DOI is not given up with which a mint has begun."""
        doi = self.book.doi(info)
        waits = any(
            (one.uid, one.version.doi) == (info.uid, doi) for one in self.reviews.all("waiting")
        )
        if waits:
            return f"A mint with the reserved DOI {doi} is waiting for a decision. Take it back with: %doi withdraw {info.repo}"
        return f"A mint with the reserved DOI {doi} has begun; ask for the status in a minute."

    def ask(self, registrar: InstitutionRegistrar, info: RepoInfo, by: str, name: str) -> Review:
        """Have a curator decide what `by` on the Hub, here `name`, asks for.

        Raises:
            InvalidInput: somebody else's request for the repository waits already.
        """
        with self.book.ledger.transaction():
            last = self.reviews.last(info.uid, "", "reservation")
            if last is not None and (last.state, last.username) == ("waiting", name):
                return last
            doi = registrar.reserve(
                info.repo, info.uid, reserved_mark(self.book.next_number(info.uid))
            )
            version = Version(doi=doi, repo=info.repo, title=TITLE)
            made = self.reviews.put("reservation", version, name, uid=info.uid, details={"by": by})
            self.audit.add(name, "reservation asked", str(doi))
            return made

    def approve(
        self, review: Review, registrar: InstitutionRegistrar, by: str, reason: str | None
    ) -> Review:
        """Keep a DOI for who asked. Raises as `Reviews.decide`."""
        repo, uid = review.version.repo, review.uid
        assert repo is not None
        with self.book.ledger.transaction():
            decided, details = self.reviews.taken(review.id, by, reason)
            self.audit.add(by, "approved", str(decided.version.doi), reason)
            if self.book.open(uid, repo) is None:
                number = self.book.next_number(uid)
                doi = registrar.reserve(repo, uid, reserved_mark(number))
                self.book.add(uid, number, doi, by=details["by"], at=datetime.now(UTC))
                self.drafts.put(doi, "keep")
                self.audit.add(review.username, "reserved", str(doi))
        return decided

    def in_review(self, review: Review, institution: str) -> InReview:
        """What who asked reads while it waits, and why the request before was refused."""
        told = in_review(review, institution)
        before = self.reviews.last(review.uid, "", "reservation", before=review.id)
        if before is None or before.state != "refused":
            return told
        return InReview(f"{told.message} The request before was refused: {before.reason}")

    def notice(self, info: RepoInfo, name: str, institution: str) -> str | None:
        """What the researcher `name` has to know of the latest request for the repository."""
        last = self.reviews.last(info.uid, "", "reservation")
        if last is None or last.username != name:
            return None
        return notice_of(last, institution)
