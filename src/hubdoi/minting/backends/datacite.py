"""The rules in this process, with DataCite as registrar: who signs in at the Hub mints there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout

from ...config import Config
from ...datacite.registrar import DataCiteRegistrar, check_account
from ...records import Doi, Hub, MintRequest, Person, Repo, RepoInfo, Status, Version
from ...records.amendment import Activities, Amendment, AmendRequest
from ...records.errors import (
    HubdoiError,
    InvalidInput,
    LedgerError,
    ServiceError,
    already_registered,
)
from ...records.findings import Finding
from ...records.reservation import Reservation
from ..doctor import datacite_findings, ledger_findings
from ..ledger import Ledger
from ..reservations import reserved_mark
from ..service import DoiService
from ..standing import Standing
from ..status import status_of, version_of_head
from ..user_ledger import data_directory, open_user_ledger, register_of
from .base import Backend
from .own_records import dois_of_hub, find_of_revision, record_of_revision
from .resources import Resources

MOST_RESERVED = 5
"""Reserved DOIs of a repository that are looked for where another ledger may have registered one."""

LONGEST_WAIT = 300.0
"""Seconds for which another process may be minting with the same ledger."""


class DataCiteBackend(Backend):
    """Status and mint by `DoiService` with a DataCite account and the user's ledger.

    Only one process mints with a ledger at a time; the lock goes when its process dies.

    Raises:
        InvalidInput: the account, its password or its prefix is not set.
        LedgerError: the ledger cannot be used.
    """

    batches = True

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        config = resources.config
        self.hub = resources.hub
        self.registrar = DataCiteRegistrar(config, self.hub, resources.public_records)
        register = register_of(config)
        self.ledger = open_user_ledger(config.endpoint, hub=self.hub.identity, register=register)
        self._lock = data_directory() / "ledger.lock"

    @classmethod
    def opened(cls, resources: Resources) -> Backend:
        """The backend; where the account is not set, one that shows and cites without it."""
        try:
            check_account(resources.config)
        except InvalidInput as missing:
            from .no_account import NoAccountBackend

            return NoAccountBackend(resources, missing)
        return cls(resources)

    @classmethod
    def describe(cls, config: Config) -> str:
        account = config.datacite_repository or "nobody yet: set DATACITE_REPOSITORY"
        return f"DataCite, as {account} ({config.datacite_api})"

    def status(self, repo: Repo) -> Status:
        """The state of `repo` by the ledger; whether its latest commit has a DOI, by DataCite too.

        Raises:
            RepoNotFound: there is none, or these credentials cannot see it.
            ServiceError: the Hub or DataCite cannot be used now.
        """
        person, failure = self._person()
        return self._status_of(self.hub.info(repo, person), person, failure)

    def _status_of(
        self, info: RepoInfo, person: Person | None, failure: ServiceError | None
    ) -> Status:
        standing = self._standing(info)
        elsewhere: Version | None = None
        if info.head and not version_of_head(standing.versions, info.head):
            try:
                step = standing.entry.step if standing.entry else None
                elsewhere = self._elsewhere(info, info.head, step)
            except ServiceError as error:
                if not standing.versions:
                    raise
                failure = error
        return self._status(info, person, standing, elsewhere, failure)

    def statuses(self, infos: Sequence[RepoInfo]) -> dict[Repo, Status | HubdoiError]:
        """The statuses of many repositories, with the DOIs of their latest commits asked for together."""
        person, failure = self._person()
        standings = {info.repo: self._standing(info) for info in infos}
        reserved = {
            info.repo: self.registrar.reserve(info.repo, info.uid, info.head)
            for info in infos
            if info.head
            and not info.private
            and not version_of_head(standings[info.repo].versions, info.head)
        }
        wanted = [*reserved.values()]
        for info in infos:
            wanted += dois_of_hub(info) if info.repo in reserved else ()
        records: Mapping[Doi, Version] = {}
        unknown: ServiceError | None = None
        try:
            records = self.registrar.find_many(wanted)
        except ServiceError as error:
            unknown = error
        found: dict[Repo, Status | HubdoiError] = {}
        for info in infos:
            doi = reserved.get(info.repo)
            if doi and unknown:
                found[info.repo] = unknown
                continue
            elsewhere = (
                record_of_revision(records, info, info.head, self.hub, (doi,))
                if doi and info.head
                else None
            )
            found[info.repo] = self._status(info, person, standings[info.repo], elsewhere, failure)
        return found

    def present(self, repo: Repo) -> tuple[Repo, str | None]:
        info = self.hub.info(repo, None)
        return info.repo, info.head

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        person = self.hub.whoami()
        with self._alone():
            # Not before: what was true before a wait of minutes is no ground for a DOI (R1).
            info = self.hub.info(repo, person, request.revision)
            service = self.service_for(info, request)
            return service.mint(info.repo, person, request, key=key)

    def service_for(self, info: RepoInfo, request: MintRequest) -> DoiService:
        """The rules, applied to what the Hub has just said of this repository.

        Raises:
            AlreadyRegistered: the Hub, or another ledger, registered a DOI for the revision (R8).
            ServiceError: the Hub or DataCite cannot be used now.
        """
        return self.service_after(self.ledger.step_of(info.uid, info.revision or ""), info, request)

    def service_after(self, step: str | None, info: RepoInfo, request: MintRequest) -> DoiService:
        """As `service_for`; `step` is how far this ledger has come with the revision."""
        if info.can_write and info.revision and request.agree:
            elsewhere = self._elsewhere(info, info.revision, step)
            if elsewhere and elsewhere.doi:
                raise already_registered(elsewhere.doi, info.revision, elsewhere)
            info = info if info.private else self.hub.described(info)
        return self.service_of(info)

    def service_of(self, info: RepoInfo) -> DoiService:
        """The rules for one repository, of which the Hub is not asked again."""
        return DoiService(
            _Answered(self.hub.endpoint, self.hub.identity, info), self.registrar, self.ledger
        )

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        return self._service().preview_amendment(repo, self.hub.whoami(), request)

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        person = self.hub.whoami()
        with self._alone():
            return self._service().amend(repo, person, request, key=key)

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        return self._service().activities(doi, self._person()[0])

    def reserve(self, repo: Repo) -> Reservation:
        person = self.hub.whoami()
        with self._alone():
            return self._service().reserve(repo, person)

    def release(self, repo: Repo) -> Reservation:
        person = self.hub.whoami()
        with self._alone():
            return self._service().release(repo, person)

    def examine(self) -> Iterable[Finding]:
        yield from datacite_findings(self.registrar, self.hub.endpoint)
        yield from ledger_findings(self.ledger)

    def _service(self) -> DoiService:
        return _Rules(self.hub, self.registrar, self.ledger, self._unrecorded)

    def recover(self) -> tuple[Version, ...]:
        """Finish the mints of this ledger that were interrupted. Raises as `DoiService.recover`."""
        service = self._service()
        # Mostly there is nothing to wait for the lock for.
        if not service.is_interrupted():
            return ()
        with self._alone():
            return service.recover(self._person()[0])

    def _person(self) -> tuple[Person | None, ServiceError | None]:
        """Who is signed in; what was seen before is shown without network, only nobody can mint then."""
        try:
            return self.hub.whoami(), None
        except ServiceError as error:
            return None, error

    def _standing(self, info: RepoInfo) -> Standing:
        return self.ledger.standing(info.uid, info.head or "")

    def _status(
        self,
        info: RepoInfo,
        person: Person | None,
        standing: Standing,
        elsewhere: Version | None,
        failure: ServiceError | None,
    ) -> Status:
        return status_of(
            info,
            [elsewhere.replace(state="current"), *standing.versions]
            if elsewhere
            else standing.versions,
            endpoint=self.hub.endpoint,
            person=person,
            terms=self.registrar.terms,
            refusal=failure,
            reserved=standing.reserved if info.can_write else None,
            mint_locks=False,
        )

    def _unrecorded(self, info: RepoInfo, revision: str) -> Version | None:
        return self._elsewhere(info, revision, self.ledger.step_of(info.uid, revision))

    def _elsewhere(self, info: RepoInfo, revision: str, step: str | None) -> Version | None:
        """The public record of a revision that the Hub or another ledger registered (R8).

        `step` is how far this ledger has come with it.
        """
        if info.private or (step and step != "intended"):
            return None
        own: list[Doi] = []
        if step is None:
            marks = (revision, *map(reserved_mark, range(1, MOST_RESERVED + 1)))
            own = [self.registrar.reserve(info.repo, info.uid, mark) for mark in marks]
        return find_of_revision(self.registrar, info, revision, self.hub, own)

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


class _Rules(DoiService):
    """The rules, which ask the Hub and DataCite for DOIs that this ledger does not know."""

    def __init__(
        self,
        hub: Hub,
        registrar: DataCiteRegistrar,
        ledger: Ledger,
        elsewhere: Callable[[RepoInfo, str], Version | None],
    ) -> None:
        super().__init__(hub, registrar, ledger)
        self._elsewhere = elsewhere

    def elsewhere(self, info: RepoInfo, revision: str) -> Version | None:
        return self._elsewhere(info, revision)


@dataclass
class _Answered:
    """A Hub that was asked about one repository, and is not asked again."""

    endpoint: str
    identity: str
    answer: RepoInfo

    def info(self, repo: Repo, person: Person | None, revision: str | None = None) -> RepoInfo:
        return self.answer
