"""Discussions and pull requests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, update

from ..minting.database import Database
from ..records import Person
from .clock import Clock, hub_time
from .commits import MAIN, Commits
from .events import Events
from .refusal import Refusal
from .tables import DISCUSSIONS, EVENTS

Status = Literal["open", "closed", "merged", "draft"]


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion; of a pull request, `base` is the commit that it started from."""

    uid: str
    num: int
    title: str
    author: str
    created: str
    status: str
    is_pull_request: bool
    base: str | None
    merge_commit: str | None

    @property
    def ref(self) -> str:
        """The ref name of the pull request's branch."""
        return f"refs/pr/{self.num}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a discussion: `type` and `data` are as in the Hub's API."""

    id: str
    type: str
    author: str
    created: str
    data: dict[str, Any]


class Discussions:
    def __init__(self, database: Database, clock: Clock, commits: Commits, events: Events) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self._commits = commits

    def open(
        self, uid: str, person: Person, title: str, description: str, *, base: str | None = None
    ) -> Discussion:
        """Begin a discussion, or, from the commit `base`, a pull request."""
        with self._database.transaction() as connection:
            last = connection.execute(
                select(func.max(DISCUSSIONS.c.num)).where(DISCUSSIONS.c.uid == uid)
            ).scalar()
            num = (last or 0) + 1
            connection.execute(
                insert(DISCUSSIONS).values(
                    uid=uid,
                    num=num,
                    title=title,
                    author=person.username,
                    created=hub_time(self._clock.now()),
                    status="open",
                    is_pull_request=base is not None,
                    base=base,
                )
            )
            first = self._commented(uid, num, person, description)
            if base is not None:
                self._commits.open_pull(uid, num, base)
            self._emit(uid, num, "discussion", "create", first)
            return self.get(uid, num)

    def get(self, uid: str, num: int) -> Discussion:
        """The discussion of that number.

        Raises:
            Refusal: there is none.
        """
        row = None
        # SQLite has no larger numbers.
        if num < 2**63:
            with self._database.reading() as connection:
                row = connection.execute(
                    select(DISCUSSIONS).where(DISCUSSIONS.c.uid == uid, DISCUSSIONS.c.num == num)
                ).first()
        if row is None:
            raise Refusal(404, "There is no discussion of that number here.", "DiscussionNotFound")
        return _discussion(row)

    def all(
        self,
        uid: str,
        *,
        status: str | None = None,
        author: str | None = None,
        pull_requests: bool | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[list[Discussion], int]:
        """Discussions, newest first, and how many there are in all."""
        wanted = [DISCUSSIONS.c.uid == uid]
        if status == "open":
            wanted.append(DISCUSSIONS.c.status.in_(("open", "draft")))
        elif status == "closed":
            wanted.append(DISCUSSIONS.c.status.in_(("closed", "merged")))
        if author is not None:
            wanted.append(DISCUSSIONS.c.author == author)
        if pull_requests is not None:
            wanted.append(DISCUSSIONS.c.is_pull_request.is_(pull_requests))
        with self._database.reading() as connection:
            count = connection.execute(
                select(func.count()).select_from(DISCUSSIONS).where(*wanted)
            ).scalar_one()
            rows = connection.execute(
                select(DISCUSSIONS)
                .where(*wanted)
                .order_by(DISCUSSIONS.c.num.desc())
                .offset(offset)
                .limit(limit)
            ).all()
        return [_discussion(row) for row in rows], count

    def events(self, uid: str, num: int) -> list[Event]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(EVENTS)
                .where(EVENTS.c.uid == uid, EVENTS.c.num == num)
                .order_by(EVENTS.c.position)
            ).all()
        return [_event(row) for row in rows]

    def comment(self, uid: str, num: int, person: Person, text: str) -> Event:
        with self._database.transaction():
            made = self._commented(uid, num, person, text)
            self._emit(uid, num, "discussion.comment", "create", made)
        return made

    def edit(self, uid: str, num: int, event_id: str, person: Person, text: str) -> Event:
        """Change a comment of one's own.

        Raises:
            Refusal: there is no such comment, or it is somebody else's.
        """
        changed = {"raw": text, "edited": True}
        return self._change(uid, num, event_id, person, changed, only_own=True)

    def hide(self, uid: str, num: int, event_id: str, person: Person, *, moderates: bool) -> Event:
        """Hide a comment of one's own, or anybody's where `person` moderates the repository.

        Raises:
            Refusal: there is no such comment, or it is somebody else's.
        """
        changed = {"raw": "", "hidden": True}
        return self._change(uid, num, event_id, person, changed, only_own=not moderates)

    def _change(
        self,
        uid: str,
        num: int,
        event_id: str,
        person: Person,
        changed: dict[str, object],
        *,
        only_own: bool,
    ) -> Event:
        with self._database.transaction() as connection:
            found = [event for event in self.events(uid, num) if event.id == event_id]
            if not found or found[0].type != "comment":
                raise Refusal(404, "There is no such comment here.", "CommentNotFound")
            event = found[0]
            if only_own and event.author != person.username:
                raise Refusal(403, "Only the author of a comment can change it.")
            data = {**event.data, **changed, "updated": hub_time(self._clock.now())}
            connection.execute(
                update(EVENTS)
                .where(EVENTS.c.uid == uid, EVENTS.c.num == num, EVENTS.c.id == event_id)
                .values(data=json.dumps(data))
            )
            made = Event(event.id, event.type, event.author, event.created, data)
            self._emit(uid, num, "discussion.comment", "update", made)
        return made

    def rename(self, uid: str, num: int, person: Person, title: str) -> Event:
        with self._database.transaction() as connection:
            before = self.get(uid, num).title
            connection.execute(_of(uid, num).values(title=title))
            made = self._happened(uid, num, person, "title-change", {"from": before, "to": title})
            self._emit(uid, num, "discussion", "update")
        return made

    def set_status(self, uid: str, num: int, person: Person, status: Status) -> Event:
        """Open or close a discussion.

        Raises:
            Refusal: it is a pull request that was merged.
        """
        with self._database.transaction() as connection:
            if self.get(uid, num).status == "merged":
                raise Refusal(409, "This pull request was merged; its status stays.")
            connection.execute(_of(uid, num).values(status=status))
            made = self._happened(uid, num, person, "status-change", {"status": status})
            self._emit(uid, num, "discussion", "update")
        return made

    def committed(self, uid: str, num: int, person: Person, oid: str, title: str) -> Event:
        """Note a commit on the branch of a pull request."""
        return self._happened(uid, num, person, "commit", {"subject": title, "oid": oid})

    def merge(self, uid: str, num: int, person: Person) -> str:
        """Bring a pull request onto the default branch; the answer is the commit's id.

        Raises:
            Refusal: it is none, it is not open, or both sides changed the same file.
        """
        with self._database.transaction() as connection:
            pull = self.get(uid, num)
            if not pull.is_pull_request or pull.base is None:
                raise Refusal(400, f"Discussion {num} is not a pull request.")
            if pull.status not in ("open", "draft"):
                raise Refusal(409, f"Pull request {num} is {pull.status}; open it first.")
            made = self._commits.merge(
                uid, person, pull.ref, base=pull.base, title=f"{pull.title} (#{num})"
            )
            connection.execute(_of(uid, num).values(status="merged", merge_commit=made.oid))
            self._happened(uid, num, person, "status-change", {"status": "merged"})
            self._emit(uid, num, "discussion", "update")
        return made.oid

    def _commented(self, uid: str, num: int, person: Person, text: str) -> Event:
        data = {"raw": text, "edited": False, "hidden": False}
        return self._happened(uid, num, person, "comment", data)

    def _emit(
        self, uid: str, num: int, scope: str, action: str, comment: Event | None = None
    ) -> None:
        found = self.get(uid, num)
        about: dict[str, Any] = {
            "id": f"{uid}-{num}",
            "num": num,
            "title": found.title,
            "status": found.status,
            "isPullRequest": found.is_pull_request,
            "author": {"id": f"user-{found.author}"},
        }
        if found.is_pull_request:
            about["changes"] = {"base": MAIN, "mergeCommitId": found.merge_commit}
        more = {"discussion": about}
        if comment is not None:
            more["comment"] = {
                "id": comment.id,
                "author": {"id": f"user-{comment.author}"},
                "content": comment.data["raw"],
                "hidden": comment.data["hidden"],
            }
        self._events.emit(uid, scope, action, **more)

    def _happened(
        self, uid: str, num: int, person: Person, kind: str, data: dict[str, Any]
    ) -> Event:
        with self._database.transaction() as connection:
            position = connection.execute(
                select(func.count())
                .select_from(EVENTS)
                .where(EVENTS.c.uid == uid, EVENTS.c.num == num)
            ).scalar_one()
            made = Event(
                id=hashlib.sha256(f"{uid}/{num}/{position}".encode()).hexdigest()[:24],
                type=kind,
                author=person.username,
                created=hub_time(self._clock.now()),
                data=data,
            )
            connection.execute(
                insert(EVENTS).values(
                    uid=uid,
                    num=num,
                    position=position,
                    id=made.id,
                    type=kind,
                    author=made.author,
                    created=made.created,
                    data=json.dumps(data),
                )
            )
        return made


def _of(uid: str, num: int) -> Any:
    return update(DISCUSSIONS).where(DISCUSSIONS.c.uid == uid, DISCUSSIONS.c.num == num)


def _discussion(row: Row[Any]) -> Discussion:
    return Discussion(
        uid=row.uid,
        num=row.num,
        title=row.title,
        author=row.author,
        created=row.created,
        status=row.status,
        is_pull_request=bool(row.is_pull_request),
        base=row.base,
        merge_commit=row.merge_commit,
    )


def _event(row: Row[Any]) -> Event:
    return Event(row.id, row.type, row.author, row.created, json.loads(row.data))
