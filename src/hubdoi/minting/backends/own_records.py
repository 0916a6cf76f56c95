"""Which of the DOIs that a repository's tags name are its own."""

from __future__ import annotations

from ...records import Hub, RepoInfo, Version
from ...records.errors import RepoError

MOST_CANDIDATES = 20
"""DOIs in the tags that are looked at: a repository has few, and a card may list thousands."""


def is_own(record: Version, info: RepoInfo, hub: Hub) -> bool:
    """Whether the record leads to this repository, under its present name or an earlier one."""
    there = record.repo
    if there is None or there.type != info.repo.type:
        return False
    if there.id.lower() == info.repo.id.lower():
        return True
    if there.namespace is None and there.name.lower() == info.repo.name.lower():
        return True
    # What the Hub registered stays its repository's under another name; a card that names
    # somebody else's DOI does not make it so.
    try:
        return (
            record.doi is not None
            and record.doi.is_from_hub
            and hub.info(there, None).repo == info.repo
        )
    except RepoError:
        return False
