"""Everything that the sandbox's Hub side keeps, and the answers that the rules need of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ..hub.answer import access_of_gate
from ..hub.credits import contributors_of, funding_of, papers_of
from ..records import Doi, Person, Repo, RepoInfo
from ..records.errors import RevisionNotFound
from ..records.formats import formats_of_suffixes, is_empty
from ..records.rights import licenses_of
from .changes import Change
from .clock import Clock
from .collections import Collections
from .commits import Commit, Commits
from .discussions import Discussions
from .events import Events
from .gates import Gates
from .initial import initial_files
from .large import LargeFiles
from .likes import Likes
from .listing import Listing
from .people import People
from .remembered import SandboxDatabase
from .repositories import DoisOf, Repositories, Repository
from .tables import METADATA
from .trees import upgrade
from .xorbs import Xorbs

INITIAL_TITLE = "initial commit"


class Store:
    """A Hub (`hubdoi.hub.repositories.Hub`) whose repositories are in one database."""

    endpoint: str = ""
    identity: str = ""

    def __init__(self, database: SandboxDatabase, clock: Clock, large_files: Path) -> None:
        upgrade(database)
        # By now every module of tables has been read.
        database.create(METADATA)
        self.database = database
        self.clock = clock
        self.events = Events()
        self.people = People(database)
        self.repositories = Repositories(database, clock, self.people, self.events)
        self.large = LargeFiles(database, large_files)
        self.xorbs = Xorbs(large_files / "xorbs")
        self.likes = Likes(database, clock)
        self.gates = Gates(database, clock)
        self.collections = Collections(database, clock)
        self.run = secrets.token_hex(8)
        """A name for this run of the sandbox."""
        self.commits = Commits(database, clock, self.events, self.large)
        self.discussions = Discussions(database, clock, self.commits, self.events)

    @property
    def dois_of(self) -> DoisOf:
        """From uids to the (DOI, revision) pairs of those that have any, newest first."""
        return self.repositories.dois_of

    @dois_of.setter
    def dois_of(self, answer: DoisOf) -> None:
        self.repositories.dois_of = answer

    def create(
        self,
        repo: Repo,
        person: Person,
        *,
        private: bool = False,
        license: str | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Repository:
        """Make a repository with its initial commit, which holds `files` too.

        Raises:
            Refusal: there is one of that id; it carries `url_path`.
        """
        with self.database.transaction():
            made = self.repositories.create(repo, private=private)
            first = Change({**initial_files(repo.type, license), **(files or {})})
            self.commits.commit(made.uid, person, first, title=INITIAL_TITLE)
            self.events.emit(made.uid, "repo", "create")
            return self.repositories.by_uid(made.uid)

    def duplicate(self, uid: str, repo: Repo, person: Person, *, private: bool) -> Repository:
        """Make a repository with the files of another one's latest commit.

        Raises:
            Refusal: there is one of that id; it carries `url_path`.
        """
        with self.database.transaction():
            source = self.repositories.by_uid(uid)
            made = self.repositories.create(repo, private=private)
            head = self.commits.resolve(uid, None)
            files = self.commits.listing(head)
            self.large.share(made.uid, (oid for _, (oid, _) in files.items()))
            title = f"Duplicate from {source.repo.id}"
            self.commits.begin(made.uid, person, files, title=title)
            self.events.emit(made.uid, "repo", "create")
            return self.repositories.by_uid(made.uid)

    def info(self, repo: Repo, person: Person | None, revision: str | None = None) -> RepoInfo:
        """The repository, as `person` sees it, at `revision`; its DOIs are for the ledger to say.

        Raises:
            RepoNotFound: there is none, or `person` cannot see it.
            RevisionNotFound: it has no such revision.
        """
        with self.database.reading():
            return self._info(*self.repositories.with_head(repo, person), person, revision)

    def info_of(self, uid: str, person: Person | None, revision: str | None = None) -> RepoInfo:
        """The same for a uid, even of a repository that was deleted since."""
        with self.database.reading():
            head = self.commits.resolve(uid, None)
            return self._info(self.repositories.by_uid(uid), head, person, revision)

    def files(self, uid: str, revision: str) -> Listing:
        """The files of a revision.

        Raises:
            RevisionNotFound: the repository has no such commit.
        """
        return self.commits.files(uid, revision)

    def delete(self, uid: str) -> None:
        """Take the repository out of sight. It does not ask whether a DOI locks it."""
        self.repositories.delete(uid)

    def move(self, uid: str, to_id: str) -> None:
        """Rename or transfer the repository. It does not ask whether a DOI locks it."""
        self.repositories.move(uid, to_id)

    def set_private(self, uid: str, private: bool) -> None:
        """Make it private or public. It does not ask whether a DOI locks it."""
        self.repositories.set_private(uid, private)

    def dois_by_uid(self, uids: Iterable[str]) -> dict[str, list[tuple[Doi, str]]]:
        """What `dois_of` says; it is a method so that it always asks the present one."""
        return self.repositories.dois_of(uids)

    def _info(
        self, found: Repository, head: Commit | None, person: Person | None, revision: str | None
    ) -> RepoInfo:
        commit = head if revision is None else self.commits.resolve(found.uid, revision)
        if commit is None and revision is not None:
            raise RevisionNotFound(f"{found.repo} has no commit yet; push one first.")
        here = commit.oid if commit else None
        owner_name, is_organization = self.people.owner(found.namespace)
        card = self.commits.card(commit)
        files = self.commits.listing(commit)
        return RepoInfo(
            repo=found.repo,
            uid=found.uid,
            head=head.oid if head else None,
            revision=here,
            is_empty=is_empty(files),
            private=found.private,
            can_write=found.is_writable_by(person),
            owner_name=owner_name,
            owner_is_organization=is_organization,
            description=card.description,
            licenses=licenses_of(card.data),
            languages=card.languages,
            tags=tuple(card.tags_for(found.repo.type)),
            base_models=card.base_models,
            datasets=card.datasets,
            funding=funding_of(card.data),
            contributors=contributors_of(card.data),
            papers=papers_of(card.data),
            access=access_of_gate(self.gates.mode(found.uid)),
            formats=formats_of_suffixes(files.suffixes),
            sizes=(f"{files.size} bytes",) if len(files) else (),
            revision_date=datetime.fromisoformat(commit.created) if commit else None,
        )
