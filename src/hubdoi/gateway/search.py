"""Find DOIs of a gateway by what a person remembers of them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..minting.ledger import Ledger
from ..minting.ledger_tables import INTENDED, repositories, versions
from ..records import Version

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Some DOIs, newest first; `more` is the number below which the next ones are, or None."""

    versions: tuple[Version, ...]
    more: int | None


def found_dois(ledger: Ledger, words: str, before: int | None = None) -> Found:
    """The registered DOIs whose DOI, repository or metadata have `words` in them."""
    query = (
        sa.select(versions.c.id, versions.c.doi)
        .join(repositories, versions.c.repository_id == repositories.c.id)
        .where(versions.c.step != INTENDED, repositories.c.hub == ledger.hub)
        .order_by(versions.c.id.desc())
        .limit(_PAGE + 1)
    )
    if before is not None:
        query = query.where(versions.c.id < before)
    if words:
        wanted = words.lower()
        query = query.where(
            sa.or_(
                versions.c.doi_key.contains(wanted, autoescape=True),
                sa.func.lower(repositories.c.name).contains(wanted, autoescape=True),
                sa.func.lower(versions.c.record).contains(wanted, autoescape=True),
            )
        )
    with ledger.database.reading() as db:
        rows = db.execute(query).all()
        entries = [ledger.entry(row.id) for row in rows[:_PAGE]]
    shown = tuple(entry.version for entry in entries if entry)
    return Found(shown, rows[_PAGE - 1].id if len(rows) > _PAGE else None)
