"""The sandbox's register: DOIs ``10.5072/hf/0001``, ``10.5072/hf/0002``, … in its own database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..minting.database import Database
from ..minting.prepared import Prepared
from ..records import TEST_PREFIX, Doi, Repo, Terms, Version, show_moment
from ..records.errors import AlreadyRegistered
from .registrar_tables import metadata, records, sequence, unindex_record, upgrade

TERMS = """\
Generating a DOI for this repository

1. The DOI is permanent. It cannot be undone: once generated, a DOI is never deleted and never given to anything else.
2. The repository is locked. From now on it cannot be deleted, renamed, transferred or made private, except through a request to support. Pushing commits stays possible; the DOI goes on naming the revision that it was generated for.
3. The metadata becomes public. Your full name and the list of authors are sent to DataCite, together with the title, the URL, the revision, the description and the licence of the repository, and everybody can read them.
"""


# Building a statement takes longer than running it: those of every mint are built once.
_NEXT_NUMBER = Prepared(
    sqlite.insert(sequence)
    .values(name="hf", last=1)
    .on_conflict_do_update(index_elements=[sequence.c.name], set_={"last": sequence.c.last + 1})
    .returning(
        sequence.c.last,
        # Somebody may have drafted it through the DataCite API. What is returned has no table.
        sa.exists(
            sa.select(records.c.id).where(
                records.c.doi_key == sa.func.printf(f"{TEST_PREFIX}/hf/%04d", sa.column("last"))
            )
        ).label("is_taken"),
    )
)
_FIND_RECORD = sa.select(records.c.id, records.c.state, records.c.attributes).where(
    records.c.doi_key == sa.bindparam("key")
)
_COLUMNS = (
    "doi",
    "doi_key",
    "state",
    "attributes",
    "created",
    "registered",
    "updated",
    "is_indexed",
)
_INSERT_RECORD = Prepared(
    sqlite.insert(records)
    .on_conflict_do_nothing(index_elements=[records.c.doi_key])
    .returning(records.c.id),
    _COLUMNS,
)


class LocalRegistrar:
    """A register in the ledger's own database, so that a mint is one transaction.

    `terms_text` gives the text that counts now, `now` the moment of a write, in UTC.
    """

    publisher = "Hugging Face"
    shares_ledger = True

    def __init__(
        self,
        database: Database,
        *,
        terms_text: Callable[[], str] = lambda: TERMS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        self._now = now
        self._terms_text = terms_text
        upgrade(database)
        database.create(metadata)

    @property
    def terms(self) -> Terms:
        return Terms(self._terms_text())

    def reserve(self, repo: Repo, uid: str, revision: str) -> Doi:
        """The next DOI of the sequence, for good when the surrounding transaction commits."""
        with self.database.transaction() as db:
            while True:
                number, is_taken = _NEXT_NUMBER.first(db)
                if not is_taken:
                    return Doi(f"{TEST_PREFIX}/hf/{number:04d}")

    def draft(self, doi: Doi) -> None:
        with self.database.transaction() as db:
            now = show_moment(self._now())
            _INSERT_RECORD.all(
                db,
                {
                    "doi": doi.name,
                    "doi_key": doi.key,
                    "state": "draft",
                    "attributes": "{}",
                    "created": now,
                    "registered": None,
                    "updated": now,
                    "is_indexed": False,
                },
            )

    def discard(self, doi: Doi) -> None:
        with self.database.transaction() as db:
            known = db.execute(_FIND_RECORD, {"key": doi.key}).first()
            if known is None:
                return
            if known.state != "draft":
                raise AlreadyRegistered(f"The DOI {doi} is public, and stays.")
            unindex_record(db, known.id)
            db.execute(records.delete().where(records.c.id == known.id))

    def register(self, version: Version) -> None:
        if version.doi is None or version.created is None:
            raise ValueError("a version to register has a DOI and a date")
        now = show_moment(version.created)
        with self.database.transaction() as db:
            made = _INSERT_RECORD.scalar(
                db,
                {
                    "doi": version.doi.name,
                    "doi_key": version.doi.key,
                    "state": "findable",
                    "attributes": None,
                    "created": now,
                    "registered": now,
                    "updated": now,
                    "is_indexed": False,
                },
            )
            if made is not None:
                return
            known = db.execute(_FIND_RECORD, {"key": version.doi.key}).one()
            if known.state == "draft" and known.attributes == "{}":
                # It was reserved; from now on its record follows from the ledger.
                db.execute(
                    records.update()
                    .where(records.c.id == known.id)
                    .values(
                        state="findable",
                        attributes=None,
                        registered=now,
                        updated=now,
                        is_indexed=False,
                    )
                )
            elif known.attributes is not None:
                raise AlreadyRegistered(f"The DOI {version.doi} is already taken.")

    def update(self, version: Version) -> None:
        """Let the record be found by what it says now; the record itself follows from the ledger."""
        if version.doi is None:
            return
        with self.database.transaction() as db:
            db.execute(
                records.update()
                .where(records.c.doi_key == version.doi.key)
                .values(updated=show_moment(self._now()), is_indexed=False)
            )

    def abandon(self, version: Version) -> None:
        """Nothing to do: an attempt is one transaction, and leaves nothing."""

    def find(self, doi: Doi) -> Version | None:
        """Nothing of its own: what is registered here is in the ledger of the same database."""
        return None
