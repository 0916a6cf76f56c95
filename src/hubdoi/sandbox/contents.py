"""The contents of files, each stored once under its blob id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.database import Database
from ..minting.prepared import Prepared
from ..records.repo_card import Card, parse_card
from .refusal import Refusal
from .tables import BLOBS

# A statement for each content takes longer than what it does; all at once need memory.
_ROWS = 1000
_CONTENT = Prepared(select(BLOBS.c.content).where(BLOBS.c.oid == bindparam("id")))
_BYTES = 16 * 1024 * 1024


class Contents:
    def __init__(self, database: Database) -> None:
        self._database = database
        # A blob never changes under its id: what was read once stays true.
        self.card = lru_cache(maxsize=512)(self._card)

    def read(self, oid: str) -> bytes:
        """The content of a blob.

        Raises:
            Refusal: there is none (404).
        """
        with self._database.reading() as connection:
            content = _CONTENT.scalar(connection, {"id": oid})
        if content is None:
            raise Refusal(404, f"There is no content {oid} here.", "EntryNotFound")
        return bytes(content)

    def keep(self, contents: Iterable[tuple[str, bytes]]) -> None:
        statement = upsert(BLOBS).on_conflict_do_nothing(index_elements=[BLOBS.c.oid])
        with self._database.transaction() as connection:
            for batch in _batches(contents):
                connection.execute(statement, batch)

    def _card(self, oid: str) -> Card:
        return parse_card(self.read(oid))


def _batches(contents: Iterable[tuple[str, bytes]]) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    size = 0
    for oid, content in contents:
        batch.append({"oid": oid, "content": content})
        size += len(content)
        if len(batch) >= _ROWS or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
