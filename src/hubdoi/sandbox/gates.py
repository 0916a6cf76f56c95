"""Gated repositories: everybody sees them, and who was let in reads their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

from sqlalchemy import Column, ForeignKey, Row, Table, Text, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.database import Database
from ..records import Person
from .clock import Clock, hub_time
from .refusal import Refusal
from .repositories import Repository
from .tables import METADATA, PEOPLE, REPOSITORIES

GATES = Table(
    "hub_gates",
    METADATA,
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
    Column("mode", Text, nullable=False),
)

ACCESS = Table(
    "hub_access_requests",
    METADATA,
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
    Column("username", ForeignKey(PEOPLE.c.username), primary_key=True),
    Column("status", Text, nullable=False),
    Column("asked", Text, nullable=False),
)

Mode = Literal["auto", "manual", False]
AccessStatus = Literal["pending", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Somebody asked for access, or was given it."""

    id: str
    username: str
    full_name: str
    status: str
    asked: str


class Gates:
    """Which repositories of one database are gated, and who may read their files."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def mode(self, uid: str) -> Mode:
        """Whether access is given automatically or by the owner; False without a gate."""
        return self._modes.get(uid, False)

    def set_mode(self, uid: str, mode: Mode) -> None:
        """Gate a repository, or open it. Those who were let in stay so."""
        with self._database.transaction() as connection:
            connection.execute(delete(GATES).where(GATES.c.uid == uid))
            if mode:
                connection.execute(upsert(GATES).values(uid=uid, mode=mode))
        self._modes[uid] = mode

    def lets_in(self, found: Repository, person: Person | None) -> bool:
        """Whether `person` may read the files."""
        if not self.mode(found.uid) or found.is_writable_by(person):
            return True
        return person is not None and self.status(found.uid, person.username) == "accepted"

    def refuse_without_access(
        self, found: Repository, person: Person | None, endpoint: str
    ) -> None:
        """Let only those pass who may read the files.

        Raises:
            Refusal: `person` was not let in (403), or nobody is signed in (401).
        """
        if self.lets_in(found, person):
            return
        what = f"{found.repo.type} {found.repo.id}"
        where = f"Visit {endpoint}/{found.repo.path} to ask for access."
        if person is None:
            raise Refusal(
                401,
                f"Access to {what} is restricted; sign in first. {where}",
                "GatedRepo",
            )
        why = {
            "pending": "your request is pending a review by the owner.",
            "rejected": "your request was rejected by the owner.",
        }.get(
            self.status(found.uid, person.username) or "",
            f"you are not in the authorized list. {where}",
        )
        raise Refusal(403, f"Access to {what} is restricted and {why}", "GatedRepo")

    def status(self, uid: str, username: str) -> str | None:
        with self._database.reading() as connection:
            query = select(ACCESS.c.status).where(
                ACCESS.c.uid == uid, ACCESS.c.username == username
            )
            found: str | None = connection.execute(query).scalar()
        return found

    def ask(self, uid: str, username: str) -> None:
        """Somebody asks for access; it is given at once where the gate is automatic.

        Raises:
            Refusal: the repository is not gated.
        """
        mode = self.mode(uid)
        if not mode:
            raise Refusal(400, "This repository is not gated.")
        with self._database.transaction():
            if self.status(uid, username) is None:
                self.set_status(uid, username, "accepted" if mode == "auto" else "pending")

    def set_status(self, uid: str, username: str, status: AccessStatus) -> None:
        """Decide on a request, made or not."""
        with self._database.transaction() as connection:
            connection.execute(
                upsert(ACCESS)
                .values(
                    uid=uid, username=username, status=status, asked=hub_time(self._clock.now())
                )
                .on_conflict_do_update(
                    index_elements=[ACCESS.c.uid, ACCESS.c.username], set_={"status": status}
                )
            )

    def requests(self, uid: str, status: str | None = None) -> list[AccessRequest]:
        """The requests, or those of one status, the oldest first."""
        query = (
            select(ACCESS, PEOPLE.c.full_name)
            .join(PEOPLE, PEOPLE.c.username == ACCESS.c.username)
            .where(ACCESS.c.uid == uid)
            .order_by(ACCESS.c.asked, ACCESS.c.username)
        )
        if status is not None:
            query = query.where(ACCESS.c.status == status)
        with self._database.reading() as connection:
            return [_request(row) for row in connection.execute(query).all()]

    @cached_property
    def _modes(self) -> dict[str, Mode]:
        # A dictionary, since every description of a repository asks; one process has the directory.
        with self._database.reading() as connection:
            rows = connection.execute(select(GATES)).all()
        return {row.uid: cast(Mode, row.mode) for row in rows}


def _request(row: Row[tuple[object, ...]]) -> AccessRequest:
    made = hashlib.sha256(f"{row.uid}/{row.username}".encode()).hexdigest()[:24]
    return AccessRequest(made, row.username, row.full_name, row.status, row.asked)
