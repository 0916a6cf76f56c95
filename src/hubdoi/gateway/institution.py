"""One gateway: its database, its DataCite account, and what a person may do with them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from ..config import Secret
from ..datacite.public_records import PublicRecords
from ..hub.repositories import HuggingFaceHub
from ..minting.backends.own_records import find_of_revision
from ..minting.backends.resources import Resources
from ..minting.database import Database
from ..minting.ledger import Entry, Ledger
from ..minting.ledger_tables import consents, versions
from ..minting.rules import check_same_hands
from ..minting.service import DoiService
from ..minting.user_ledger import data_directory
from ..net.questions import Questions
from ..records import Doi, Person, Repo, RepoInfo, Version, show_moment
from ..records.errors import InvalidInput, PolicyRefused
from .audit import AuditLog
from .corrections import Corrections
from .database import migrate, open_database
from .drafts import Drafts
from .grants import Grants, owner_of_person, owner_of_token
from .jupyterhub import MINT_SCOPE, JupyterHub
from .metrics import Metrics
from .notices import Notices
from .orcid import AuthenticatedOrcids
from .people import Member, People
from .policies import Policies, Policy
from .rates import Rates
from .registrar import InstitutionRegistrar
from .reservations import Reservations
from .reviews import Review, Reviews
from .sessions import Sessions
from .settings import Settings
from .traces import Traces
from .watching import Watch
from .work import Work

_MOST_CLIENTS = 500
YEAR = timedelta(days=365)
_FRESH = timedelta(minutes=1)
_MINTED = (
    sa.select(sa.func.count())
    .select_from(versions.join(consents, versions.c.consent_id == consents.c.id))
    .where(consents.c.username == sa.bindparam("by"), consents.c.at >= sa.bindparam("since"))
)
_TAKE_TURNS = sa.text("SELECT pg_advisory_xact_lock(:n)")


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
        self.metrics = Metrics(Traces.to(settings.traces))
        # What was seen before is no ground for a DOI: nothing of it is kept.
        self.resources = Resources(settings.for_person(None))
        self.public_records = PublicRecords(self.resources.config, keeps=False)
        self.hub = self._hub(settings.hub_token)
        self.registrar = InstitutionRegistrar(settings, self.hub, self.public_records, self.metrics)
        self.database = database or open_database(
            settings.database, data_directory() / "gateway", pool=pool
        )
        migrate(self.database, empty_only=True)
        self.ledger = Ledger(self.database, hub=settings.hub, endpoint=settings.hub)
        self.audit = AuditLog(self.database)
        self.notices = Notices(settings, self.database)
        self.work = Work(
            self.ledger, InstitutionService(self), self.audit, self.notices, self.metrics
        )
        self.rates = Rates(self.database, settings.rate)
        self.people = People(self.database)
        self.sessions = Sessions(self.database)
        self.orcids = AuthenticatedOrcids(self.database)
        self.grants = Grants(self.database, settings, self.take_turns)
        self.policies = Policies(self.database, settings)
        self.reviews = Reviews(self.ledger, self.work, self.audit, self.take_turns)
        self.corrections = Corrections(self.work.service, self.reviews)
        self.drafts = Drafts(self.work)
        self.reservations = Reservations(self.drafts, self.reviews)
        self.watch = Watch(self.ledger)
        self.statuses = Questions()
        self.jupyterhub = JupyterHub(settings) if settings.jupyterhub else None
        self._clients: OrderedDict[str, HuggingFaceHub] = OrderedDict()
        self._opening = threading.Lock()

    def grant(self, identity: Secret | None) -> str | None:
        """The owner of the grants of who sends `identity`; None where nobody does.

        Raises:
            SignInRequired, ServiceError: JupyterHub does not know the token, or does not answer.
        """
        if identity is None:
            return None
        if self.jupyterhub is None:
            return owner_of_token(identity)
        return owner_of_person(self.jupyterhub.user(identity).name)

    def hub_name(self, token: Secret) -> str:
        """The user name on the Hub of who has this token. Raises as `HuggingFaceHub.whoami`."""
        person = self.client(token).whoami()
        assert person is not None
        return person.username

    def name(self, person: Person, identity: Secret | None, *, fresh: bool = False) -> str:
        """By which name the institution knows `person`, who may mint; `fresh` asks JupyterHub again.

        Raises:
            PolicyRefused: only people of JupyterHub with the scope may, and this is none.
            SignInRequired, ServiceError: JupyterHub does not know the token, or does not answer.
        """
        if self.jupyterhub is None:
            return person.username
        if identity is None:
            raise PolicyRefused(
                f"{self.settings.institution} generates DOIs from its JupyterHub: open a notebook there and run %doi use."
            )
        user = self.jupyterhub.user(identity, fresh=fresh)
        # The workers ask for the policy as well, without a token.
        self.people.note_groups(user.name, user.groups)
        if not user.may_mint:
            raise PolicyRefused(
                f"{user.name} has no role at JupyterHub that allows it to generate DOIs ({MINT_SCOPE}){self._contact}."
            )
        return user.name

    def version(self, doi: Doi) -> Version:
        """The registered version of `doi`, without who agreed to it. Raises as `DoiService.version`."""
        return self.work.service.version(doi)

    def member(self, name: str | None) -> tuple[Member, Policy]:
        """Who has that name, and the rules for them; for nobody those for everybody."""
        return self.policies.for_person(name)

    def registrar_of(self, policy: Policy) -> InstitutionRegistrar:
        """The account, naming new DOIs as `policy` says."""
        return self.registrar.naming(policy.prefix, policy.suffix)

    def check_rules(self, repo: Repo, member: Member, policy: Policy) -> None:
        """Let people pass whom the institution knows, with repositories of owners that `policy` names.

        Raises:
            PolicyRefused: only people who are listed may mint, and they are not; or it is somebody
                else's repository.
        """
        if self.settings.people == "listed" and not member.is_listed:
            raise PolicyRefused(
                f"{self.settings.institution} generates DOIs for people whom it has added, and {member.username} is not one of them{self._contact}."
            )
        if not policy.serves(repo.namespace):
            owners = ", ".join(policy.owners) or "nobody yet"
            raise PolicyRefused(
                f"{self.settings.institution} generates DOIs for repositories of {owners}, and {repo} is not one of them{self._contact}."
            )

    def check_quota(self, username: str, policy: Policy, *, in_turn: bool = False) -> None:
        """Let those pass who have minted less than the quota.

        With `in_turn`, in the transaction of a mint, two mints of one person at the same time count
        each other.

        Raises:
            PolicyRefused: they have not.
        """
        if policy.quota is None:
            return
        if in_turn:
            self.take_turns(username)
        since = show_moment(datetime.now(UTC) - YEAR)
        with self.database.glancing() as db:
            minted = db.scalar(_MINTED, {"by": username, "since": since})
        if (minted or 0) >= policy.quota:
            raise PolicyRefused(
                f"You have generated {minted} {'DOI' if minted == 1 else 'DOIs'} in the last 365 days, and the quota of {self.settings.institution} is {policy.quota}{self._contact}."
            )

    def check_still(self, entry: Entry) -> None:
        """Look again whether the DOI of an intent may be minted, because time has passed.

        Raises: as `DoiService.check_again` and `check_policy`.
        """
        self.check_policy(entry, self.work.service.check_again(entry))

    def approve(
        self,
        number: int,
        by: str,
        *,
        change: Callable[[Version], Version] | None = None,
        reason: str | None = None,
    ) -> Review:
        """Approve a request; `change` is for a mint alone.

        Raises: as `Reviews.approve` and `Corrections.approve`; PolicyRefused: the rules have changed.
        """
        review = self.reviews.get(number)
        if review.kind == "mint":
            return self.reviews.approve(
                number, by, check=self.check_still, change=change, reason=reason
            )
        repo = review.version.repo
        assert repo is not None
        if review.kind == "reservation":
            # The repository may be private, and unknown here; its mint looks at it.
            member, policy = self.member(review.username)
            self.check_rules(repo, member, policy)
            with self.database.transaction():
                self.take_turns(review.uid)
                registrar = self.registrar_of(policy)
                return self.reservations.approve(review, registrar, by, reason)
        if review.state == "waiting":
            info = self.hub.info(repo, None)
            check_same_hands(info, repo, review.uid)
            self.check_rules(info.repo, *self.member(review.username))
        with self.database.transaction():
            self.take_turns(review.uid)
            return self.corrections.approve(review, by, reason)

    def check_policy(self, entry: Entry, info: RepoInfo) -> None:
        """Look again whether the institution's rules allow an intent.

        Raises:
            PolicyRefused: they have changed, or the repository has another owner.
        """
        consent = entry.version.consent
        assert consent is not None
        member, policy = self.member(self.work.asked_by(entry.id) or consent.by)
        self.check_rules(info.repo, member, policy)

    @property
    def _contact(self) -> str:
        return f"; write to {self.settings.contact}" if self.settings.contact else ""

    def take_turns(self, subject: str) -> None:
        """Wait until no other transaction, in any process, is at `subject`; then hold it until the end."""
        with self.database.transaction() as db:
            if self.database.is_postgres:
                number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:7])
                db.execute(_TAKE_TURNS, {"n": number})

    def close(self) -> None:
        self.database.close()
        self.metrics.traces.close()
        if self.jupyterhub:
            self.jupyterhub.close()

    def client(self, token: Secret | None) -> HuggingFaceHub:
        """The Hub as this token sees it; its connections and its person are kept for a minute or so."""
        if token is None:
            return self._anonymous
        key = hashlib.sha256(token.reveal().encode("utf-8", "replace")).hexdigest()
        with self._opening:
            found = self._clients.pop(key, None) or self._hub(token)
            self._clients[key] = found
            while len(self._clients) > _MOST_CLIENTS:
                self._clients.popitem(last=False)
        return found

    def _hub(self, token: Secret | None) -> HuggingFaceHub:
        return HuggingFaceHub(self.settings.for_person(token), keeps=False)

    @property
    def _anonymous(self) -> HuggingFaceHub:
        with self._opening:
            found = self._clients.get("")
            if found is None:
                found = self._clients[""] = self._hub(None)
        return found


class InstitutionService(DoiService):
    """The rules, which count once more when an intent is registered long after it was recorded."""

    mint_locks = False

    def __init__(self, institution: Institution) -> None:
        super().__init__(
            institution.hub, institution.registrar, institution.ledger, keeps_refused=True
        )
        self.institution = institution

    def elsewhere(self, info: RepoInfo, revision: str) -> Version | None:
        """The DOI that the Hub registered for the revision of an intent by now (R8)."""
        return find_of_revision(self.institution.registrar, info, revision, self.hub)

    def check_again(self, entry: Entry, person: Person | None = None) -> RepoInfo:
        """As `DoiService.check_again`, and by the institution's own rules after a while.

        Raises: as that and as `Institution.check_policy`.
        """
        info = super().check_again(entry, person)
        if self._has_waited(entry):
            self.institution.check_policy(entry, info)
        return info

    def _has_waited(self, entry: Entry) -> bool:
        # The clock of another host may be wrong in either direction.
        asked = entry.version.consent.at if entry.version.consent else None
        return asked is None or abs(self.clock() - asked) > _FRESH
