"""The repositories themselves: what they are called, who they belong to, who may see them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.prepared import Prepared
from ..records import Doi, Person, Repo
from ..records.errors import LockedByDoi, RepoNotFound
from .clock import Clock, hub_time
from .commits import HEAD, WITH_HEAD, Commit, head_of
from .events import Events
from .people import People
from .refusal import Refusal
from .remembered import Remembered, SandboxDatabase
from .tables import REDIRECTS, REPOSITORIES

DoisOf = Callable[[Iterable[str]], dict[str, list[tuple[Doi, str]]]]
"""From uids to the (DOI, revision) pairs of those repositories that have any, newest first."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository: `created` and `updated` are as the Hub writes times."""

    uid: str
    repo: Repo
    namespace: str
    private: bool
    created: str
    updated: str
    deleted: str | None = None

    def is_visible_to(self, person: Person | None) -> bool:
        return not self.private or self.is_writable_by(person)

    def is_writable_by(self, person: Person | None) -> bool:
        """Whether `person` may write: the owner, or a member of the organisation (R2)."""
        return person is not None and self.namespace in (person.username, *person.organizations)


# Building a statement takes longer than running it: that of every request is built once.
_NAMED = Prepared(
    select(REPOSITORIES, *HEAD)
    .select_from(WITH_HEAD)
    .where(
        REPOSITORIES.c.type == bindparam("kind"),
        REPOSITORIES.c.key == bindparam("name"),
        REPOSITORIES.c.deleted.is_(None),
    )
)


