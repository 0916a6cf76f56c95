"""What repositories hold: commits, the files of each, the branches and tags that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from ..records import Person
from ..records.errors import RevisionNotFound
from ..records.repo_card import Card
from .changes import Change, edits
from .clock import Clock, hub_time
from .contents import Contents
from .events import Events
from .git import Blob, blob_id, commit_id
from .large import LargeFile, LargeFiles, pointed_to
from .listing import Listing
from .paths import check_path
from .refusal import Refusal
from .remembered import Remembered, SandboxDatabase
from .tables import COMMITS, REFS, REPOSITORIES, TAGS
from .trees import EMPTY, Trees

MAIN = "refs/heads/main"
CARD = "README.md"
_FULL = re.compile(r"[0-9a-f]{40}")
_PREFIX = re.compile(r"[0-9a-f]{7,39}")
# Building a statement takes longer than running it: those of every request are built once.
_TARGET = select(REFS.c.target).where(
    REFS.c.uid == bindparam("of"), REFS.c.name == bindparam("ref")
)
_COMMIT = select(COMMITS).where(COMMITS.c.uid == bindparam("of"), COMMITS.c.oid == bindparam("id"))
# A repository's latest commit, as columns beside others of a query of repositories.
HEAD = tuple(
    COMMITS.c[name].label(f"head_{name}")
    for name in ("oid", "parent", "tree", "author", "created", "title", "message")
)
WITH_HEAD = REPOSITORIES.outerjoin(
    REFS, and_(REFS.c.uid == REPOSITORIES.c.uid, REFS.c.name == MAIN)
).outerjoin(COMMITS, and_(COMMITS.c.uid == REFS.c.uid, COMMITS.c.oid == REFS.c.target))
_HEAD = (
    select(COMMITS)
    .join(REFS, (REFS.c.uid == COMMITS.c.uid) & (REFS.c.target == COMMITS.c.oid))
    .where(REFS.c.uid == bindparam("of"), REFS.c.name == MAIN)
)
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+/-]{0,199}")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: `author` is a user name, `created` as the Hub writes times."""

    oid: str
    parent: str | None
    tree: str
    author: str
    created: str
    title: str
    message: str


