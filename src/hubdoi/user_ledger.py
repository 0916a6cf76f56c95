"""The ledger of the user of this computer, for registrars that this process itself speaks to."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from .database import Database
from .ledger import Ledger

__all__ = ["data_directory", "open_user_ledger"]


def data_directory() -> Path:
    """``HUBDOI_DATA``, or the platform's data directory of the user."""
    chosen = os.environ.get("HUBDOI_DATA")
    return Path(chosen).expanduser() if chosen else user_data_path("hubdoi")


def open_user_ledger(endpoint: str) -> Ledger:
    """The ledger of what was agreed to and registered for repositories of the Hub at `endpoint`.

    Raises:
        LedgerError: it cannot be read or written.
    """
    return Ledger(Database(data_directory() / "ledger.db"), hub=endpoint, endpoint=endpoint)
