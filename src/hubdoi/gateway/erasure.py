"""Erase what a gateway knows of a person, except what is public at DataCite.

Their acts stay, under a pseudonym that leads to nobody: that a DOI was agreed to, asked for and
decided has to stay provable.
"""

from __future__ import annotations

import json
import re
import secrets

import sqlalchemy as sa

from ..minting.amendments import HEADING
from ..minting.database import Database
from ..minting.ledger_tables import (
    amendments,
    answers,
    consents,
    reservations,
    terms,
    versions,
)
from ..records import Version
from ..records.errors import InvalidInput
from .audit import AuditLog
from .grants import owner_of_person
from .reviews import ENDED
from .tables import grants, groups, orcids, people, rates, requests, sessions, work


def erase(database: Database, audit: AuditLog, name: str) -> str:
    """Erase the person with the user name `name`; the pseudonym that stands there from now on.

    Raises:
        InvalidInput: a mint or a correction of theirs is not finished, or nobody of that name is known.
    """
    key = name.strip().lower()
    pseudonym = f"erased-{secrets.token_hex(4)}"
    word = re.compile(rf"(?<![\w/.-]){re.escape(key)}(?![\w/.-])", re.IGNORECASE)

    def theirs(column: sa.Column[str], wanted: str = key) -> sa.ColumnElement[bool]:
        return sa.func.lower(column) == wanted

    with database.transaction() as db:
        _check_finished(db, theirs(consents.c.username), theirs(work.c.asked_by), name)
        found = audit.pseudonymise(key, pseudonym, lambda text: word.sub(pseudonym, text))
        found += _forget_refused_values(db, theirs(consents.c.username))
        for column in (consents.c.username, reservations.c.username):
            table = column.table
            assert isinstance(table, sa.Table)
            found += db.execute(
                table.update().where(theirs(column)).values({column: pseudonym})
            ).rowcount
        for row in db.execute(sa.select(requests)).all():
            values = {}
            if row.username.lower() == key:
                values["username"] = pseudonym
                if row.state == "waiting":
                    raise InvalidInput(
                        f"{name} has a request that waits for a decision; decide it first, then erase."
                    )
                if row.state in ENDED:
                    # What was never registered is not public.
                    values["record"] = _bare(row.record)
            if (row.decided_by or "").lower() == key:
                values["decided_by"] = pseudonym
            if row.reason and word.search(row.reason):
                values["reason"] = word.sub(pseudonym, row.reason)
            if values:
                db.execute(requests.update().where(requests.c.id == row.id).values(values))
                found += 1
        for table in (people, groups, sessions, rates, answers, grants, orcids):
            found += db.execute(table.delete().where(theirs(table.c.username))).rowcount
        found += db.execute(
            grants.delete().where(theirs(grants.c.owner, owner_of_person(key)))
        ).rowcount
        if not found:
            raise InvalidInput(f"The gateway has no data about {name}.")
    return pseudonym


def _check_finished(
    db: sa.Connection, agreed: sa.ColumnElement[bool], asked: sa.ColumnElement[bool], name: str
) -> None:
    mints = versions.join(consents, versions.c.consent_id == consents.c.id)
    open_ = db.scalar(
        sa.select(sa.func.count(versions.c.id))
        .select_from(mints.outerjoin(work, work.c.version_id == versions.c.id))
        .where(sa.or_(agreed, asked), versions.c.step != "linked")
    )
    corrected = db.scalar(
        sa.select(sa.func.count(amendments.c.id))
        .select_from(amendments.join(consents))
        .where(agreed, amendments.c.step != "registered")
    )
    for count, what in ((open_, "mints"), (corrected, "corrections")):
        if count:
            raise InvalidInput(
                f"{name} has {count} {what} that are not finished; decide or finish them first, then erase."
            )


def _forget_refused_values(db: sa.Connection, agreed: sa.ColumnElement[bool]) -> int:
    """Blank the terms of corrections that came to nothing: their values never became public."""
    kept = sa.select(consents.c.digest).join(amendments, amendments.c.consent_id == consents.c.id)
    return db.execute(
        terms.update()
        .where(
            terms.c.digest.in_(sa.select(consents.c.digest).where(agreed)),
            terms.c.digest.not_in(kept),
            terms.c.text.startswith(HEADING),
        )
        .values(text="erased")
    ).rowcount


def _bare(record: str) -> str:
    """A record without its authors and what they wrote."""
    version = Version.from_json(json.loads(record))
    return json.dumps(version.replace(authors=(), description=None, title="erased").to_json())
