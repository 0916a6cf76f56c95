"""The people whom a gateway knows by name: their role, and the groups one of whose policies counts for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from ..minting.database import Database
from ..records import show_moment
from ..records.errors import InvalidInput, PolicyRefused
from .tables import groups as groups_table
from .tables import people

MOST_GROUPS = 500
Role = Literal["member", "curator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may: mint, decide requests, change people and policies."""
# One row, whichever of the two tables knows them.
_asked = sa.select(sa.bindparam("asked", type_=sa.Text).label("key")).subquery()
MEMBER = sa.select(people, groups_table.c.groups).select_from(
    _asked.outerjoin(people, people.c.username == _asked.c.key).outerjoin(
        groups_table, groups_table.c.username == _asked.c.key
    )
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody by the user name on the Hub; `is_listed` is False for whom nobody added.

    `group` is what an admin says; `groups` are those that JupyterHub or the sign-in provider names.
    """

    username: str
    role: Role = "member"
    group: str | None = None
    is_listed: bool = False
    groups: tuple[str, ...] = ()

    def is_at_least(self, role: Role) -> bool:
        """Whether the role is `role`, or one that may do more."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def check_role(self, role: Role) -> None:
        """Let those pass whose role is enough.

        Raises:
            PolicyRefused: it is not.
        """
        if not self.is_at_least(role):
            raise PolicyRefused(
                f"This is for a {role} of the gateway, and {self.username} is not one; ask an admin of the gateway."
            )


class People:
    def __init__(self, database: Database) -> None:
        self.database = database

    def member(self, username: str) -> Member:
        """Who that is; a member of no group where nobody added them."""
        with self.database.glancing() as db:
            return member_in(db.execute(MEMBER, {"asked": key_of(username)}).one(), username)

    def note_groups(self, username: str, groups: Iterable[str]) -> None:
        """Keep the groups that somebody is in by now, as who knows them said."""
        values = {"groups": json.dumps(sorted(set(groups))[:MOST_GROUPS])}
        table = groups_table
        with self.database.reading() as db:
            query = sa.select(table.c.groups).where(table.c.username == key_of(username))
            if db.scalar(query) == values["groups"]:
                return
        with self.database.transaction() as db:
            db.execute(
                self.database.insert(table)
                .values(username=key_of(username), **values)
                .on_conflict_do_update(index_elements=["username"], set_=values)
            )

    def all(self) -> tuple[Member, ...]:
        """Those who were added, by name."""
        with self.database.reading() as db:
            return tuple(map(_member, db.execute(sa.select(people).order_by(people.c.username))))

    def put(self, username: str, *, role: str = "member", group: str | None = None) -> Member:
        """Add somebody, or change their role and group.

        Raises:
            InvalidInput: there is no such role, or that is no name of a user or of a group.
        """
        if role not in ROLES:
            raise InvalidInput(f"{role[:40]!r} is not a role; the roles are {', '.join(ROLES)}.")
        if not username.strip() or not username.isprintable() or len(username) > 100:
            raise InvalidInput("A person is named by the user name on the Hub, such as ada.")
        if group:
            check_group(group)
        values = {"role": role, "group": group or None}
        with self.database.transaction() as db:
            db.execute(
                self.database.insert(people)
                .values(username=key_of(username), added=show_moment(datetime.now(UTC)), **values)
                .on_conflict_do_update(index_elements=["username"], set_=values)
            )
        return Member(key_of(username), role, group or None, is_listed=True)

    def remove(self, username: str) -> bool:
        """Remove somebody; whether they had been added."""
        with self.database.transaction() as db:
            done = db.execute(people.delete().where(people.c.username == key_of(username)))
            return done.rowcount > 0


def check_group(name: str) -> None:
    """Let the name of a group pass.

    Raises:
        InvalidInput: it cannot be one.
    """
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise InvalidInput("A group has a name of at most 100 characters, such as physics.")


def _member(row: Any) -> Member:
    return Member(row.username, row.role, row.group, is_listed=True)


def member_in(row: Any, username: str) -> Member:
    """The person of that name, in a row of `MEMBER`."""
    known = tuple(json.loads(row.groups)) if row.groups else ()
    found = _member(row) if row.username else Member(username)
    return replace(found, groups=known)


def key_of(username: str) -> str:
    """User names on the Hub differ in more than their case."""
    return username.strip().lower()