class Commits:
    def __init__(
        self, database: SandboxDatabase, clock: Clock, events: Events, large: LargeFiles
    ) -> None:
        self._database = database
        self._by_id = Remembered(database, self._stored)
        self._heads = Remembered(database, self._read_head)
        self._large = large
        self._events = events
        self._clock = clock
        self._contents = Contents(database)
        self._trees = Trees(database)

    def resolve(self, uid: str, revision: str | None) -> Commit | None:
        """The commit that `revision` names: an id, the beginning of one, a branch, a tag or a ref.

        None is the head; it is also the answer when the default branch has no commit yet.

        Raises:
            RevisionNotFound: it names none, or more than one.
        """
        if revision is None:
            return self._heads(uid)
        # As in git, a full id names a commit whatever branches there are.
        if _FULL.fullmatch(revision):
            return self._read(uid, revision)
        with self._database.reading():
            oid = self._oid(uid, revision)
            return None if oid is None else self._read(uid, oid)

    def listing(self, commit: Commit | None) -> Listing:
        """The files of a commit; none without one."""
        return Listing(self._trees, commit.tree if commit else EMPTY)

    def files(self, uid: str, oid: str) -> Listing:
        """The files of the commit with that id.

        Raises:
            RevisionNotFound: the repository has no such commit.
        """
        return self.listing(self._read(uid, oid))

    def content(self, oid: str) -> bytes:
        return self._contents.read(oid)

    def card(self, commit: Commit | None) -> Card:
        """What the README.md of a commit says; an empty card without one."""
        found = self.listing(commit).get(CARD)
        return Card() if found is None else self._contents.card(found[0])

    def differences(
        self, old: Commit | None, new: Commit
    ) -> dict[str, tuple[Blob | None, Blob | None]]:
        """Each file that is not the same in two commits, as it is in both."""
        return self._trees.differences(self.listing(old).root, new.tree)

    def history(self, uid: str, oid: str, *, offset: int = 0, limit: int = 1000) -> list[Commit]:
        """A commit and those before it, newest first."""
        query = text(
            "WITH RECURSIVE line(oid, step) AS ("
            " SELECT :oid, 0 UNION ALL"
            " SELECT c.parent, step + 1 FROM line JOIN hub_commits c"
            " ON c.uid = :uid AND c.oid = line.oid WHERE c.parent IS NOT NULL AND step < :last)"
            " SELECT c.* FROM line JOIN hub_commits c ON c.uid = :uid AND c.oid = line.oid"
            " WHERE step >= :offset ORDER BY step"
        )
        with self._database.reading() as connection:
            rows = connection.execute(
                query, {"uid": uid, "oid": oid, "offset": offset, "last": offset + limit - 1}
            ).all()
        return [_commit(row) for row in rows]

    def count(self, uid: str, oid: str) -> int:
        """How many commits the history of a commit has, itself among them."""
        query = text(
            "WITH RECURSIVE line(oid) AS ("
            " SELECT :oid UNION ALL"
            " SELECT c.parent FROM line JOIN hub_commits c ON c.uid = :uid AND c.oid = line.oid"
            " WHERE c.parent IS NOT NULL)"
            " SELECT count(*) FROM line"
        )
        with self._database.reading() as connection:
            return int(connection.execute(query, {"uid": uid, "oid": oid}).scalar_one())

    def last_changes(self, uid: str, oid: str, paths: set[str]) -> dict[str, Commit]:
        """For each of `paths`, files or folders, the newest commit that changed it."""
        found: dict[str, Commit] = {}
        wanted = set(paths)
        history = self.history(uid, oid)
        for commit, before in zip(history, [*history[1:], None], strict=True):
            if not wanted:
                break
            changed = self._trees.changed(self.listing(before).root, commit.tree, wanted)
            found.update(dict.fromkeys(changed, commit))
            wanted -= changed
        return found

    def commit(
        self,
        uid: str,
        person: Person,
        change: Change,
        *,
        title: str,
        message: str = "",
        branch: str = MAIN,
        parent: str | None = None,
    ) -> Commit:
        """Make a commit on `branch`, a full ref name.

        `parent` is the commit that it must follow, for those who must not overwrite others' work.

        Raises:
            RevisionNotFound: there is no such branch.
            Refusal: the branch moved on from `parent`, a path cannot be, or a large file was never
                uploaded.
        """
        added, large = self._added(change)
        with self._database.transaction():
            head = self._target(uid, branch)
            if head is None and branch != MAIN:
                raise _no_revision(branch)
            if parent is not None and (head is None or not _begins(head, parent)):
                raise Refusal(
                    412,
                    "The branch was updated since you opened this page. Please refresh and try again.",
                    "PreconditionFailed",
                )
            before = self._read(uid, head) if head else None
            listing = self.listing(before)
            tree = self._trees.write(listing.root, edits(listing, change, added))
            self._contents.keep((added[path][0], content) for path, content in change.add.items())
            self._contents.keep((self._large.commit(uid, file), file.pointer) for file in large)
            made = self._write(uid, person, tree, head, title, message)
            self._point(uid, branch, made.oid)
        return made

    def _added(self, change: Change) -> tuple[dict[str, tuple[str, int]], list[LargeFile]]:
        """The blob id and size of every file that a change adds, and those that are large."""
        added: dict[str, tuple[str, int]] = {}
        named = {path: self._large.measured(file) for path, file in change.large.items()}
        large = list(named.values())
        for path, content in change.add.items():
            check_path(path)
            # As in git, a pointer is the file that it points to, however it was sent.
            if (file := pointed_to(content)) is not None:
                large.append(file)
            added[path] = (blob_id(content), len(content) if file is None else file.size)
        for path, file in named.items():
            added[check_path(path)] = (file.oid, file.size)
        return added, large

    def merge(
        self, uid: str, person: Person, ref: str, *, base: str, title: str, message: str = ""
    ) -> Commit:
        """Bring onto the default branch what `ref` changed since the commit `base`.

        Raises:
            Refusal: both changed the same file.
        """
        with self._database.transaction():
            head, theirs = self._target(uid, MAIN), self._target(uid, ref)
            if head is None or theirs is None:
                raise _no_revision(ref)
            conflicts = self.conflicts(uid, ref, base=base)
            if conflicts:
                raise Refusal(
                    409,
                    f"The default branch has also changed {conflicts[0]!r}; "
                    "resolve the conflict first.",
                )
            made_there = self.differences(self._read(uid, base), self._read(uid, theirs))
            tree = self._trees.write(
                self._read(uid, head).tree, {path: new for path, (_, new) in made_there.items()}
            )
            made = self._write(uid, person, tree, head, title, message)
            self._point(uid, MAIN, made.oid)
        return made

    def conflicts(self, uid: str, ref: str, *, base: str) -> list[str]:
        """The files that both `ref` and the default branch changed since `base`, differently."""
        head, theirs = self._target(uid, MAIN), self._target(uid, ref)
        if head is None or theirs is None:
            return []
        old = self._read(uid, base)
        ours, new = (self.differences(old, self._read(uid, oid)) for oid in (head, theirs))
        return sorted(path for path in ours.keys() & new.keys() if ours[path] != new[path])

    def begin(
        self, uid: str, person: Person, listing: Listing, *, title: str, branch: str = MAIN
    ) -> Commit:
        """Let a branch begin with a commit of the files of `listing`, without what was before."""
        with self._database.transaction():
            made = self._write(uid, person, listing.root, None, title, "")
            self._point(uid, branch, made.oid)
        return made

    def squash(self, uid: str, person: Person, branch: str, *, title: str) -> Commit:
        """Make one commit of a branch's history. It does not ask whether a DOI names a revision.

        Raises:
            RevisionNotFound: there is no such branch.
        """
        with self._database.transaction():
            head = self._target(uid, branch)
            if head is None:
                raise _no_revision(branch)
            return self.begin(uid, person, self.files(uid, head), title=title, branch=branch)

    def refs(self, uid: str) -> dict[str, str]:
        """Full ref name -> commit id, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(REFS.c.name, REFS.c.target).where(REFS.c.uid == uid).order_by(REFS.c.name)
            ).all()
        return {row.name: row.target for row in rows}

    def create_ref(self, uid: str, name: str, target: str) -> None:
        """Name a commit, by a full ref name.

        Raises:
            Refusal: the name is taken, or cannot be one.
        """
        short = name.split("/", 2)[2]
        bad = _REF.fullmatch(short) is None or ".." in short or "//" in short
        bad = bad or short.startswith("refs/") or _FULL.fullmatch(short) is not None
        if bad or short.endswith(("/", ".", ".lock")):
            raise Refusal(400, f"{short[:60]!r} cannot be the name of a branch or tag.")
        with self._database.transaction():
            if self._target(uid, name) is not None:
                raise Refusal(409, f"Reference {name} already exists; choose another name.")
            self._point(uid, name, target)

    def open_pull(self, uid: str, num: int, target: str) -> None:
        self._point(uid, f"refs/pr/{num}", target)

    def delete_ref(self, uid: str, name: str) -> None:
        """Forget a branch or tag; its commits stay.

        Raises:
            RevisionNotFound: there is none of that name.
            Refusal: it is the default branch.
        """
        if name == MAIN:
            raise Refusal(403, "Cannot delete refs/heads/main: it is the default branch.")
        with self._database.transaction() as connection:
            before = self._target(uid, name)
            done = connection.execute(
                delete(REFS).where(REFS.c.uid == uid, REFS.c.name == name)
            ).rowcount
            if not done:
                short = name.split("/", 2)[2]
                raise Refusal(
                    404,
                    f"Invalid rev id: there is no {short[:60]!r} to delete.",
                    "RevisionNotFound",
                )
            self._updated(uid, name, before, None)

    def _oid(self, uid: str, revision: str) -> str | None:
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(REFS.c.name, REFS.c.target).where(REFS.c.uid == uid, REFS.c.name.in_(names))
            ).all()
        targets = {row.name: str(row.target) for row in rows}
        for name in names:
            if name in targets:
                return targets[name]
        if revision in ("main", "HEAD", MAIN):
            return self._target(uid, MAIN)
        if _PREFIX.fullmatch(revision):
            with self._database.reading() as connection:
                found = connection.execute(
                    select(COMMITS.c.oid)
                    .where(
                        COMMITS.c.uid == uid,
                        COMMITS.c.oid >= revision,
                        COMMITS.c.oid < revision + "g",
                    )
                    .limit(2)
                ).scalars()
                oids = [str(oid) for oid in found]
            if len(oids) == 1:
                return oids[0]
            if oids:
                raise RevisionNotFound(
                    f"More than one revision begins with {revision}; give more of its digits."
                )
        raise _no_revision(revision)

    def _target(self, uid: str, name: str) -> str | None:
        with self._database.reading() as connection:
            target = connection.execute(_TARGET, {"of": uid, "ref": name}).scalar()
        return None if target is None else str(target)

    def _read(self, uid: str, oid: str) -> Commit:
        return self._by_id((uid, oid))

    def _read_head(self, uid: str) -> Commit | None:
        with self._database.reading() as connection:
            row = connection.execute(_HEAD, {"of": uid}).first()
        return None if row is None else _commit(row)

    def _stored(self, name: tuple[str, str]) -> Commit:
        uid, oid = name
        with self._database.reading() as connection:
            row = connection.execute(_COMMIT, {"of": uid, "id": oid}).first()
        if row is None:
            raise _no_revision(oid)
        return _commit(row)

    def _write(
        self,
        uid: str,
        person: Person,
        tree: str,
        parent: str | None,
        title: str,
        message: str,
    ) -> Commit:
        moment = self._clock.now()
        commit = Commit(
            oid=commit_id(
                tree=tree,
                parent=parent,
                author=person.full_name,
                username=person.username,
                moment=moment,
                message=f"{title}\n\n{message}" if message else title,
            ),
            parent=parent,
            tree=tree,
            author=person.username,
            created=hub_time(moment),
            title=title,
            message=message,
        )
        with self._database.transaction() as connection:
            # Two people who make the same commit in the same second make one commit, as in git.
            connection.execute(
                upsert(COMMITS)
                .values(
                    uid=uid,
                    oid=commit.oid,
                    parent=parent,
                    tree=tree,
                    author=commit.author,
                    created=commit.created,
                    title=title,
                    message=message,
                )
                .on_conflict_do_nothing(index_elements=[COMMITS.c.uid, COMMITS.c.oid])
            )
        return commit

    def _point(self, uid: str, name: str, target: str) -> None:
        with self._database.transaction() as connection:
            before = self._target(uid, name)
            connection.execute(
                upsert(REFS)
                .values(uid=uid, name=name, target=target)
                .on_conflict_do_update(
                    index_elements=[REFS.c.uid, REFS.c.name], set_={"target": target}
                )
            )
            if name == MAIN:
                head = self._read(uid, target)
                repo_type = connection.execute(
                    select(REPOSITORIES.c.type).where(REPOSITORIES.c.uid == uid)
                ).scalar_one()
                tags = self.card(head).tags_for(repo_type)
                connection.execute(delete(TAGS).where(TAGS.c.uid == uid))
                if tags:
                    connection.execute(insert(TAGS), [{"uid": uid, "tag": tag} for tag in tags])
                connection.execute(
                    REPOSITORIES.update()
                    .where(REPOSITORIES.c.uid == uid)
                    .values(updated=head.created)
                )
            self._updated(uid, name, before, target)

    def _updated(self, uid: str, name: str, before: str | None, after: str | None) -> None:
        changed = {"ref": name, "oldSha": before, "newSha": after}
        self._events.emit(uid, "repo.content", "update", updatedRefs=[changed])


def _begins(head: str, parent: str) -> bool:
    return len(parent) >= 7 and head.startswith(parent)


def _commit(row: Row[Any]) -> Commit:
    return Commit(row.oid, row.parent, row.tree, row.author, row.created, row.title, row.message)


def head_of(row: Row[Any]) -> Commit | None:
    """The latest commit in a row of a query for `HEAD`; None where there is none yet."""
    if row.head_oid is None:
        return None
    return Commit(
        row.head_oid,
        row.head_parent,
        row.head_tree,
        row.head_author,
        row.head_created,
        row.head_title,
        row.head_message,
    )


def _no_revision(revision: str) -> RevisionNotFound:
    shown = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")[:60]
    return RevisionNotFound(f"There is no revision {shown!r} in this repository.")
