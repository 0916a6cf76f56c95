"""What the ledger has of a repository when one of its revisions is minted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..records import Doi, Repo, Version
from .entry import Entry


class OutOfDate(Exception):
    """The ledger has something of a repository of which it was assumed to know nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one repository in the ledger, and of one of its revisions.

    `entry` is what there is of that revision; `versions` are the registered ones, newest first, and
    `order` is where each of them stands: the moment of its commit, and its number. `reserved` is the
    DOI that the next mint publishes. One that `is_assumed` was not read within the transaction that
    relies on it.
    """

    repository_id: int | None = None
    repo: Repo | None = None
    entry: Entry | None = None
    versions: tuple[Version, ...] = ()
    order: tuple[tuple[str, int], ...] = ()
    reserved: Doi | None = None
    is_assumed: bool = False

    def neighbours(self, place: tuple[str, int]) -> tuple[Doi | None, Doi | None]:
        """The DOIs before and after what stands at `place` (R7)."""
        pairs = list(zip(self.order, self.versions, strict=True))
        before = next((version.doi for order, version in pairs if order < place), None)
        after = next((version.doi for order, version in pairs[::-1] if order > place), None)
        return before, after


def standing_of(rows: Sequence[Any], revision: str, version_of: Callable[..., Version]) -> Standing:
    """The state in `rows` of `STANDING`; `version_of` makes the version of one with its neighbours."""
    reserved = next((Doi(row.reserved) for row in rows if row.reserved), None)
    rows = [row for row in rows if row.repository is not None]
    if not rows:
        return Standing(reserved=reserved)
    rows.sort(key=lambda row: (row.revision_date, row.id), reverse=True)
    known = [row for row in rows if row.id is not None and row.step != "intended"]
    dois = [None, *(Doi(row.doi) for row in known), None]
    versions = tuple(
        version_of(row, next_=dois[i], previous=dois[i + 2]) for i, row in enumerate(known)
    )
    order = tuple((row.revision_date, row.id) for row in known)
    repo = Repo(rows[0].type, rows[0].name)
    standing = Standing(rows[0].repository, repo, None, versions, order, reserved)
    begun = next((row for row in rows if row.revision == revision), None)
    if begun is None:
        return standing
    if begun in known:
        version = versions[known.index(begun)]
    else:
        previous, next_ = standing.neighbours((begun.revision_date, begun.id))
        version = version_of(begun, previous=previous, next_=next_)
    entry = Entry(begun.id, begun.uid, version, begun.step, begun.repository_id)
    return replace(standing, entry=entry)
