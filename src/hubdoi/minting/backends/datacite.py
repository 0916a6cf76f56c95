"""The rules in this process, with DataCite as registrar: who signs in at the Hub mints there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ...datacite.registrar import DataCiteRegistrar
from ...records import Doi, MintRequest, Person, Repo, RepoInfo, Status, Version
from ...records.errors import HubdoiError, LedgerError, ServiceError, already_registered
from ..ledger import Ledger
from ..service import DoiService
from .handoff import MOST_CANDIDATES, is_own

if TYPE_CHECKING:
    from ...hub.repositories import HuggingFaceHub


LONGEST_WAIT = 300.0
"""Seconds for which another process may be minting with the same ledger."""


class DataCiteDoor:
    """Status and mint by `DoiService`, one mint at a time for each ledger.

    `lock` is the file that keeps the processes apart; the lock goes when its process dies.
    """

    def __init__(
        self, hub: HuggingFaceHub, registrar: DataCiteRegistrar, ledger: Ledger, *, lock: Path
    ) -> None:
        self.hub = hub
        self.registrar = registrar
        self.ledger = ledger
        self._lock = lock

    def status(self, repo: Repo) -> Status:
        """The state of `repo` by the ledger; whether its head has a DOI, by DataCite too.

        Raises:
            RepoNotFound: there is none, or these credentials cannot see it.
            ServiceError: the Hub or DataCite cannot be used now.
        """
        person, failure = self._person()
        info = self.hub.info(repo, person)
        status = self._status(info, person, failure)
        if status.head is None or status.version_of(status.head):
            return status
        try:
            elsewhere = self._elsewhere(info, status.head)
        except ServiceError as error:
            if not status.versions:
                raise
            return _refused(status, error)
        return _with(status, elsewhere)

    def many(self, infos: Sequence[RepoInfo]) -> dict[Repo, Status | HubdoiError]:
        """The statuses of many repositories, with the DOIs that their heads could have asked for together."""
        person, failure = self._person()
        statuses = {info.repo: self._status(info, person, failure) for info in infos}
        reserved = {
            info.repo: self.registrar.reserve(info.repo, info.uid, info.head)
            for info in infos
            if info.head and not info.private and not statuses[info.repo].version_of(info.head)
        }
        wanted = [*reserved.values()]
        for info in infos:
            wanted += self._of_hub(info) if info.repo in reserved else ()
        try:
            records = self.registrar.find_many(wanted)
        except ServiceError as error:
            return {repo: error if repo in reserved else s for repo, s in statuses.items()}
        return {
            info.repo: _with(
                statuses[info.repo],
                self._among(records, info, info.head, reserved[info.repo])
                if info.head and info.repo in reserved
                else None,
            )
            for info in infos
        }

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Register the DOI of the head of `repo`, or of the revision that is asked for.

        Raises: what `DoiService.mint` raises.
        """
        person = self.hub.whoami()
        info = self.hub.info(repo, person, request.revision)
        with self._alone():
            if info.can_write and info.revision and request.agree:
                elsewhere = self._elsewhere(info, info.revision)
                if elsewhere and elsewhere.doi:
                    raise already_registered(elsewhere.doi, info.revision, elsewhere)
                info = info if info.private else self.hub.described(info)
            return self._service(info).mint(info.repo, person, request, key=key)

    def recover(self) -> tuple[Version, ...]:
        """Finish the mints of this ledger that were interrupted. Raises as `DoiService.recover`."""
        with self._alone():
            return DoiService(self.hub, self.registrar, self.ledger).recover()

    def _person(self) -> tuple[Person | None, ServiceError | None]:
        """Who is signed in; what was seen before is shown without network, only nobody can mint then."""
        try:
            return self.hub.whoami(), None
        except ServiceError as error:
            return None, error

    def _status(
        self, info: RepoInfo, person: Person | None, failure: ServiceError | None
    ) -> Status:
        status = self._service(info).status(info.repo, person)
        return _refused(status, failure) if failure else status

    def _service(self, info: RepoInfo) -> DoiService:
        """The rules on what the Hub has just said of one repository."""
        return DoiService(_Answered(self.hub.endpoint, info), self.registrar, self.ledger)

    def _elsewhere(self, info: RepoInfo, revision: str) -> Version | None:
        """The public record of a revision that the Hub or another ledger registered (R8)."""
        if info.private or self.ledger.entry_of(info.uid, revision):
            return None
        reserved = self.registrar.reserve(info.repo, info.uid, revision)
        records = self.registrar.find_many([reserved, *self._of_hub(info)], refresh=True)
        return self._among(records, info, revision, reserved)

    def _among(
        self, records: Mapping[Doi, Version], info: RepoInfo, revision: str, reserved: Doi
    ) -> Version | None:
        """The record of the revision: the one of the account, or the Hub's own."""
        for doi in (reserved, *self._of_hub(info)):
            found = records.get(doi)
            if found is None or not found.is_of_revision(revision):
                continue
            if doi == reserved or is_own(found, info, self.hub):
                return found
        return None

    @staticmethod
    def _of_hub(info: RepoInfo) -> list[Doi]:
        """The DOIs among the tags that a Hub registered; a card may name any others as tags."""
        return [doi for doi in info.dois if doi.is_from_hub][:MOST_CANDIDATES]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._lock, timeout=LONGEST_WAIT, mode=0o600):
                yield
        except Timeout:
            raise LedgerError(
                "Another process has been minting with this ledger for minutes; wait for it, or end it."
            ) from None
        except OSError as error:
            raise LedgerError(
                f"The ledger's lock {self._lock} cannot be used ({error.strerror}); set HUBDOI_DATA to a directory that you can write to."
            ) from error


@dataclass
class _Answered:
    """A Hub that was asked about one repository, and is not asked again."""

    endpoint: str
    answer: RepoInfo

    def info(self, repo: Repo, person: Person | None, revision: str | None = None) -> RepoInfo:
        return self.answer


def _with(status: Status, elsewhere: Version | None) -> Status:
    """The status with the version of the head that is in another ledger."""
    if elsewhere is None or elsewhere.doi is None or status.head is None:
        return status
    return replace(
        _refused(status, already_registered(elsewhere.doi, status.head, elsewhere)),
        state="current",
        versions=(elsewhere.replace(state="current"), *status.versions),
        locked=status.locked or elsewhere.doi.is_from_hub,
    )


def _refused(status: Status, refusal: HubdoiError) -> Status:
    """The status for somebody whose mint would be refused now."""
    return replace(
        status, can_mint=False, obstacle=refusal.message, obstacle_code=type(refusal).__name__
    )
