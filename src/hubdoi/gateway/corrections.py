"""Corrections of registered records: recorded first, then sent, by any process that comes to it."""

from __future__ import annotations

import logging
from time import monotonic

from ..minting.service import DoiService
from ..records import Doi
from ..records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InvalidMetadata,
    LedgerError,
)
from .audit import GATEWAY, AuditLog
from .work import Work, for_researcher

_log = logging.getLogger(__name__)
PAUSE = 60.0
"""Seconds until a correction that was not answered is sent again."""


class Corrections:
    """The corrections of one gateway; many processes may share them on PostgreSQL."""

    def __init__(self, service: DoiService, work: Work, audit: AuditLog) -> None:
        self.amendments = service.amendments
        self.ledger = service.ledger
        self.work = work
        self.audit = audit
        self._again: dict[int, float] = {}

    def finish(self, number: int, doi: Doi) -> None:
        """Send the correction `number` of `doi`, if nobody has done so.

        Raises:
            AlreadyRegistered, InvalidMetadata: it was refused for good, and the record is as before.
            ServiceFailed: not now; a worker goes on with it.
        """
        try:
            self._finish(number, doi)
        except (AlreadyRegistered, InvalidMetadata, LedgerError):
            raise
        except HubdoiError as error:
            raise for_researcher(error) from error

    def attempt(self) -> bool:
        """Send what was interrupted; whether anything was done."""
        done = False
        for number, doi in self.amendments.book.unfinished():
            if self._again.get(number, 0.0) > monotonic():
                continue
            try:
                self._finish(number, doi)
                done = True
            except LedgerError:
                raise
            except (AlreadyRegistered, InvalidMetadata, DoiNotFound):
                done = True
            except HubdoiError:
                pass
        return done

    def _finish(self, number: int, doi: Doi) -> None:
        entry = self.ledger.entry_with(doi)
        if entry is None:
            raise DoiNotFound(f"The ledger has no entry for {doi}; restore it from a backup.")
        # A mint of the same repository updates this record too, with what it has read before.
        with self.work.alone(entry.repository_id):
            if (number, doi) not in self.amendments.book.unfinished():
                return
            try:
                self.amendments.finish(number, doi)
            except (AlreadyRegistered, InvalidMetadata) as error:
                self.audit.add(GATEWAY, "correction refused", str(doi), type(error).__name__)
                refusal: HubdoiError = error
            except HubdoiError as error:
                self._again[number] = monotonic() + PAUSE
                _log.warning("delayed", extra={"doi": str(doi), "kind": type(error).__name__})
                raise
            else:
                self._again.pop(number, None)
                self.audit.add(GATEWAY, "corrected", str(doi))
                _log.info("corrected", extra={"doi": str(doi)})
                return
        # Raised here: inside, the transaction would undo the withdrawal of what was refused.
        raise refusal
