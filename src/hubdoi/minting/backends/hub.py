"""A Hub that mints by itself: its DOI API decides everything, and answers for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...config import Config
from ...hub.doi_api import NoDoiApi
from ...records.errors import PolicyRefused
from .base import Backend

if TYPE_CHECKING:
    from ...records import Doi, Message, MintRequest, Repo, Status, Version
    from ...records.amendment import Activities, Amendment, AmendRequest
    from ...records.findings import Finding
    from ...records.request import RequestKind
    from ...records.reservation import Reservation


class HubBackend(Backend):
    """Status and mint through the DOI API of the Hub: one request for each call."""

    @classmethod
    def describe(cls, config: Config) -> str:
        return "the Hub's own DOI API"

    def status(self, repo: Repo) -> Status:
        return self.resources.doi_api.status(repo)

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        return self.resources.doi_api.mint(repo, request, key=key)

    def registered(self, repo: Repo, revision: str | None) -> Version | None:
        """As `Backend.registered`.

        Raises:
            PolicyRefused: the institution that decides first has refused.
        """
        status = self.status(repo)
        wanted = revision or status.head
        found = status.version_of(wanted) if wanted else None
        if found is None and status.notice:
            raise PolicyRefused(status.notice)
        return found

    def waiting_for(self, repo: Repo) -> str:
        return f"Waiting for the institution to approve the DOI of {repo}."

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        return self.resources.doi_api.preview_amendment(repo, request)

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        return self.resources.doi_api.amend(repo, request, key=key)

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        return self.resources.doi_api.activities(repo, doi)

    def reserve(self, repo: Repo) -> Reservation:
        return self.resources.doi_api.reserve(repo)

    def release(self, repo: Repo) -> Reservation:
        return self.resources.doi_api.release(repo)

    def withdraw(self, repo: Repo, kind: RequestKind | None = None) -> Message:
        try:
            return self.resources.doi_api.withdraw(repo, kind)
        except NoDoiApi:
            return super().withdraw(repo, kind)

    def examine(self) -> Iterable[Finding]:
        """Whether the Hub has a DOI API. Raises NoDoiApi: it has none."""
        from ...records.findings import Finding

        api = self.resources.doi_api
        api.check()
        yield Finding("registrar", "registrar", f"{api.endpoint} generates DOIs.", is_problem=False)
