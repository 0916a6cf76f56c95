"""The append-only log of every act: who, when, what, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..minting.database import Database
from ..minting.prepared import Prepared
from ..records import show_moment
from .tables import audit

_SAID = {
    name: sa.bindparam(f"log_{name}", type_=sa.Text)
    for name in ("at", "who", "act", "subject", "why")
}
_INSERT = sa.insert(audit).values(_SAID).inline()
_ADD = Prepared(_INSERT)
GATEWAY = "gateway"
"""Who acts where no person does."""
POLICY_SET = "policy set"
POLICY_REMOVED = "policy removed"
POLICY_ACTS = (POLICY_SET, POLICY_REMOVED)


class AuditLog:
    """The log in `database`, which itself refuses to change or delete an entry."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def logged(self, statement: sa.Insert | sa.Delete) -> tuple[Prepared, ...]:
        """`statement` and an entry about what it does, for `add`."""
        return tuple(map(Prepared, self.database.together(statement, _INSERT)))

    def add(
        self,
        who: str,
        act: str,
        subject: str,
        why: str | None = None,
        *,
        doing: tuple[Prepared, ...] = (_ADD,),
        **values: Any,
    ) -> None:
        """Add an act of `who` on `subject`, a DOI or a repository; with the transaction around it.

        `doing` is what `logged` made of the statement that does it, and `values` are the statement's.
        """
        entry = {**said(who, act, why), "log_subject": subject}
        with self.database.transaction() as db:
            for statement in doing:
                statement.all(db, {**entry, **values})

    def pseudonymise(self, name: str, pseudonym: str, cleaned: Callable[[str], str]) -> int:
        """Write `pseudonym` for the person `name`, in lower case, and `cleaned` reasons; how many entries.

        The one change that the log allows, inside one transaction: no entry goes, and what was done
        and when stays.
        """
        changed = 0
        with self.database.transaction() as db, _open_to_changes(db):
            for row in db.execute(sa.select(audit)).all():
                values = {"who": pseudonym if row.who.lower() == name else row.who}
                # A policy names groups and owners on the Hub, also where a person is called the same.
                if row.act not in POLICY_ACTS:
                    values["subject"] = pseudonym if row.subject.lower() == name else row.subject
                    values["why"] = cleaned(row.why) if row.why else row.why
                if values != {part: getattr(row, part) for part in values}:
                    db.execute(audit.update().where(audit.c.id == row.id).values(values))
                    changed += 1
        return changed

    def about(self, subject: str) -> list[dict[str, str | int | None]]:
        """The entries about a DOI or a repository, oldest first; at most some hundred."""
        with self.database.reading() as db:
            query = sa.select(audit).where(audit.c.subject == subject).order_by(audit.c.id)
            return [dict(row._mapping) for row in db.execute(query.limit(500))]

    def latest(self, before: int | None = None) -> list[dict[str, str | int | None]]:
        """The 100 newest entries, or of those with a number below `before`, newest first."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(100)
        if before is not None:
            query = query.where(audit.c.id < before)
        with self.database.reading() as db:
            return [dict(row._mapping) for row in db.execute(query)]

    def entries(self, after: int = 0) -> Iterator[dict[str, str | int | None]]:
        """The entries with a number above `after`, oldest first, some at a time."""
        while True:
            with self.database.reading() as db:
                rows = db.execute(
                    sa.select(audit).where(audit.c.id > after).order_by(audit.c.id).limit(1000)
                ).all()
            yield from (dict(row._mapping) for row in rows)
            if not rows:
                return
            after = rows[-1].id


def said(who: str, act: str, why: str | None = None) -> dict[str, str | None]:
    """The values of an entry, but its subject, as a statement takes them."""
    at = show_moment(datetime.now(UTC))
    return {"log_at": at, "log_who": who, "log_act": act, "log_why": why}


def entry_about(part: sa.CTE, *conditions: sa.ColumnElement[bool]) -> sa.CTE:
    """An entry about the DOI in `part` of a statement of PostgreSQL, with the values of `said`."""
    values = sa.select(*{**_SAID, "subject": part.c.doi}.values()).where(*conditions)
    return sa.insert(audit).from_select(list(_SAID), values.select_from(part)).cte("log")


@contextmanager
def _open_to_changes(db: sa.Connection) -> Iterator[None]:
    """Without the trigger that refuses changes; nobody else sees the log like that."""
    if db.dialect.name == "postgresql":
        table = f"ALTER TABLE {audit.name}"
        db.execute(sa.text(f"{table} DISABLE TRIGGER gateway_audit_grows"))
        yield
        db.execute(sa.text(f"{table} ENABLE TRIGGER gateway_audit_grows"))
        return
    query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'gateway_audit_UPDATE'"
    made = db.scalar(sa.text(query))
    db.execute(sa.text("DROP TRIGGER gateway_audit_UPDATE"))
    yield
    db.exec_driver_sql(made)
