"""One gateway: its database, its DataCite account, and what a person may do with them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import sqlalchemy as sa

from ..config import Secret
from ..datacite.public_records import PublicRecords
from ..hub.repositories import HuggingFaceHub
from ..minting.backends.datacite import DataCiteBackend
from ..minting.backends.own_records import find_of_revision
from ..minting.backends.resources import Resources
from ..minting.database import Database
from ..minting.ledger import Entry, Ledger
from ..minting.ledger_tables import consents, versions
from ..minting.service import DoiService
from ..minting.user_ledger import data_directory
from ..net.questions import Questions
from ..records import Doi, MintRequest, Person, Repo, RepoInfo, Status, Version, show_moment
from ..records.errors import (
    InReview,
    InvalidInput,
    PolicyRefused,
    ServiceBusy,
    ServiceError,
    SignInRequired,
    already_registered,
)
from .audit import AuditLog
from .database import migrate, open_database
from .grants import Grants, owner_of_person, owner_of_token
from .jupyterhub import MINT_SCOPE, JupyterHub
from .metrics import Metrics
from .notices import Notices
from .orcid import AuthenticatedOrcids
from .people import Member, People
from .policies import Policies, Policy
from .rates import Rates
from .registrar import InstitutionRegistrar
from .reviews import Review, Reviews, in_review, refusal_sentence
from .sessions import Sessions
from .settings import Settings
from .traces import Traces
from .watching import Watch
from .work import Work

_MOST_CLIENTS = 500
YEAR = timedelta(days=365)
_FRESH = timedelta(minutes=1)
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
        self.public_records = PublicRecords(settings.for_person(None), keeps=False)
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
        self.reviews = Reviews(self.ledger, self.work, self.audit)
        self.watch = Watch(self.ledger)
        self.statuses = Questions()
        self.jupyterhub = JupyterHub(settings) if settings.jupyterhub else None
        self._clients: OrderedDict[str, HuggingFaceHub] = OrderedDict()
        self._opening = threading.Lock()

    def backend(self, token: Secret | None, identity: Secret | None = None) -> InstitutionBackend:
        """What the person with this token of the Hub, and this one of JupyterHub, sees and may do.

        Without a token of the Hub, what the person allowed by signing in counts.

        Raises: as `grant`.
        """
        grant = self.grant(identity) if token is None else None
        granted = self.grants.token(grant) if grant else None
        return InstitutionBackend(
            self, self._client(token or granted), identity, grant if granted else None
        )

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
        person = self._client(token).whoami()
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
        member = self.people.member(name) if name else Member("")
        return member, self.policies.of(member.group, member.groups)

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

    def check_quota(self, username: str, policy: Policy) -> None:
        """Let those pass who have minted less than the quota; to be called in the mint's transaction.

        Raises:
            PolicyRefused: they have not.
        """
        if policy.quota is None:
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
        if (minted or 0) >= policy.quota:
            raise PolicyRefused(
                f"You have generated {minted} DOIs in the last 365 days, and the quota of {self.settings.institution} is {policy.quota}{self._contact}."
            )

    def check_still(self, entry: Entry) -> None:
        """Look again whether the DOI of an intent may be minted, because time has passed.

        Raises: as `DoiService.check_again` and `check_policy`.
        """
        self.check_policy(entry, self.work.service.check_again(entry))

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

    def _client(self, token: Secret | None) -> HuggingFaceHub:
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


class InstitutionBackend(DataCiteBackend):
    """Status and mint for one person, with the institution's account and ledger."""

    def __init__(
        self,
        institution: Institution,
        hub: HuggingFaceHub,
        identity: Secret | None,
        grant: str | None,
    ) -> None:
        self.resources = Resources(institution.settings.for_person(None))
        self.institution = institution
        self.hub = hub
        self.identity = identity
        self.grant = grant
        self.registrar = institution.registrar
        self.ledger = institution.ledger

    def status(self, repo: Repo) -> Status:
        """The state of `repo`; what the institution's rules forbid is an obstacle."""
        # The client of the Hub is that of one token: nobody gets what another person may see.
        asked = (repo, self.hub, self.identity)
        return self.institution.statuses.ask(asked, lambda: self._found(repo))

    def _found(self, repo: Repo) -> Status:
        person, failure = self._person()
        desk, name, refused = self.institution, None, None
        try:
            name = desk.name(person, self.identity) if person else None
        except (PolicyRefused, SignInRequired) as error:
            refused = error
        member, policy = desk.member(name)
        self.registrar = desk.registrar_of(policy)
        with self._granted():
            found = super().status(repo)
        asks = failure is None and (self._can_login or found.obstacle_code == "SignInRequired")
        if person is None and asks:
            return found.replace(obstacle=self._login(repo), obstacle_code="SignInRequired")
        if found.obstacle is not None or person is None:
            return found
        try:
            if name is None:
                assert refused is not None
                raise refused
            desk.check_rules(found.repo, member, policy)
            review = self._review(found)
            if review and review.state == "waiting":
                raise in_review(review, self.institution.settings.institution)
        except (PolicyRefused, SignInRequired, InReview) as error:
            return found.replace(
                can_mint=False, obstacle=error.message, obstacle_code=type(error).__name__
            )
        if review and review.state == "refused":
            sentence = refusal_sentence(review, self.institution.settings.institution)
            return found.replace(notice=sentence)
        return found

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Record the intent, durably, and have it finished; any worker can go on with it.

        Raises: as `DoiService.mint`; PolicyRefused: the institution's rules do not allow it;
        InReview: a curator decides first.
        """
        # Who may write is asked again for every mint: a token may have been revoked since.
        self.hub.forget_person()
        person = self._signed_in(repo)
        with self._granted():
            info = self.hub.info(repo, person, request.revision)
        desk = self.institution
        name = desk.name(person, self.identity, fresh=True)
        member, policy = desk.member(name)
        if info.can_write:
            desk.check_rules(info.repo, member, policy)
        self.registrar = desk.registrar_of(policy)
        service = self.service_for(info, request)
        with self.ledger.transaction():
            desk.take_turns(f"{info.uid} {info.revision}")
            standing = self.ledger.standing(info.uid, info.revision) if info.revision else None
            begun = standing.entry if standing else None
            state = desk.work.state(begun.id) if begun else None
            # What a worker has is left to it; what waits for a person is brought up to date.
            running = begun is not None and state not in ("parked", "review")
            if begun and begun.step == "intended" and not _is_by(begun.version, person):
                self._refuse_second(begun, state)
            if info.can_write and request.agree and begun is None:
                desk.check_quota(person.username, policy)
            if info.can_write and request.agree and not running:
                policy.check_required(info, request)
            entry = service.begin(
                info.repo, person, request, key=key, join=running, standing=standing
            )
            if entry.step != "linked" and not running:
                if policy.review and not member.is_at_least("curator"):
                    desk.reviews.ask(entry, name)
                    state = "review"
                else:
                    desk.work.add(entry, name)
                    state = "queued"
                why = None if name == person.username else f"as {person.username}"
                desk.audit.add(name, "asked", str(entry.version.doi), why)
        if state == "review":
            self._refuse_second(entry, state)
        return desk.work.finished(entry)

    def check_rate(self) -> None:
        """Let who asks pass, if they do not ask too often.

        Raises:
            SignInRequired: the Hub does not know the token.
            ServiceBusy: they ask too often.
        """
        person, _ = self._person()
        try:
            if person is not None:
                self.institution.rates.check(person.username)
        except ServiceBusy:
            self.institution.metrics.refused.inc()
            raise

    def check_may_mint(self, repo: Repo) -> None:
        """Let only those pass who may ask for a mint of `repo` at all (R2)."""
        person = self._signed_in(repo)
        DoiService(self.hub, self.registrar, self.ledger).check_may_mint(repo, person)

    @property
    def _can_login(self) -> bool:
        known = self.identity is not None or self.institution.jupyterhub is None
        return known and self.institution.grants.are_kept

    def _login(self, repo: Repo) -> str:
        """How who asks shows who they are, with what this gateway takes."""
        hub = urlsplit(self.institution.settings.hub).netloc
        if not self._can_login:
            return f"Sign in to generate a DOI: set HF_TOKEN to a token of {hub}, and HUBDOI_GATEWAY_URL to {self.institution.url}, so that it may be sent there; then run %doi use in a new kernel."
        return f"Sign in with {hub}, so that {self.institution.settings.institution} sees that you may write to {repo}: %doi login"

    def _signed_in(self, repo: Repo) -> Person:
        person, failure = self._person()
        if failure is not None:
            raise failure
        if person is None:
            raise SignInRequired(self._login(repo))
        return person

    def _person(self) -> tuple[Person | None, ServiceError | None]:
        with self._granted():
            return super()._person()

    @contextmanager
    def _granted(self) -> Iterator[None]:
        """Ask the Hub; a grant that it does not accept any more is forgotten."""
        try:
            yield
        except SignInRequired:
            if self.grant is None:
                raise
            raise self.institution.grants.revoked(self.grant) from None

    def _review(self, status: Status) -> Review | None:
        """The latest request for the latest commit, if there ever was one."""
        reviews = self.institution.reviews
        if status.head is None or not reviews.knows(status.head):
            return None
        return reviews.last(self.hub.info(status.repo, None).uid, status.head)

    def _refuse_second(self, begun: Entry, state: str | None) -> NoReturn:
        """Raise what stands in the way of a revision that has an intent already.

        Raises:
            InReview, AlreadyRegistered: as it is with it.
        """
        revision = begun.version.revision or ""
        review = self.institution.reviews.last(begun.uid, revision)
        if state == "review" and review is not None:
            raise in_review(review, self.institution.settings.institution)
        assert begun.version.doi is not None
        raise already_registered(begun.version.doi, revision, None)


def _is_by(version: Version, person: Person) -> bool:
    return version.consent is not None and version.consent.by == person.username
