"""A Hub that mints by itself: its DOI API decides everything, and answers for it."""

from __future__ import annotations

from ...config import Config
from ...records import MintRequest, Repo, Status, Version
from .base import Backend


class HubBackend(Backend):
    """Status and mint through the DOI API of the Hub: one request for each call."""

    @classmethod
    def describe(cls, config: Config) -> str:
        return "the Hub's own DOI API"

    def status(self, repo: Repo) -> Status:
        return self.resources.doi_api.status(repo)

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        return self.resources.doi_api.mint(repo, request, key=key)
