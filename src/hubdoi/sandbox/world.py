"""One sandbox: a data directory with everything that is in it."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine

from ..minting.ledger import Ledger
from ..minting.service import DoiService
from ..records.errors import LedgerError, SandboxError
from .announced import AnnouncedService
from .clock import Clock
from .credentials import Credentials
from .data_directory import data_directory
from .datacite_records import DataciteRecords
from .id_tokens import IdTokens
from .lock import DirectoryLock
from .oauth import OAuth
from .registrar import TERMS, LocalRegistrar
from .remembered import SandboxDatabase
from .running import announce, withdraw
from .seed import plant
from .sessions import Sessions
from .store import Store
from .support import Support
from .webhooks import Webhooks

Seed = Literal["demo", "empty"]


class World:
    """The data directory `data`, or a temporary one that goes when the world is closed.

    `seed` is planted once, when the directory is new. `clock` is an ISO 8601 time to start at;
    without it the sandbox lives in real time. `without_doi_api` makes it answer as huggingface.co
    does today.

    Raises:
        SandboxError: another process uses the directory, or it cannot be used (`data_directory`).
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        seed: Seed = "demo",
        clock: str | None = None,
        without_doi_api: bool = False,
    ) -> None:
        if seed not in ("demo", "empty"):
            raise SandboxError(f"{seed!r} is not a seed; it is 'demo' or 'empty'.")
        self._temporary = data is None
        self.data = data_directory(data)
        self._terms_file = self.data / "terms.txt"
        self.without_doi_api = without_doi_api
        self._endpoint = ""
        try:
            self._lock = DirectoryLock(self.data)
        except SandboxError:
            self._clear()
            raise
        try:
            self.credentials = Credentials(self.data / "credentials.json")
            self.database = SandboxDatabase(self.data / "sandbox.db")
            self.clock = Clock(self.database, clock)
            self.store = Store(self.database, self.clock, self.data / "large")
            self.store.identity = f"sandbox:{self.credentials.id}"
            self.store.large.sweep()
            self.ledger = Ledger(self.database, hub="sandbox", endpoint="")
            self.registrar = LocalRegistrar(
                self.database, terms_text=self._terms_text, now=self.clock.now
            )
            self.datacite = DataciteRecords(self)
            self.service: DoiService = AnnouncedService(
                self.store, self.datacite, self.registrar, self.ledger, clock=self.clock.now
            )
            self.support = Support(self)
            self.webhooks = Webhooks(self.store)
            self.sessions = Sessions(self.database)
            self.oauth = OAuth(self.database)
            self.id_tokens = IdTokens(self.data / "oauth-key.pem")
            self.store.dois_of = self.ledger.dois_of
            plant(seed, self.store, self.credentials)
        except BaseException as error:
            self.close()
            if isinstance(error, LedgerError):
                raise SandboxError(error.message) from error
            raise

    @property
    def endpoint(self) -> str:
        """Where it is served, without a slash at the end; empty until it is."""
        return self._endpoint

    @endpoint.setter
    def endpoint(self, endpoint: str) -> None:
        self._endpoint = self.store.endpoint = self.ledger.endpoint = endpoint
        announce(self.data, endpoint)
        self.webhooks.sender.resume()

    @property
    def engine(self) -> Engine:
        return self.database.engine

    def transaction(self) -> AbstractContextManager[Connection]:
        """`Database.transaction` of the one database."""
        return self.database.transaction()

    def reading(self) -> AbstractContextManager[Connection]:
        """`Database.reading` of the one database."""
        return self.database.reading()

    def add_user(self, username: str, full_name: str) -> str:
        """Add a person; the answer is their token.

        Raises:
            SandboxError: the name is taken.
        """
        self.store.people.add(username, full_name)
        return self.credentials.token_for(username)

    def close(self) -> None:
        """Let go of the directory; doing it twice does no harm."""
        if self._endpoint:
            withdraw(self.data)
            self._endpoint = ""
        if hasattr(self, "webhooks"):
            self.webhooks.sender.stop()
        if hasattr(self, "database"):
            self.database.close()
        self._lock.release()
        self._clear()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"World({self.endpoint or str(self.data)!r})"

    def _terms_text(self) -> str:
        """The terms that count now: those of the file ``terms.txt``, where there is one."""
        try:
            return self._terms_file.read_text("utf-8").strip() or TERMS
        except FileNotFoundError:
            return TERMS
        except (OSError, UnicodeDecodeError):
            raise LedgerError(
                f"The terms in {self._terms_file} cannot be read; save them as UTF-8 text."
            ) from None

    def _clear(self) -> None:
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)
