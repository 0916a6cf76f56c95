"""A DOI before the release: reserved for a repository, published by its next mint, or given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..records import Hub, Person, Repo, RepoInfo
from ..records.errors import AlreadyRegistered, DoiNotFound
from ..records.reservation import Reservation
from .ledger import Ledger
from .ledger_reservations import LedgerReservations
from .registrar import Registrar
from .rules import check_signed_in, check_write_access


class Reservations:
    """The reservations of one service: the same Hub, registrar, ledger and clock as its mints."""

    def __init__(
        self, hub: Hub, registrar: Registrar, ledger: Ledger, clock: Callable[[], datetime]
    ) -> None:
        self.hub = hub
        self.registrar = registrar
        self.ledger = ledger
        self.clock = clock
        self.book = LedgerReservations(ledger)

    def reserve(self, repo: Repo, person: Person | None) -> Reservation:
        """The DOI for the next version of `repo`. Arguments and errors as `DoiService.reserve`."""
        with self.ledger.transaction():
            found = self.begin(repo, check_signed_in(person, repo))
            if self.registrar.shares_ledger:
                self.registrar.draft(found.doi)
        if not self.registrar.shares_ledger:
            # Sent again, it changes nothing; and a mint does not need the draft.
            self.registrar.draft(found.doi)
        return found

    def begin(self, repo: Repo, person: Person) -> Reservation:
        """Record the reservation, durably, if there is none; nothing is sent. Raises as `reserve`."""
        info = self._info(repo, person)
        with self.ledger.transaction():
            found = self.book.open(info.uid, info.repo)
            if found is None:
                number = self.book.next_number(info.uid)
                doi = self.registrar.reserve(info.repo, info.uid, reserved_mark(number))
                self.book.add(info.uid, number, doi, by=person.username, at=self.clock())
                found = self.book.open(info.uid, info.repo)
                assert found is not None
            return found

    def release(self, repo: Repo, person: Person | None) -> Reservation:
        """Give the reserved DOI up. Arguments and errors as `DoiService.release`."""
        found = self.to_release(repo, check_signed_in(person, repo))
        self.registrar.discard(found.doi)
        self.book.remove(found.doi)
        return found

    def to_release(self, repo: Repo, person: Person) -> Reservation:
        """The reservation that `release` may give up. Raises as that, without what is sent."""
        info = self._info(repo, person)
        found = self.book.open(info.uid, info.repo)
        if found is None:
            raise DoiNotFound(f"No DOI is reserved for {info.repo}; there is nothing to give up.")
        if self.book.has_begun(found.doi):
            raise AlreadyRegistered(
                f"A mint with the reserved DOI {found.doi} has begun; finish it with: %doi recover"
            )
        return found

    def _info(self, repo: Repo, person: Person) -> RepoInfo:
        info = self.hub.info(repo, person)
        check_write_access(info)
        return info


def reserved_mark(number: int) -> str:
    """What stands in a reserved DOI where others have the revision: ``r1``, ``r2``, …"""
    return f"r{number}"
