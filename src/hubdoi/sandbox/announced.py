"""The rules of minting, in a sandbox: its register is asked, and webhooks are told."""

from __future__ import annotations

from ..minting.ledger import Entry
from ..minting.service import DoiService
from ..records import RepoInfo, Version
from .datacite_records import DataciteRecords
from .store import Store


class AnnouncedService(DoiService):
    """The rules of minting; each new DOI is an event of its repository, as on the Hub."""

    def __init__(
        self, store: Store, records: DataciteRecords, *rest: object, **options: object
    ) -> None:
        super().__init__(store, *rest, **options)  # type: ignore[arg-type]
        self._store = store
        self._records = records

    def elsewhere(self, info: RepoInfo, revision: str) -> Version | None:
        """The DOI that an account registered with the DataCite API of the same sandbox."""
        return self._records.of_revision(info.repo, revision)

    def register(self, entry: Entry) -> None:
        with self.ledger.transaction():
            super().register(entry)
            # What is private gets no DOI (R1).
            config = {"private": False}
            self._store.events.emit(entry.uid, "repo.config", "update", updatedConfig=config)
