"""What changed in the records of minted DOIs, as DataCite's ``/dois/{doi}/activities`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from ..minting.ledger_amendments import LedgerAmendments
from ..records import show_moment
from .credentials import DATACITE_USERNAME
from .datacite_records import Record

if TYPE_CHECKING:
    from .world import World

_PROPERTIES = {
    "title": "titles", "authors": "creators", "description": "descriptions", "access": "rightsList",
}  # fmt: skip


def activities(world: World, record: Record) -> list[dict[str, Any]]:
    """The activities of `record`, newest first; who made a change is the account, not a person."""
    entry = world.ledger.entry_with(record.doi) if record.is_minted else None
    if entry is None:
        return []
    here = f"{world.endpoint}/datacite"
    found = []
    for one in reversed(LedgerAmendments(world.ledger).activities(entry)):
        number = str(uuid5(NAMESPACE_URL, f"{record.doi.key} {one.number}"))
        found.append(
            {
                "id": number,
                "type": "activities",
                "attributes": {
                    "prov:wasGeneratedBy": f"{here}/activities/{number}",
                    "prov:generatedAtTime": show_moment(one.at),
                    "prov:wasDerivedFrom": f"{world.endpoint}/doi/{record.doi.name}",
                    "prov:wasAttributedTo": f"{here}/repositories/{DATACITE_USERNAME.lower()}",
                    "action": one.action,
                    "version": one.number,
                    "changes": {
                        _PROPERTIES[change.name]: [change.before, change.after]
                        for change in one.changes
                    },
                },
            }
        )
    return found
