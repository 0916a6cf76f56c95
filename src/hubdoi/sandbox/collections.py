"""Collections: lists of repositories and of other collections, with notes, in an order."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from ..minting.database import Database
from ..records import Person
from ..records.errors import WriteAccessRequired
from .clock import Clock, hub_time
from .refusal import Refusal
from .tables import METADATA

COLLECTIONS = Table(
    "hub_collections",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("private", Boolean, nullable=False),
    Column("theme", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("updated", Text, nullable=False),
)

# `target` is the uid of a repository or the id of a collection.
ITEMS = Table(
    "hub_collection_items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("collection", ForeignKey(COLLECTIONS.c.id), nullable=False),
    Column("type", Text, nullable=False),
    Column("target", Text, nullable=False, index=True),
    Column("note", Text),
    Column("position", Integer, nullable=False),
    UniqueConstraint("collection", "target"),
)

_MOST = 1000
_ID = re.compile(r"(?:.*-)?([0-9a-f]{24})")
_ORDERS = {
    "lastModified": COLLECTIONS.c.updated.desc(),
    "trending": COLLECTIONS.c.updated.desc(),
    "upvotes": COLLECTIONS.c.updated.desc(),
}


@dataclass(frozen=True, slots=True)
class Item:
    """What is in a collection: a model or dataset by its uid, a collection by its id."""

    id: str
    type: str
    target: str
    note: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Collection:
    """The title is part of the slug, and `id` finds it under every title."""

    id: str
    owner: str
    title: str
    description: str | None
    private: bool
    theme: str
    position: int
    updated: str

    @property
    def slug(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{self.owner}/{words}-{self.id}" if words else f"{self.owner}/{self.id}"

    def is_visible_to(self, person: Person | None) -> bool:
        return not self.private or self.is_writable_by(person)

    def is_writable_by(self, person: Person | None) -> bool:
        return person is not None and self.owner in (person.username, *person.organizations)


class Collections:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, owner: str, title: str, description: str | None, *, private: bool
    ) -> Collection:
        """Make an empty collection.

        Raises:
            Refusal: its owner has one of that title (it carries `slug`), or too many.
        """
        with self._database.transaction() as connection:
            present = self._rows(COLLECTIONS.c.owner == owner)
            for one in present:
                if one.title == title:
                    raise Refusal(409, f"There is a collection {title!r} already.", slug=one.slug)
            if len(present) >= _MOST:
                raise Refusal(400, f"{owner} has {_MOST} collections already; delete one first.")
            made = secrets.token_hex(12)
            connection.execute(
                insert(COLLECTIONS).values(
                    id=made,
                    owner=owner,
                    title=title,
                    description=description,
                    private=private,
                    theme="blue",
                    position=len(present),
                    updated=hub_time(self._clock.now()),
                )
            )
            return self._rows(COLLECTIONS.c.id == made)[0]

    def find(self, slug: str, person: Person | None) -> Collection:
        """The collection as `person` may see it; any title may stand before its id.

        Raises:
            Refusal: there is none, or they cannot see it.
        """
        owner, _, name = slug.partition("/")
        match = _ID.fullmatch(name)
        found = self._rows(COLLECTIONS.c.id == match[1]) if match else []
        if not found or found[0].owner != owner or not found[0].is_visible_to(person):
            raise Refusal(404, "Collection not found")
        return found[0]

    def writable(self, slug: str, person: Person) -> Collection:
        """The same, for who may change it.

        Raises:
            WriteAccessRequired: `person` may not.
        """
        found = self.find(slug, person)
        if not found.is_writable_by(person):
            raise WriteAccessRequired(f"{person.username} cannot change {found.slug}.")
        return found

    def by_id(self, id: str, person: Person | None) -> Collection | None:
        """The collection with that id, when `person` may see it."""
        found = self._rows(COLLECTIONS.c.id == id)
        return found[0] if found and found[0].is_visible_to(person) else None

    def listed(
        self, person: Person | None, owner: str | None, target: str | None, order: str | None
    ) -> list[Collection]:
        """The collections that `person` may see: of an owner, with an item, in an order."""
        where = [] if owner is None else [COLLECTIONS.c.owner == owner]
        if target is not None:
            inside = select(ITEMS.c.collection).where(ITEMS.c.target == target)
            where.append(COLLECTIONS.c.id.in_(inside))
        ordered = _ORDERS.get(order or "", COLLECTIONS.c.position)
        return [one for one in self._rows(*where, order=ordered) if one.is_visible_to(person)]

    def change(self, found: Collection, values: dict[str, Any]) -> Collection:
        with self._database.transaction() as connection:
            connection.execute(
                update(COLLECTIONS)
                .where(COLLECTIONS.c.id == found.id)
                .values(**values, updated=hub_time(self._clock.now()))
            )
            return self._rows(COLLECTIONS.c.id == found.id)[0]

    def delete(self, found: Collection) -> None:
        with self._database.transaction() as connection:
            inside = (ITEMS.c.collection == found.id) | (ITEMS.c.target == found.id)
            connection.execute(delete(ITEMS).where(inside))
            connection.execute(delete(COLLECTIONS).where(COLLECTIONS.c.id == found.id))

    def items(self, found: Collection) -> list[Item]:
        query = (
            select(ITEMS.c.id, ITEMS.c.type, ITEMS.c.target, ITEMS.c.note, ITEMS.c.position)
            .where(ITEMS.c.collection == found.id)
            .order_by(ITEMS.c.position)
        )
        with self._database.reading() as connection:
            return [Item(*row) for row in connection.execute(query)]

    def add(self, found: Collection, kind: str, target: str, note: str | None) -> None:
        """Put something at the end.

        Raises:
            Refusal: it is there already, or the collection is full.
        """
        with self._database.transaction() as connection:
            present = self.items(found)
            if any(item.target == target for item in present):
                raise Refusal(409, "This is in the collection already.")
            if len(present) >= _MOST:
                raise Refusal(400, f"A collection has at most {_MOST} items.")
            connection.execute(
                insert(ITEMS).values(
                    id=secrets.token_hex(12),
                    collection=found.id,
                    type=kind,
                    target=target,
                    note=note,
                    position=present[-1].position + 1 if present else 0,
                )
            )
            self.change(found, {})

    def change_item(
        self, found: Collection, id: str, note: str | None, position: int | None
    ) -> None:
        """Set the note of an item, and move it.

        Raises:
            Refusal: there is no such item.
        """
        with self._database.transaction() as connection:
            order = [item.id for item in self.items(found)]
            self._known(order, id)
            if note is not None:
                connection.execute(update(ITEMS).where(ITEMS.c.id == id).values(note=note))
            if position is not None:
                order.remove(id)
                order.insert(position, id)
                for place, moved in enumerate(order):
                    connection.execute(
                        update(ITEMS).where(ITEMS.c.id == moved).values(position=place)
                    )
            self.change(found, {})

    def remove(self, found: Collection, id: str) -> None:
        """Take an item out.

        Raises:
            Refusal: there is no such item.
        """
        with self._database.transaction() as connection:
            self._known([item.id for item in self.items(found)], id)
            connection.execute(delete(ITEMS).where(ITEMS.c.id == id))
            self.change(found, {})

    @staticmethod
    def _known(ids: list[str], id: str) -> None:
        if id not in ids:
            raise Refusal(404, "This collection has no such item.")

    def _rows(self, *where: Any, order: Any = COLLECTIONS.c.position) -> list[Collection]:
        query = select(COLLECTIONS).where(*where).order_by(order, COLLECTIONS.c.id)
        with self._database.reading() as connection:
            return [_collection(row) for row in connection.execute(query)]


def _collection(row: Row[Any]) -> Collection:
    return Collection(**row._mapping)
