"""The ledger of the user of this computer, for registrars that this process itself speaks to."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from ..config import DATACITE_API, Config, user_path
from .database import Database
from .ledger import Ledger


def data_directory() -> Path:
    """``HUBDOI_DATA``, or the platform's data directory of the user."""
    chosen = os.environ.get("HUBDOI_DATA")
    return user_path(chosen) if chosen else user_data_path("hubdoi")


def register_of(config: Config) -> str | None:
    """The test system that is used as DataCite; None for DataCite itself."""
    is_real = config.datacite_api == DATACITE_API
    return None if is_real else urlsplit(config.datacite_api).netloc


def has_user_ledger(register: str | None = None) -> bool:
    """Whether there is a ledger; what only wants to read it does not make one."""
    return _path(register).exists()


def open_user_ledger(endpoint: str, *, hub: str, register: str | None = None) -> Ledger:
    """The ledger of what was agreed to and registered for repositories of the Hub at `endpoint`.

    `hub` is its identity, under which it is found again at another URL.

    `register` is the URL of a test system: what is registered there is kept apart, since it is
    no obstacle to a real DOI.

    Raises:
        LedgerError: it cannot be read or written.
    """
    return Ledger(Database(_path(register)), hub=hub, endpoint=endpoint)


def _path(register: str | None) -> Path:
    name = f"ledger.{re.sub('[^a-z0-9.]', '-', register.lower())}.db" if register else "ledger.db"
    return data_directory() / name
