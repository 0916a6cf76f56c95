"""What somebody else writes in the statement with which the ledger begins or ends a mint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .prepared import Prepared

Addition = Callable[[sa.CTE], Iterable[sa.CTE]]
"""What is to be written for the version in the given part of a statement, which has its ``id``,
``repository_id``, ``step`` and ``doi``."""


@dataclass(slots=True)
class Beside:
    """The ledger's own statement with an addition in it, and what gives the values of that when it runs.

    Each journey to PostgreSQL takes longer than what is done there. SQLite cannot do it, and has no
    journey. What is beside an end `is_written` unless there was more to do before it.
    """

    statement: Prepared
    values: Callable[[], Mapping[str, Any]]
    is_written: bool = False
