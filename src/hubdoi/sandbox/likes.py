"""Who likes which repository."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ForeignKey, Index, Row, Table, Text, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.database import Database
from ..minting.prepared import Prepared
from ..records import Person
from .clock import Clock, hub_time
from .repositories import from_row, visible_to
from .tables import METADATA, PEOPLE, REPOSITORIES

LIKES = Table(
    "hub_likes",
    METADATA,
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
    Column("username", ForeignKey(PEOPLE.c.username), primary_key=True),
    Column("created", Text, nullable=False),
)
Index("hub_likes_by_username", LIKES.c.username)

_COUNT = Prepared(select(func.count()).where(LIKES.c.uid == bindparam("of")))


class Likes:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, uid: str, username: str) -> None:
        """Somebody likes a repository; twice is as once."""
        with self._database.transaction() as connection:
            connection.execute(
                upsert(LIKES)
                .values(uid=uid, username=username, created=hub_time(self._clock.now()))
                .on_conflict_do_nothing()
            )

    def remove(self, uid: str, username: str) -> None:
        """Somebody likes it no more."""
        with self._database.transaction() as connection:
            connection.execute(
                delete(LIKES).where(LIKES.c.uid == uid, LIKES.c.username == username)
            )

    def of(self, uid: str) -> list[tuple[str, str]]:
        """The user names and full names of those who like a repository, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(PEOPLE.c.username, PEOPLE.c.full_name)
                .join(LIKES, LIKES.c.username == PEOPLE.c.username)
                .where(LIKES.c.uid == uid)
                .order_by(PEOPLE.c.username)
            ).all()
        return [(row.username, row.full_name) for row in rows]

    def count(self, uid: str) -> int:
        """How many people like a repository."""
        with self._database.reading() as connection:
            return int(_COUNT.scalar(connection, {"of": uid}))

    def counts(self, uids: Iterable[str]) -> dict[str, int]:
        """How many people like each of the repositories `uids`."""
        found = dict.fromkeys(uids, 0)
        query = (
            select(LIKES.c.uid, func.count()).where(LIKES.c.uid.in_(found)).group_by(LIKES.c.uid)
        )
        with self._database.reading() as connection:
            return found | {row[0]: row[1] for row in connection.execute(query)}

    def by(self, username: str, person: Person | None) -> list[tuple[str, str, str]]:
        """The type, id and time of what `username` likes, as far as `person` may see it."""
        query = (
            select(REPOSITORIES, LIKES.c.created.label("liked"))
            .join(LIKES, LIKES.c.uid == REPOSITORIES.c.uid)
            .where(LIKES.c.username == username, REPOSITORIES.c.deleted.is_(None))
            .where(visible_to(person))
            .order_by(LIKES.c.created.desc(), REPOSITORIES.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_liked(row) for row in rows]


def _liked(row: Row[tuple[object, ...]]) -> tuple[str, str, str]:
    repo = from_row(row).repo
    return repo.type, repo.id, str(row.liked)
