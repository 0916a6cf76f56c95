"""The corrections of registered records, in the ledger beside the versions that they are of.

A correction changes the stored record at once and is `registered` when the register has it: whatever
was interrupted in between is sent again as the ledger has it (R12). What was there before is kept.
One that the register refused for good is forgotten, or kept as `refused` for a person to decide;
either way the record is as before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..records import Consent, Doi, Terms, Version, parse_moment
from ..records.amendment import Activity, RecordChange, changes_between
from ..records.errors import InvalidInput
from .ledger import Entry, Ledger, record_text
from .ledger_tables import amendments as _amendments
from .ledger_tables import consents as _consents
from .ledger_tables import repositories as _repositories
from .ledger_tables import versions as _versions

# The partial index of what is open knows the step as a text in the statement, not as a bound value.
_OPEN = sa.and_(
    _amendments.c.step != sa.literal_column("'registered'"),
    _amendments.c.step == sa.literal_column("'intended'"),
)
_REFUSED = _amendments.c.step == sa.literal_column("'refused'")
_UNSENT = sa.select(_amendments.c.id).where(_amendments.c.version_id == sa.bindparam("of"), _OPEN)


class LedgerAmendments:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def intend(self, entry: Entry, amended: Version, consent: Consent, terms: Terms) -> int:
        """Let the record of `entry` be that of `amended`, and keep what it was; the correction's number."""
        with self.ledger.transaction() as db:
            self.forget_refused(entry.id)
            before = db.scalar(sa.select(_versions.c.record).where(_versions.c.id == entry.id))
            after = record_text(amended)
            made = db.execute(
                _amendments.insert().values(
                    version_id=entry.id,
                    consent_id=self.ledger.consent_id(db, consent, terms),
                    step="intended",
                    before=before,
                    after=after,
                )
            ).inserted_primary_key
            assert made is not None
            db.execute(_versions.update().where(_versions.c.id == entry.id).values(record=after))
            return int(made[0])

    def mark_registered(self, number: int) -> None:
        with self.ledger.transaction() as db:
            db.execute(
                _amendments.update().where(_amendments.c.id == number).values(step="registered")
            )

    def withdraw(self, number: int) -> None:
        """Undo a correction that the register refused for good."""
        with self.ledger.transaction() as db:
            self._undo(db, sa.delete(_amendments), number)

    def refuse(self, number: int) -> None:
        """Undo a correction that the register refused for good, and keep it as refused."""
        with self.ledger.transaction() as db:
            self._undo(db, _amendments.update().values(step="refused"), number)

    def _undo(self, db: sa.Connection, change: Any, number: int) -> None:
        row = db.execute(
            change.where(_amendments.c.id == number, _OPEN).returning(
                _amendments.c.version_id, _amendments.c.before
            )
        ).first()
        if row is not None:
            db.execute(
                _versions.update().where(_versions.c.id == row.version_id).values(record=row.before)
            )

    def resume(self, version_id: int) -> None:
        """Let the record be again as in the correction that was refused, if there is one.

        Raises:
            InvalidInput: the record has changed since.
        """
        with self.ledger.transaction() as db:
            row = db.execute(
                _amendments.update()
                .where(_amendments.c.version_id == version_id, _REFUSED)
                .values(step="intended")
                .returning(_amendments.c.before, _amendments.c.after)
            ).first()
            if row is None:
                return
            changed = db.execute(
                _versions.update()
                .where(_versions.c.id == version_id, _versions.c.record == row.before)
                .values(record=row.after)
            )
            if not changed.rowcount:
                raise InvalidInput(
                    "The record has changed since this correction was asked for; give it up, so that it can be asked for again."
                )

    def forget_refused(self, version_id: int) -> None:
        """Give up the correction of a version that was refused."""
        with self.ledger.transaction() as db:
            db.execute(_amendments.delete().where(_amendments.c.version_id == version_id, _REFUSED))

    def is_refused(self, version_id: int) -> bool:
        """Whether the last correction of a version was refused for good, and nobody gave it up."""
        query = sa.select(_amendments.c.id).where(_amendments.c.version_id == version_id, _REFUSED)
        with self.ledger.database.glancing() as db:
            return db.scalar(query) is not None

    def unsent(self, version_id: int) -> int | None:
        """The number of the correction of a version that the register may not have."""
        with self.ledger.database.glancing() as db:
            number: int | None = db.scalar(_UNSENT, {"of": version_id})
            return number

    def unfinished(self) -> tuple[tuple[int, Doi], ...]:
        """The corrections that the register may not have, oldest first: number and DOI."""
        with self.ledger.database.reading() as db:
            rows = db.execute(
                sa.select(_amendments.c.id, _versions.c.doi)
                .select_from(_amendments.join(_versions).join(_repositories))
                .where(_OPEN, _repositories.c.hub == self.ledger.hub)
                .order_by(_amendments.c.id)
            )
            return tuple((row.id, Doi(row.doi)) for row in rows)

    def changes(self, number: int) -> tuple[RecordChange, ...]:
        """What a correction changes."""
        query = sa.select(_amendments.c.before, _amendments.c.after)
        with self.ledger.database.glancing() as db:
            row = db.execute(query.where(_amendments.c.id == number)).one()
        return _changes(row)

    def activities(self, entry: Entry) -> tuple[Activity, ...]:
        """The registration of a version and its corrections, oldest first."""
        with self.ledger.database.reading() as db:
            rows: Sequence[Any] = db.execute(
                sa.select(_amendments.c.before, _amendments.c.after, _consents)
                .select_from(_amendments.join(_consents))
                .where(_amendments.c.version_id == entry.id, ~_REFUSED)
                .order_by(_amendments.c.id)
            ).all()
        version = entry.version
        assert version.doi is not None and version.consent is not None
        created = version.created or version.consent.at
        found = [Activity(version.doi, 1, "create", created, by=version.consent.by)]
        for row in rows:
            found.append(
                Activity(
                    version.doi,
                    len(found) + 1,
                    "update",
                    parse_moment(row.at),
                    _changes(row),
                    row.username,
                )
            )
        return tuple(found)


def _changes(row: Any) -> tuple[RecordChange, ...]:
    before, after = (Version.from_json(json.loads(text)) for text in (row.before, row.after))
    return changes_between(before, after)
