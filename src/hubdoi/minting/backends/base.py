"""What a client asks of a backend."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ...config import Config
from ...records.errors import DoiNotFound, HandOff, HubdoiError, ServiceError
from .resources import Resources

if TYPE_CHECKING:
    from ...records import Doi, Message, MintRequest, Repo, RepoInfo, Status, Version
    from ...records.amendment import Activities, Amendment, AmendRequest
    from ...records.findings import Finding
    from ...records.request import RequestKind
    from ...records.reservation import Reservation

GROWTH = 1.5
_LISTEN = 0.2
"""Seconds within which what was heard is noticed."""


class Backend(Protocol):
    """One way for a client to see and mint the DOIs of the repositories of one Hub.

    A subclass gives `describe`, `status` and `mint`; for the rest there are defaults. It is opened
    with the client's `Resources`, and registered by name in `hubdoi.minting.backends.registry`.
    """

    resources: Resources

    batches: ClassVar[bool] = False
    """Whether `statuses` needs fewer requests than one `status` after the other."""

    first_interval: float = 5.0
    longest_interval: float = 60.0
    """Seconds between two looks while `wait` waits: they grow from the first to the longest."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    @classmethod
    def opened(cls, resources: Resources) -> Backend:
        """The backend with these resources. Raises InvalidInput: a setting that it needs is missing."""
        return cls(resources)

    @classmethod
    @abstractmethod
    def describe(cls, config: Config) -> str:
        """What registers a DOI with these settings, in a few words; nothing is opened or asked."""

    @abstractmethod
    def status(self, repo: Repo) -> Status:
        """The state of `repo`, and what one may do next; `minting.status.status_of` builds it.

        Raises:
            RepoNotFound: there is none, or these credentials cannot see it.
            ServiceError: a service cannot be used now.
        """

    @abstractmethod
    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Register the DOI of the latest commit of `repo`, or of the revision that is asked for.

        The same `key` with the same request has the same answer again.

        Raises:
            SignInRequired, WriteAccessRequired: R2.
            ConsentRequired, TermsChanged: R3; both carry the terms.
            RepoNotFound, RevisionNotFound, RepoNotEligible: R1.
            AlreadyRegistered: R8; it carries the version.
            HandOff: a person has to go on; it carries the page.
            ServiceError: the outcome is unknown; the same call, or `recover`, finishes it (R12).
        """

    def statuses(self, infos: Sequence[RepoInfo]) -> dict[Repo, Status | HubdoiError]:
        """The status of each repository, or why there is none; `infos` has just been read."""
        found: dict[Repo, Status | HubdoiError] = {}
        for info in infos:
            try:
                found[info.repo] = self.status(info.repo)
            except HubdoiError as error:
                found[info.repo] = error
        return found

    def recover(self) -> tuple[Version, ...]:
        """Finish the mints that were interrupted (R12); the answer is those that were finished."""
        return ()

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        """What a correction of a record would change, and the text to agree to.

        Raises: as `amend`, without the errors of consent and of the registrar.
        """
        raise self._not_here(repo)

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        """Correct the record of a DOI of `repo`; the DOI, the repository and the revision stay (R11).

        Raises:
            HandOff: there is no way to correct a record here; it says what there is instead.
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            ConsentRequired, TermsChanged: R3; both carry the terms.
            DoiNotFound, InvalidMetadata: there is no such record, or nothing to correct in it.
            ServiceError: the outcome is unknown; the same call, or `recover`, finishes it (R12).
        """
        raise self._not_here(repo)

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        """The registration and the corrections of a DOI of `repo`, oldest first.

        Raises:
            HandOff: who registered it does not show them.
            DoiNotFound, RepoNotFound, ServiceError: as they say.
        """
        raise self._not_here(repo)

    def _not_here(self, repo: Repo) -> HandOff:
        endpoint = self.resources.config.endpoint
        return HandOff(
            f"{endpoint} has no interface to correct a record. Correct the card of {repo} and generate a DOI for the new commit, whose authors you can enter; or ask the Hub's support for a correction.",
            f"{repo.url(endpoint)}/settings",
        )

    def reserve(self, repo: Repo) -> Reservation:
        """Keep a DOI for the next version of `repo`; nothing becomes public before its mint.

        Raises:
            HandOff: there is no way to reserve a DOI here.
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            ServiceError: the outcome is unknown; the same call goes on.
        """
        raise self._cannot_reserve(repo)

    def release(self, repo: Repo) -> Reservation:
        """Give up the DOI that is reserved for `repo`; the answer is what was given up.

        Raises:
            DoiNotFound: none is reserved.
            AlreadyRegistered: a mint with it has begun (R11).
            HandOff, SignInRequired, WriteAccessRequired, RepoNotFound, ServiceError: as `reserve`.
        """
        raise self._cannot_reserve(repo)

    def _cannot_reserve(self, repo: Repo) -> HandOff:
        endpoint = self.resources.config.endpoint
        return HandOff(
            f"{endpoint} has no interface to reserve a DOI. Generate it when the repository is public, and add it to the paper then; or reserve it with a DataCite account: %doi use datacite",
            f"{repo.url(endpoint)}/settings",
        )

    def withdraw(self, repo: Repo, kind: RequestKind | None = None) -> Message:
        """Take back what was asked for `repo` and an institution has not decided; a sentence about it.

        `kind` says which, where requests of different kinds wait.

        Raises:
            DoiNotFound: nothing waits.
            InvalidInput: requests of different kinds wait, and `kind` is not given; or it is
                decided already.
            AccessError, ServiceError: as the gateway says.
        """
        raise DoiNotFound(
            f"Nothing about {repo} is waiting for a decision; only an institution's gateway reviews requests."
        )

    def examine(self) -> Iterable[Finding]:
        """What can be checked of what this backend registers with; nothing is changed."""
        return ()

    def find(self, doi: Doi) -> Version | None:
        """The version of a DOI that DataCite's public records do not have; None leaves it to them.

        A test DOI is known to the Hub that registered it.

        Raises:
            DoiNotFound: whoever would know it does not.
            ServiceError: it cannot be asked now.
        """
        return self.resources.doi_api.version(doi) if doi.is_test else None

    def present(self, repo: Repo) -> tuple[Repo, str | None]:
        """What `repo` is called now, and its latest commit, if it has one. Raises as `status`."""
        status = self.status(repo)
        return status.repo, status.head

    def registered(self, repo: Repo, revision: str | None) -> Version | None:
        """The version of the latest commit, or of `revision`, if it is registered by now."""
        status = self.status(repo)
        wanted = revision or status.head
        return status.version_of(wanted) if wanted else None

    def waiting_for(self, repo: Repo) -> str:
        """What `wait` waits for, in one sentence."""
        settings = f"{repo.url(self.resources.config.endpoint)}/settings"
        return f"Waiting for the DOI of {repo}: generate it on {settings}."

    def request_support(
        self, repo: Repo, action: str, reason: str, to: Repo | None = None
    ) -> Mapping[str, Any]:
        """Ask the Hub's support for an action that the lock refuses (R10)."""
        return self.resources.doi_api.request_support(repo, action, reason, to)

    def settled(self, repo: Repo) -> Backend:
        """The backend that answers for this Hub, where that has to be found out by asking."""
        return self

    def wait(
        self,
        repo: Repo,
        *,
        revision: str | None = None,
        timeout: float | None = None,
        progress: Callable[[str], None] | None = None,
        cancel: Event | None = None,
    ) -> Version | None:
        """Wait until the latest commit (or `revision`) has a DOI: its version, or None if cancelled.

        `timeout` is in seconds; `progress` gets a sentence whenever there is something to say. A
        service that cannot be reached for a while is asked again.

        Raises:
            HandOff: the time is over, and there is no DOI yet.
            RepoNotFound, AccessError: the repository cannot be seen.
        """
        say = progress or (lambda sentence: None)
        cancel = cancel or Event()
        with self.hearing(repo) as heard:
            return self._wait(repo, revision, timeout, say, cancel, heard)

    @contextmanager
    def hearing(self, repo: Repo) -> Iterator[Event | None]:
        """An event that is set when something happened to `repo`; None where nobody would tell."""
        yield None

    def _wait(
        self,
        repo: Repo,
        revision: str | None,
        timeout: float | None,
        say: Callable[[str], None],
        cancel: Event,
        heard: Event | None,
    ) -> Version | None:
        deadline = monotonic() + timeout if timeout is not None else None
        interval = self.first_interval
        settings = f"{repo.url(self.resources.config.endpoint)}/settings"
        waiting = said = self.waiting_for(repo)
        say(waiting)
        while True:
            now = waiting
            try:
                if found := self.registered(repo, revision):
                    return found
            except ServiceError as error:
                now = f"{error.message} Still waiting."
            if now != said:
                say(now)
                said = now
            rest = deadline - monotonic() if deadline is not None else interval
            if rest <= 0:
                raise HandOff(
                    f"No DOI of {repo} has appeared yet. {waiting} Ask for its status later.",
                    settings,
                )
            if _cancelled(cancel, min(interval, rest), heard):
                return None
            interval = min(interval * GROWTH, self.longest_interval)


def _cancelled(cancel: Event, seconds: float, heard: Event | None) -> bool:
    """Wait for `seconds`, or until something was heard; whether it was cancelled meanwhile."""
    if heard is None:
        return cancel.wait(seconds)
    end = monotonic() + seconds
    while (rest := end - monotonic()) > 0 and not heard.is_set():
        if cancel.wait(min(_LISTEN, rest)):
            return True
    heard.clear()
    return cancel.is_set()
