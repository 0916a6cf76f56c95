"""Minting, of which webhooks are told."""

from __future__ import annotations

from ..minting.ledger import Entry
from ..minting.service import DoiService
from .store import Store


class AnnouncedService(DoiService):
    """The rules of minting; each new DOI is an event of its repository, as on the Hub."""

    def __init__(self, store: Store, *rest: object, **options: object) -> None:
        super().__init__(store, *rest, **options)  # type: ignore[arg-type]
        self._store = store

    def finish(self, entry: Entry) -> Entry:
        with self.ledger.transaction():
            done = super().finish(entry)
            if entry.step != "linked":
                private = self._store.repositories.by_uid(done.uid).private
                self._store.events.emit(
                    done.uid, "repo.config", "update", updatedConfig={"private": private}
                )
        return done
