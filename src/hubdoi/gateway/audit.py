"""The append-only log of every act: who, when, what, why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from ..minting.database import Database
from ..records import show_moment
from .tables import audit

GATEWAY = "gateway"
"""Who acts where no person does."""


class AuditLog:
    """The log in `database`, which itself refuses to change or delete an entry."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, who: str, act: str, subject: str, why: str | None = None) -> None:
        """Add an act of `who` on `subject`, a DOI or a repository; with the transaction around it."""
        with self.database.transaction() as db:
            db.execute(
                audit.insert().values(
                    at=show_moment(datetime.now(UTC)), who=who, act=act, subject=subject, why=why
                )
            )

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
