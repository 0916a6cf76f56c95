"""The tables of the sandbox's register, and the index that its records are searched by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..minting.database import Database

metadata = sa.MetaData()

sequence = sa.Table(
    "register_sequence",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

records = sa.Table(
    "register_records",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("doi", sa.Text, nullable=False),
    # One key over minted and written DOIs: no DOI is given out twice.
    sa.Column("doi_key", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    # The attributes of a record that came through the DataCite API; NULL for a version of the
    # ledger, whose attributes follow from it.
    sa.Column("attributes", sa.Text),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("registered", sa.Text),
    sa.Column("updated", sa.Text, nullable=False),
    # Whether the index of words has it as it is now: a mint leaves that to the first search.
    sa.Column("is_indexed", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Index("register_records_state", "state", "id"),
    sa.Index("register_records_updated", "updated", "id"),
)
WRITTEN = records.c.attributes.is_not(None)
"""Records that came through the DataCite API."""
NOT_INDEXED = sa.not_(records.c.is_indexed)
_NEWER_INDEXES = (
    sa.Index("register_records_written", records.c.id, sqlite_where=WRITTEN),
    sa.Index("register_records_not_indexed", records.c.id, sqlite_where=NOT_INDEXED),
)

SEARCHED = (
    "title", "creators", "publisher", "year", "type", "description", "subjects", "url",
    "identifiers", "other",
)  # fmt: skip
"""The columns of the index."""

search = sa.table("register_search", sa.column("rowid"), *map(sa.column, SEARCHED))

_INSERT_SEARCHED = sa.insert(search)
_MARK_INDEXED = records.update().where(records.c.id == sa.bindparam("of")).values(is_indexed=True)

sa.event.listen(
    records,
    "after_create",
    sa.DDL(  # type: ignore[no-untyped-call]
        f"CREATE VIRTUAL TABLE register_search USING fts5({', '.join(SEARCHED)}, "
        "tokenize = 'unicode61 remove_diacritics 2')"
    ),
)


def upgrade(database: Database) -> None:
    """Bring the register of a data directory that an earlier version made into this one's format.

    It indexed every record at once.
    """
    with database.transaction() as db:
        known = sa.inspect(db)
        if not known.has_table(records.name):
            return
        if "is_indexed" in {column["name"] for column in known.get_columns(records.name)}:
            return
        added = "ALTER TABLE register_records ADD COLUMN is_indexed BOOLEAN NOT NULL DEFAULT 1"
        db.exec_driver_sql(added)
        for index in _NEWER_INDEXES:
            index.create(db)


def index_record(db: sa.Connection, record_id: int, attributes: Mapping[str, Any]) -> None:
    """Let a record be found by what its attributes say now."""
    unindex_record(db, record_id)
    db.execute(_INSERT_SEARCHED, {"rowid": record_id, **_searched(attributes)})
    db.execute(_MARK_INDEXED, {"of": record_id})


def unindex_record(db: sa.Connection, record_id: int) -> None:
    """Let the record be found no more."""
    db.execute(sa.delete(search).where(search.c.rowid == record_id))


def _searched(attributes: Mapping[str, Any]) -> dict[str, str]:
    columns: dict[str, list[str]] = {name: [] for name in SEARCHED}
    for name, value in attributes.items():
        _collect(value, columns[_COLUMN_OF.get(name, "other")])
    return {name: "\n".join(texts) for name, texts in columns.items()}


_COLUMN_OF = {
    "titles": "title",
    "creators": "creators",
    "contributors": "creators",
    "publisher": "publisher",
    "publicationYear": "year",
    "types": "type",
    "descriptions": "description",
    "subjects": "subjects",
    "url": "url",
    "doi": "identifiers",
    "identifiers": "identifiers",
    "alternateIdentifiers": "identifiers",
    "relatedIdentifiers": "identifiers",
}


def _collect(value: Any, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        texts.append(str(value))
    else:
        for entry in value.values() if isinstance(value, dict) else value:
            _collect(entry, texts)
