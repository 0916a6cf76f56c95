"""One gateway: its database, its DataCite account, and what a person may do with them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from ..config import Secret
from ..datacite.public_records import PublicRecords
from ..hub.repositories import HuggingFaceHub
from ..minting.backends.datacite import DataCiteBackend
from ..minting.backends.resources import Resources
from ..minting.database import Database
from ..minting.ledger import Ledger
from ..minting.ledger_tables import consents, versions
from ..minting.rules import check_signed_in
from ..minting.service import DoiService
from ..minting.user_ledger import data_directory
from ..records import Doi, MintRequest, Person, Repo, RepoInfo, Status, Version, show_moment
from ..records.errors import (
    InvalidInput,
    PolicyRefused,
    already_registered,
)
from .audit import AuditLog
from .database import migrate, open_database
from .registrar import InstitutionRegistrar
from .settings import Settings
from .work import Work

_MOST_CLIENTS = 500
YEAR = timedelta(days=365)


class Institution:
    """The gateway that `settings` describe.

    Raises:
        InvalidInput: a setting is missing or cannot be used.
        LedgerError: the database cannot be used.
    """

    def __init__(
        self, settings: Settings, *, database: Database | None = None, pool: int = 20
    ) -> None:
        if not settings.owners:
            raise InvalidInput(
                "Set HUBDOI_GATEWAY_OWNERS to the users and organisations on the Hub that this institution serves."
            )
        self.settings = settings
        self.url = settings.url or ""
        self.public_records = PublicRecords(settings.for_person(None))
        self.hub = HuggingFaceHub(settings.for_person(settings.hub_token))
        self.registrar = InstitutionRegistrar(settings, self.hub, self.public_records)
        self.database = database or open_database(
            settings.database, data_directory() / "gateway", pool=pool
        )
        migrate(self.database, empty_only=True)
        self.ledger = Ledger(self.database, hub=settings.hub, endpoint=settings.hub)
        self.audit = AuditLog(self.database)
        service = DoiService(self.hub, self.registrar, self.ledger, keeps_refused=True)
        self.work = Work(self.ledger, service, self.audit)
        self._owners = {owner.lower() for owner in settings.owners}
        self._clients: OrderedDict[str, HuggingFaceHub] = OrderedDict()
        self._opening = threading.Lock()

    def backend(self, token: Secret | None) -> InstitutionBackend:
        """What the person with this token sees and may do."""
        return InstitutionBackend(self, self._client(token))

    def version(self, doi: Doi) -> Version:
        """The registered version of `doi`, without who agreed to it. Raises as `DoiService.version`."""
        return self.work.service.version(doi)

    def check_served(self, repo: Repo) -> None:
        """Let repositories of the institution's owners pass.

        Raises:
            PolicyRefused: it is somebody else's.
        """
        if (repo.namespace or "").lower() not in self._owners:
            contact = f"; write to {self.settings.contact}" if self.settings.contact else ""
            raise PolicyRefused(
                f"{self.settings.institution} generates DOIs for repositories of {', '.join(self.settings.owners)}, and {repo} is not one of them{contact}."
            )

    def check_quota(self, username: str) -> None:
        """Let those pass who have minted less than the quota; to be called in the mint's transaction.

        Raises:
            PolicyRefused: they have not.
        """
        quota = self.settings.quota
        if quota is None:
            return
        since = show_moment(datetime.now(UTC) - YEAR)
        with self.database.transaction() as db:
            # Two mints of one person at the same time count each other.
            self.take_turns(username)
            minted = db.scalar(
                sa.select(sa.func.count())
                .select_from(versions.join(consents, versions.c.consent_id == consents.c.id))
                .where(consents.c.username == username, consents.c.at >= since)
            )
        if (minted or 0) >= quota:
            raise PolicyRefused(
                f"You have generated {minted} DOIs in the last 365 days, and the quota of {self.settings.institution} is {quota}; ask for more."
            )

    def take_turns(self, subject: str) -> None:
        """Wait until no other transaction, in any process, is at `subject`; then hold it until the end."""
        with self.database.transaction() as db:
            if self.database.is_postgres:
                number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:7])
                db.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})

    def check_required(self, info: RepoInfo, request: MintRequest) -> None:
        """Let mints pass whose metadata the institution finds complete.

        Raises:
            PolicyRefused: something that it requires is missing.
        """
        wanted = self.settings.require
        if "license" in wanted and not info.license:
            raise PolicyRefused(f"Add a licence to the card of {info.repo}; it is required here.")
        if "description" in wanted and not (request.description or info.description):
            raise PolicyRefused(f"Add a description of {info.repo}; it is required here.")
        people = [author for author in request.authors or () if author.type != "organization"]
        if "orcid" in wanted and (
            request.authors is None or any(author.orcid is None for author in people)
        ):
            raise PolicyRefused(
                'Name the authors with their ORCID iDs, such as "Lovelace, Ada <0000-0002-1825-0097>"; it is required here.'
            )

    def close(self) -> None:
        self.database.close()

    def _client(self, token: Secret | None) -> HuggingFaceHub:
        """The Hub as this token sees it; its connections and its person are kept for a minute or so."""
        if token is None:
            return self._anonymous
        key = hashlib.sha256(token.reveal().encode("utf-8", "replace")).hexdigest()
        with self._opening:
            found = self._clients.pop(key, None) or HuggingFaceHub(self.settings.for_person(token))
            self._clients[key] = found
            while len(self._clients) > _MOST_CLIENTS:
                self._clients.popitem(last=False)
        return found

    @property
    def _anonymous(self) -> HuggingFaceHub:
        with self._opening:
            found = self._clients.get("")
            if found is None:
                found = self._clients[""] = HuggingFaceHub(self.settings.for_person(None))
        return found


class InstitutionBackend(DataCiteBackend):
    """Status and mint for one person, with the institution's account and ledger."""

    def __init__(self, institution: Institution, hub: HuggingFaceHub) -> None:
        self.resources = Resources(institution.settings.for_person(None))
        self.institution = institution
        self.hub = hub
        self.registrar = institution.registrar
        self.ledger = institution.ledger

    def status(self, repo: Repo) -> Status:
        """The state of `repo`; what the institution's rules forbid is an obstacle."""
        found = super().status(repo)
        if found.obstacle is not None:
            return found
        try:
            self.institution.check_served(found.repo)
        except PolicyRefused as error:
            return replace(
                found,
                can_mint=False,
                obstacle=error.message,
                obstacle_code=type(error).__name__,
            )
        return found

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Record the intent, durably, and have it finished; any worker can go on with it.

        Raises: as `DoiService.mint`; PolicyRefused: the institution's rules do not allow it.
        """
        # Who may write is asked again for every mint: a token may have been revoked since.
        self.hub.forget_person()
        person = check_signed_in(self.hub.whoami(), repo)
        info = self.hub.info(repo, person, request.revision)
        desk = self.institution
        if info.can_write:
            desk.check_served(info.repo)
        service = self.service_for(info, request)
        with self.ledger.transaction():
            desk.take_turns(f"{info.uid} {info.revision}")
            begun = self.ledger.entry_of(info.uid, info.revision) if info.revision else None
            running = begun is not None and not desk.work.is_parked(begun.id)
            if begun and begun.step == "intended" and not _is_by(begun.version, person):
                assert begun.version.doi is not None
                raise already_registered(begun.version.doi, info.revision or "", None)
            if info.can_write and request.agree and begun is None:
                desk.check_quota(person.username)
            if info.can_write and request.agree and not running:
                desk.check_required(info, request)
            entry = service.begin(info.repo, person, request, key=key, join=running)
            if entry.step != "linked" and not running:
                desk.work.add(entry)
                desk.audit.add(person.username, "asked", str(entry.version.doi))
        return desk.work.finished(entry)

    def check_may_mint(self, repo: Repo) -> None:
        """Let only those pass who may ask for a mint of `repo` at all (R2)."""
        person = check_signed_in(self.hub.whoami(), repo)
        DoiService(self.hub, self.registrar, self.ledger).check_may_mint(repo, person)


def _is_by(version: Version, person: Person) -> bool:
    return version.consent is not None and version.consent.by == person.username