class Repositories:
    def __init__(
        self, database: SandboxDatabase, clock: Clock, people: People, events: Events
    ) -> None:
        self._database = database
        self._by_name = Remembered(database, self._read)
        self._events = events
        self._clock = clock
        self._people = people
        self.dois_of: DoisOf = lambda uids: {}
        """What DOIs repositories have; whoever keeps the ledger puts a better answer here."""

    def create(self, repo: Repo, *, private: bool = False) -> Repository:
        """Make a repository, without a commit.

        Raises:
            Refusal: there is one of that id; it carries `url_path`.
        """
        with self._database.transaction() as connection:
            present = self._named(repo)
            if present is not None:
                raise Refusal(
                    409,
                    f"There is a {repo.type} {present.repo.id} already; choose another name.",
                    url_path=present.repo.path,
                )
            created = hub_time(self._clock.now())
            count = connection.execute(select(func.count()).select_from(REPOSITORIES)).scalar_one()
            uid = hashlib.sha256(f"{count} {created} {repo.path}".encode()).hexdigest()[:24]
            connection.execute(
                insert(REPOSITORIES).values(
                    uid=uid,
                    type=repo.type,
                    id=repo.id,
                    key=repo.id.lower(),
                    namespace=repo.namespace or "",
                    private=private,
                    created=created,
                    updated=created,
                )
            )
            # A new repository takes its name back from the one that moved away.
            connection.execute(delete(REDIRECTS).where(*_is_key(REDIRECTS, repo)))
        return self.by_uid(uid)

    def find(self, repo: Repo, person: Person | None) -> Repository:
        """The repository as `person` may see it, under its present or an earlier name.

        Raises:
            RepoNotFound: there is none, or they cannot see it.
        """
        return self.with_head(repo, person)[0]

    def with_head(self, repo: Repo, person: Person | None) -> tuple[Repository, Commit | None]:
        """What `find` finds, and its latest commit. Raises as `find`."""
        found = self._by_name((repo.type, repo.id.lower()))
        if found is None:
            with self._database.reading() as connection:
                row = connection.execute(
                    select(REPOSITORIES, *HEAD)
                    .select_from(WITH_HEAD)
                    .join(REDIRECTS, REDIRECTS.c.uid == REPOSITORIES.c.uid)
                    .where(*_is_key(REDIRECTS, repo), REPOSITORIES.c.deleted.is_(None))
                ).first()
            found = None if row is None else (from_row(row), head_of(row))
        if found is None or not found[0].is_visible_to(person):
            raise RepoNotFound(
                f"There is no {repo.type} {repo.id} here, or it is private; "
                "check its name and your token."
            )
        return found

    def by_uid(self, uid: str) -> Repository:
        """The repository with that uid, deleted or not.

        Raises:
            RepoNotFound: there never was one.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(REPOSITORIES).where(REPOSITORIES.c.uid == uid)).first()
        if row is None:
            raise RepoNotFound("There is no such repository here.")
        return from_row(row)

    def of_namespace(self, namespace: str, person: Person | None) -> list[Repository]:
        """What belongs to a user or organisation, as far as `person` sees it, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(REPOSITORIES)
                .where(
                    REPOSITORIES.c.type.in_(("model", "dataset")),
                    REPOSITORIES.c.namespace == namespace,
                    REPOSITORIES.c.deleted.is_(None),
                )
                .order_by(REPOSITORIES.c.updated.desc())
            ).all()
        return [found for found in map(from_row, rows) if found.is_visible_to(person)]

    def refuse_if_locked(self, repository: Repository, action: str) -> None:
        """R9: what has a DOI is not deleted, renamed, transferred or made private.

        Raises:
            LockedByDoi: it has one.
        """
        dois = self.dois_of([repository.uid]).get(repository.uid)
        if dois:
            doi = dois[0][0]
            raise LockedByDoi(
                f"{repository.repo} is locked by DOI {doi} and cannot be {action}; "
                "file a request with support instead."
            )

    def delete(self, uid: str) -> None:
        """Take the repository out of sight; its revisions stay for the DOIs that name them."""
        with self._database.transaction() as connection:
            connection.execute(
                update(REPOSITORIES)
                .where(REPOSITORIES.c.uid == uid)
                .values(deleted=hub_time(self._clock.now()))
            )
            self._events.emit(uid, "repo", "delete")

    def move(self, uid: str, to_id: str) -> None:
        """Rename or transfer the repository; its old id redirects to the new one.

        Raises:
            Refusal: there is a repository of that id, or nobody has its namespace.
        """
        with self._database.transaction() as connection:
            here = self.by_uid(uid)
            target = Repo(here.repo.type, to_id)
            present = self._named(target)
            if present is not None and present.uid != uid:
                raise Refusal(
                    409,
                    f"A {target.type} repository called {to_id} already exists; "
                    "choose another name.",
                )
            if target.namespace is None:
                raise Refusal(400, f"{to_id!r} has no namespace; write it like ada/tiny-bert.")
            self._people.owner(target.namespace)
            self._events.emit(uid, "repo", "move", movedTo={"name": to_id})
            connection.execute(delete(REDIRECTS).where(*_is_key(REDIRECTS, target)))
            if here.repo.id.lower() != target.id.lower():
                self._redirect(here.repo, uid)
            connection.execute(
                update(REPOSITORIES)
                .where(REPOSITORIES.c.uid == uid)
                .values(id=to_id, key=to_id.lower(), namespace=target.namespace)
            )

    def set_private(self, uid: str, private: bool) -> None:
        """Make the repository private, or public again."""
        with self._database.transaction() as connection:
            before = self.by_uid(uid).private
            connection.execute(
                update(REPOSITORIES).where(REPOSITORIES.c.uid == uid).values(private=private)
            )
            if private != before:
                self._events.emit(uid, "repo.config", "update", updatedConfig={"private": private})

    def touched(self, uid: str, moment: str) -> None:
        """Note when the repository was last written to."""
        with self._database.transaction() as connection:
            connection.execute(
                update(REPOSITORIES).where(REPOSITORIES.c.uid == uid).values(updated=moment)
            )

    def _redirect(self, old: Repo, uid: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                upsert(REDIRECTS)
                .values(type=old.type, key=old.id.lower(), uid=uid)
                .on_conflict_do_update(
                    index_elements=[REDIRECTS.c.type, REDIRECTS.c.key], set_={"uid": uid}
                )
            )

    def _named(self, repo: Repo) -> Repository | None:
        found = self._by_name((repo.type, repo.id.lower()))
        return found and found[0]

    def _read(self, name: tuple[str, str]) -> tuple[Repository, Commit | None] | None:
        with self._database.reading() as connection:
            row = _NAMED.first(connection, {"kind": name[0], "name": name[1]})
        return None if row is None else (from_row(row), head_of(row))


def visible_to(person: Person | None) -> Any:
    """The condition of a query for repositories that `person` can see."""
    if person is None:
        return REPOSITORIES.c.private.is_(False)
    return or_(
        REPOSITORIES.c.private.is_(False),
        REPOSITORIES.c.namespace.in_((person.username, *person.organizations)),
    )


def _is_key(table: Any, repo: Repo) -> tuple[Any, Any]:
    return table.c.type == repo.type, table.c.key == repo.id.lower()


def from_row(row: Row[Any]) -> Repository:
    return Repository(
        uid=row.uid,
        repo=Repo(cast(Any, row.type), row.id),
        namespace=row.namespace,
        private=bool(row.private),
        created=row.created,
        updated=row.updated,
        deleted=row.deleted,
    )
