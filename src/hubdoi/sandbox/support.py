"""Requests to support: the only way to a locked action (R10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import sqlalchemy as sa

from ..hub.doi_shapes import MAX_REASON
from ..minting.rules import check_same_hands, check_write_access
from ..records import Person, Repo, show_moment
from ..records.errors import (
    HubdoiError,
    InvalidMetadata,
    RepoNotFound,
    SandboxError,
    SignInRequired,
    WriteAccessRequired,
)
from ..records.mint_request import check_text

if TYPE_CHECKING:
    from .world import World


Action = Literal["delete", "move", "private"]
ACTIONS: tuple[Action, ...] = ("delete", "move", "private")

metadata = sa.MetaData()

_requests = sa.Table(
    "support_requests",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("uid", sa.Text, nullable=False, index=True),
    sa.Column("repo_type", sa.Text, nullable=False),
    sa.Column("repo_id", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("to_id", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("granted", sa.Text),
)


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """What somebody asked support for; `granted` is when it was granted, None while it is open."""

    number: int
    repo: Repo
    action: Action
    reason: str
    to: str | None
    username: str
    asked: str
    granted: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "repo": {"type": self.repo.type, "id": self.repo.id},
            "action": self.action,
            "reason": self.reason,
            "to": self.to,
            "by": self.username,
            "asked": self.asked,
            "granted": self.granted,
            "state": "granted" if self.granted else "open",
        }


class Support:
    """The requests, and what happens when one is granted."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.database.create(metadata)

    def ask_from_json(
        self, repo: Repo, person: Person | None, body: Mapping[str, Any]
    ) -> SupportRequest:
        """`ask`, with the body of a POST. Raises as `ask` does."""
        known = ("action", "reason", "to")
        unknown = sorted(str(key) for key in body if key not in known)
        if unknown:
            raise InvalidMetadata(
                f"A request to support has no {unknown[0][:60]!r}; the keys are {', '.join(known)}."
            )
        return self.ask(repo, person, body.get("action"), body.get("reason"), body.get("to"))

    def ask(
        self, repo: Repo, person: Person | None, action: Any, reason: Any, to: Any = None
    ) -> SupportRequest:
        """Record a request of a person with write access; one that is open already is not asked twice.

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: who asks cannot ask for this.
            InvalidMetadata, InvalidRepo: the request is not complete.
        """
        if person is None:
            raise SignInRequired("Sign in to send a request to support.")
        info = self._world.store.info(repo, person)
        if not info.can_write:
            raise WriteAccessRequired(
                f"Only a person with write access to {info.repo} can request this."
            )
        if action not in ACTIONS:
            raise InvalidMetadata(
                f"Support can be asked to {', '.join(ACTIONS)}; name one of them as action."
            )
        if not isinstance(reason, str) or not reason.strip():
            raise InvalidMetadata("Give a reason for the request, in a sentence.")
        check_text(reason, "The reason", MAX_REASON)
        target = self._target(info.repo, to) if action == "move" else None
        asked = {
            "uid": info.uid,
            "repo_type": info.repo.type,
            "repo_id": info.repo.id,
            "action": action,
            "to_id": target,
            "reason": reason.strip(),
            "username": person.username,
        }
        same = [_requests.c[name].is_not_distinct_from(value) for name, value in asked.items()]
        still_open = sa.select(_requests.c.number).where(_requests.c.granted.is_(None), *same)
        with self._world.transaction() as db:
            number = db.scalar(still_open)
            if number is None:
                now = show_moment(self._world.clock.now())
                added = db.execute(_requests.insert().values(**asked, asked=now))
                number = (added.inserted_primary_key or (0,))[0]
            return self._find(number)

    def _target(self, repo: Repo, to: Any) -> str:
        """The id that a move leads to.

        Raises:
            InvalidMetadata, InvalidRepo: it can never lead there.
        """
        if not isinstance(to, str):
            raise InvalidMetadata("To move a repository, give its new name (--to).")
        target = Repo(repo.type, to.removeprefix("datasets/") if repo.type == "dataset" else to)
        if target.namespace is None:
            raise InvalidMetadata(
                f"{target.id!r} has no owner; write the new name like ada/tiny-bert."
            )
        try:
            self._world.store.people.owner(target.namespace)
        except SandboxError as error:
            raise InvalidMetadata(error.message) from error
        return target.id

    def requests(self) -> tuple[SupportRequest, ...]:
        with self._world.reading() as db:
            return tuple(
                _request(row) for row in db.execute(_requests.select().order_by(_requests.c.number))
            )

    def requests_for(self, uid: str) -> tuple[SupportRequest, ...]:
        """The requests of the present owner for one repository, oldest first."""
        owner = self._world.store.repositories.by_uid(uid).repo.namespace
        with self._world.reading() as db:
            rows = db.execute(
                _requests.select().where(_requests.c.uid == uid).order_by(_requests.c.number)
            )
            found = tuple(_request(row) for row in rows)
        return tuple(request for request in found if request.repo.namespace == owner)

    def grant(self, number: int) -> SupportRequest:
        """Do what was asked, in one transaction with the record that it was granted (R10).

        A request belongs to the owner who wrote it: once the repository has changed hands, or who
        asked cannot write to it any more, it is void.

        Raises:
            SandboxError: there is no such request, or it was granted before, or it cannot be done.
        """
        with self._world.transaction() as db:
            request = self._find(number)
            if request.granted:
                raise _CannotGrant(f"Request {number} was granted already, at {request.granted}.")
            uid = db.scalar(sa.select(_requests.c.uid).where(_requests.c.number == number))
            now = self._world.clock.now()
            try:
                self._carry_out(request, str(uid), now)
            except HubdoiError as error:
                raise _CannotGrant(
                    f"Request {number} cannot be granted: {error.message}"
                ) from error
            db.execute(
                _requests.update()
                .where(_requests.c.number == number)
                .values(granted=show_moment(now))
            )
            return self._find(number)

    def _carry_out(self, request: SupportRequest, uid: str, now: Any) -> None:
        store, ledger = self._world.store, self._world.ledger
        if store.repositories.by_uid(uid).deleted:
            raise RepoNotFound(f"{request.repo} was deleted in the meantime.")
        info = store.info_of(uid, store.people.person(request.username))
        check_same_hands(info, request.repo, uid)
        check_write_access(info)
        if request.action == "delete":
            store.delete(uid)
            ledger.mark_deleted(uid, at=now, reason=request.reason)
        elif request.action == "move":
            target = Repo(request.repo.type, request.to or "")
            store.move(uid, target.id)
            ledger.rename(uid, target)
            for version in ledger.versions(uid):
                self._world.registrar.update(version)
        else:
            store.set_private(uid, True)

    def _find(self, number: int) -> SupportRequest:
        with self._world.reading() as db:
            row = db.execute(_requests.select().where(_requests.c.number == number)).first()
        if row is None:
            raise _NoSuchRequest(
                f"There is no request number {number}; list them with: hubdoi sandbox requests"
            )
        return _request(row)


class _CannotGrant(SandboxError):
    http_status = 409


class _NoSuchRequest(SandboxError):
    http_status = 404


def _request(row: Any) -> SupportRequest:
    return SupportRequest(
        row.number,
        Repo(row.repo_type, row.repo_id),
        cast(Action, row.action),
        row.reason,
        row.to_id,
        row.username,
        row.asked,
        row.granted,
    )
