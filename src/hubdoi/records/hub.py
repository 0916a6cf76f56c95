"""What the rules ask of a Hub."""

from __future__ import annotations

from typing import Protocol

from .repo import Repo
from .repo_info import Person, RepoInfo


class Hub(Protocol):
    """What the rules need to know of a Hub: one repository, as one person sees it."""

    endpoint: str

    @property
    def identity(self) -> str:
        """The Hub's one name, under whichever URL it is reached: its DOIs and ledgers go by it (R8)."""
        ...

    def info(self, repo: Repo, person: Person | None, revision: str | None = None) -> RepoInfo:
        """The repository, at `revision` (a commit id, the beginning of one, a branch or a tag).

        Raises:
            RepoNotFound: there is none, or `person` cannot see it.
            RevisionNotFound: it has no such revision.
        """
        ...
