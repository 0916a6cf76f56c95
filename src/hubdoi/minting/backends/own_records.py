"""Which of the DOIs that a repository's tags name are its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ...records import Doi, Hub, RepoInfo, Version
from ...records.errors import RepoError

if TYPE_CHECKING:
    from ...datacite.registrar import DataCiteRegistrar

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


def dois_of_hub(info: RepoInfo) -> list[Doi]:
    """The DOIs among the tags that a Hub registered; a card may name any others as tags."""
    return [doi for doi in info.dois if doi.is_from_hub][:MOST_CANDIDATES]


def record_of_revision(
    records: Mapping[Doi, Version],
    info: RepoInfo,
    revision: str,
    hub: Hub,
    own: Collection[Doi] = (),
) -> Version | None:
    """The record among `records` of `revision`: of one of `own`, the account's DOIs, or of the Hub's."""
    for doi in (*own, *dois_of_hub(info)):
        found = records.get(doi)
        if found is None or not found.is_of_revision(revision):
            continue
        if doi in own or is_own(found, info, hub):
            return found
    return None


def find_of_revision(
    registrar: DataCiteRegistrar,
    info: RepoInfo,
    revision: str,
    hub: Hub,
    own: Collection[Doi] = (),
) -> Version | None:
    """As `record_of_revision`, of what DataCite says now (R8).

    Raises:
        ServiceError: DataCite or the Hub cannot be used now.
    """
    records = registrar.find_many([*own, *dois_of_hub(info)], refresh=True)
    return record_of_revision(records, info, revision, hub, own)
