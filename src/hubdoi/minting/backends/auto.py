"""The backend for people who chose none: what the Hub and the settings allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ...config import Config
from ...hub.doi_api import NoDoiApi
from ...net.http import is_offline
from ...records import HUGGING_FACE
from ...records.errors import HubdoiError, ServiceUnreachable
from .base import Backend
from .registry import backend_class, open_backend
from .resources import Resources

if TYPE_CHECKING:
    from ...records import Doi, Message, MintRequest, Repo, Status, Version
    from ...records.amendment import Activities, Amendment, AmendRequest
    from ...records.findings import Finding
    from ...records.request import RequestKind
    from ...records.reservation import Reservation

Answer = TypeVar("Answer")


class AutoBackend(Backend):
    """The Hub's own DOI API; where there is none, DataCite with an account, else the settings page.

    Whether a Hub has a DOI API is found out with the first request, and then it is settled.
    huggingface.co is known to have none.
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        known = resources.config.endpoint == HUGGING_FACE
        self._chosen = self._other if known else self._hub

    @classmethod
    def describe(cls, config: Config) -> str:
        if config.endpoint == HUGGING_FACE:
            return backend_class(_without_api(config)).describe(config)
        return f"{backend_class('hub').describe(config)}, where it has one"

    def status(self, repo: Repo) -> Status:
        try:
            return self._ask(lambda backend: backend.status(repo))
        except ServiceUnreachable as error:
            # What was seen of a Hub without a DOI API is shown where no network is wanted. A Hub
            # whose answer was lost is not taken for one that has no DOI API: that nothing was
            # seen does not say that there is no DOI.
            if is_offline() and self._chosen is self._hub:
                with suppress(HubdoiError):
                    seen = self._other.status(repo)
                    if seen.versions:
                        return seen
            raise error

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        return self._ask(lambda backend: backend.mint(repo, request, key=key))

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        return self._ask(lambda backend: backend.preview_amendment(repo, request))

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        return self._ask(lambda backend: backend.amend(repo, request, key=key))

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        return self._ask(lambda backend: backend.activities(repo, doi))

    def reserve(self, repo: Repo) -> Reservation:
        return self._ask(lambda backend: backend.reserve(repo))

    def release(self, repo: Repo) -> Reservation:
        return self._ask(lambda backend: backend.release(repo))

    def withdraw(self, repo: Repo, kind: RequestKind | None = None) -> Message:
        return self._ask(lambda backend: backend.withdraw(repo, kind))

    def examine(self) -> Iterable[Finding]:
        return self._ask(lambda backend: tuple(backend.examine()))

    def present(self, repo: Repo) -> tuple[Repo, str | None]:
        return self._ask(lambda backend: backend.present(repo))

    def recover(self) -> tuple[Version, ...]:
        # Nobody may have been asked yet whether this Hub mints, and the ledger may know of a mint.
        return self._other.recover()

    def registered(self, repo: Repo, revision: str | None) -> Version | None:
        return self._ask(lambda backend: backend.registered(repo, revision))

    def waiting_for(self, repo: Repo) -> str:
        return self._chosen.waiting_for(repo)

    def settled(self, repo: Repo) -> Backend:
        with suppress(HubdoiError):
            self.status(repo)
        return self._chosen

    def _ask(self, ask: Callable[[Backend], Answer]) -> Answer:
        try:
            return ask(self._chosen)
        except NoDoiApi:
            self._chosen = self._other
            return ask(self._chosen)

    @cached_property
    def _hub(self) -> Backend:
        return open_backend(self.resources, "hub")

    @cached_property
    def _other(self) -> Backend:
        return open_backend(self.resources, _without_api(self.resources.config))


def _without_api(config: Config) -> str:
    """The backend for a Hub without a DOI API: DataCite where there are credentials, else hand-off."""
    return "datacite" if config.datacite_repository else "handoff"
