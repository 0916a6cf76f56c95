"""The records of the sandbox's register as DataCite keeps them: those that were minted, which follow
from the ledger, and those that were written through the DataCite API."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from ..datacite.json_record import attributes as attributes_of
from ..datacite.reader import version_from
from ..records import Doi, Repo, Version, show_moment
from ..records.errors import LedgerError
from .registrar_tables import (
    NOT_INDEXED,
    WRITTEN,
    index_record,
    records,
    search,
    unindex_record,
)

if TYPE_CHECKING:
    from .world import World


State = Literal["draft", "registered", "findable"]
Event = Literal["register", "publish", "hide"]

# Crockford's base 32: no letter that could be taken for a digit.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_AFTER: dict[tuple[State, Event], State] = {
    ("draft", "register"): "registered",
    ("draft", "publish"): "findable",
    ("registered", "publish"): "findable",
    ("findable", "hide"): "registered",
}
_ORDERS: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "created": (records.c.id.asc(),),
    "-created": (records.c.id.desc(),),
    "name": (records.c.doi_key.asc(),),
    "-name": (records.c.doi_key.desc(),),
    "updated": (records.c.updated.asc(), records.c.id.asc()),
    "-updated": (records.c.updated.desc(), records.c.id.desc()),
}

_FIND_REVISION = (
    sa.select(records.c.doi, records.c.attributes)
    .join(search, search.c.rowid == records.c.id)
    .where(
        sa.text("register_search MATCH :url"),
        WRITTEN,
        records.c.state == "findable",
    )
)
_TO_INDEX = records.select().where(NOT_INDEXED).order_by(records.c.id)
_INDEXED_AT_ONCE = 500
# A search that cannot write because somebody else does finds what was indexed before.
_INDEX_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `is_minted`: it follows from the ledger, and nobody writes it."""

    id: int
    doi: Doi
    state: State
    attributes: dict[str, Any]
    is_minted: bool
    created: str
    registered: str | None
    updated: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was looked for, and how many there are in all."""

    records: tuple[Record, ...]
    total: int


class Taken(Exception):
    """The DOI has a record already."""


class DataciteRecords:
    """The records of one sandbox. The tables are the registrar's."""

    def __init__(self, world: World) -> None:
        self._world = world
        with world.reading() as db:
            # This process alone writes here: it knows from now on whether there are any.
            self._are_any = bool(db.scalar(sa.select(sa.exists().where(WRITTEN))))

    def get(self, doi: Doi) -> Record | None:
        with self._world.reading() as db:
            row = db.execute(records.select().where(records.c.doi_key == doi.key)).first()
            if row is None:
                return None
            minted = {} if row.attributes is not None else self._world.ledger.versions_of([doi])
            return _record(row, minted)

    def of_revision(self, repo: Repo, revision: str) -> Version | None:
        """What was registered for the revision through the DataCite API (R8)."""
        if not self._are_any:
            return None
        with self._world.reading() as db:
            rows = db.execute(_FIND_REVISION, {"url": f'url : "{revision}"'}).all()
        for row in rows:
            found = version_from({**json.loads(row.attributes), "doi": row.doi})
            if found.repo == repo and found.is_of_revision(revision):
                return found
        return None

    def _index(self) -> None:
        """Let minted records too be found by what they say now.

        That takes longer than a mint, which leaves it to whoever searches.
        """
        while True:
            with self._world.reading() as db:
                if db.execute(_TO_INDEX.limit(1)).first() is None:
                    return
            with self._world.database.transaction(wait=_INDEX_SECONDS) as db:
                rows = db.execute(_TO_INDEX.limit(_INDEXED_AT_ONCE)).all()
                for record in self._records(rows):
                    index_record(db, record.id, {**record.attributes, "doi": record.doi.name})

    def find(
        self,
        conditions: list[sa.ColumnElement[bool]],
        *,
        sort: str = "-created",
        limit: int,
        offset: int = 0,
        after: int | None = None,
    ) -> Found:
        """The records that fulfil all conditions; an unknown `sort` is the newest first.

        With `after`, the number of a record, those that were created after it, oldest first.
        """
        if any(part is search for one in conditions for part in iterate(one)):
            with suppress(LedgerError):
                self._index()
        order = _ORDERS["created"] if after is not None else _ORDERS.get(sort, _ORDERS["-created"])
        later = [records.c.id > after] if after else []
        with self._world.reading() as db:
            total = db.scalar(sa.select(sa.func.count()).select_from(records).where(*conditions))
            rows = db.execute(
                records.select()
                .where(*conditions, *later)
                .order_by(*order)
                .limit(limit)
                .offset(offset)
            ).all()
            return Found(self._records(rows), int(total or 0))

    def free_doi(self, prefix: str) -> Doi:
        """A random DOI that nothing has."""
        while True:
            letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
            doi = Doi(f"{prefix}/{letters[:4]}-{letters[4:]}")
            if self.get(doi) is None:
                return doi

    def create(self, doi: Doi, attributes: Mapping[str, Any], state: State) -> Record:
        """Write a new record.

        Raises:
            Taken: the DOI has one.
        """
        now = show_moment(self._world.clock.now())
        try:
            with self._world.transaction() as db:
                made = db.execute(
                    records.insert().values(
                        doi=doi.name,
                        doi_key=doi.key,
                        state=state,
                        attributes=_written(attributes),
                        created=now,
                        registered=None if state == "draft" else now,
                        updated=now,
                    )
                ).inserted_primary_key
                assert made is not None
                index_record(db, made[0], {**attributes, "doi": doi.name})
                self._are_any = True
                return self._again(doi)
        except sa.exc.IntegrityError:
            raise Taken from None

    def update(self, record: Record, attributes: Mapping[str, Any], state: State) -> Record:
        """Write the record anew; what is None in `attributes` is gone."""
        now = show_moment(self._world.clock.now())
        with self._world.transaction() as db:
            db.execute(
                records.update()
                .where(records.c.id == record.id, records.c.attributes.is_not(None))
                .values(
                    state=state,
                    attributes=_written(attributes),
                    registered=record.registered or (None if state == "draft" else now),
                    updated=now,
                )
            )
            index_record(db, record.id, {**attributes, "doi": record.doi.name})
            return self._again(record.doi)

    def delete_draft(self, doi: Doi) -> bool:
        """Delete the record if it is a draft still; a registered DOI never goes (R11)."""
        with self._world.transaction() as db:
            found = db.scalar(
                sa.delete(records)
                .where(records.c.doi_key == doi.key, records.c.state == "draft")
                .returning(records.c.id)
            )
            if found is None:
                return False
            unindex_record(db, found)
            return True

    @staticmethod
    def state_after(state: State, event: Event | None) -> State:
        """The state that `event` leads to; one that makes no sense changes nothing."""
        return _AFTER.get((state, event), state) if event else state

    def _records(self, rows: Sequence[sa.Row[Any]]) -> tuple[Record, ...]:
        minted = self._world.ledger.versions_of(
            Doi(row.doi) for row in rows if row.attributes is None
        )
        return tuple(_record(row, minted) for row in rows)

    def _again(self, doi: Doi) -> Record:
        record = self.get(doi)
        assert record is not None
        return record


def _record(row: Any, minted: Mapping[Doi, Version]) -> Record:
    doi = Doi(row.doi)
    if row.attributes is not None:
        attributes = json.loads(row.attributes)
    elif doi in minted:
        attributes = attributes_of(minted[doi])
    else:
        raise LedgerError(f"The ledger has no entry for {doi}; restore it from a backup.")
    return Record(
        row.id,
        doi,
        cast(State, row.state),
        attributes,
        row.attributes is None,
        row.created,
        row.registered,
        row.updated,
    )


def _written(attributes: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in attributes.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False)
