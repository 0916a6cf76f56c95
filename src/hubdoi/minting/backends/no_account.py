"""For who chose DataCite and has not set the account yet: status and citation, and no DOI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from ...records.errors import InvalidInput
from .handoff import HandOffBackend
from .resources import Resources

if TYPE_CHECKING:
    from ...records import Doi, RepoInfo, Status, Version


class NoAccountBackend(HandOffBackend):
    """The status from the Hub's tags and DataCite's public records; all else raises `missing`."""

    def __init__(self, resources: Resources, missing: InvalidInput) -> None:
        super().__init__(resources)
        self.missing = missing.message

    def _status(self, info: RepoInfo, records: Mapping[Doi, Version]) -> Status:
        return (
            super()
            ._status(info, records)
            .replace(
                can_mint=False,
                obstacle=self.missing,
                obstacle_code=InvalidInput.__name__,
                terms=None,
                has_doi_api=True,
                mint_locks=False,
            )
        )

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise InvalidInput(self.missing)

    mint = preview_amendment = amend = activities = _refuse
    reserve = release = recover = examine = wait = _refuse
