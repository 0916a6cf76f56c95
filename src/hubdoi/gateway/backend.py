"""What one person sees and may do, with the institution's account and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import urlsplit

from ..config import Secret
from ..hub.repositories import HuggingFaceHub
from ..minting.backends.datacite import DataCiteBackend
from ..minting.ledger import Entry
from ..minting.rules import check_write_access
from ..minting.service import DoiService
from ..minting.standing import OutOfDate, Standing
from ..records import Doi, Message, MintRequest, Person, Repo, RepoInfo, Status, Version
from ..records.amendment import Activities, Amendment, AmendRequest
from ..records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    InReview,
    InvalidInput,
    PolicyRefused,
    RepoNotFound,
    ServiceBusy,
    ServiceError,
    SignInRequired,
)
from ..records.request import RequestKind
from ..records.reservation import Reservation
from .institution import Institution
from .people import Member
from .policies import Policy
from .reviews import (
    Review,
    asked_for,
    being_registered,
    in_review,
    refusal_sentence,
    waits,
    withdrawn_sentence,
)


def backend_for(
    institution: Institution, token: Secret | None, identity: Secret | None = None
) -> InstitutionBackend:
    """What the person with this token of the Hub, and this one of JupyterHub, sees and may do.

    Without a token of the Hub, what the person allowed by signing in counts.

    Raises: as `Institution.grant`.
    """
    grant = institution.grant(identity) if token is None else None
    granted = institution.grants.token(grant) if grant else None
    client = institution.client(token or granted)
    return InstitutionBackend(institution, client, identity, grant if granted else None)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, by which `name` the institution knows them, and what counts for them."""

    person: Person
    name: str
    member: Member
    policy: Policy
    info: RepoInfo
    service: DoiService

    @property
    def reviewed(self) -> bool:
        """Whether a curator decides first."""
        return self.policy.review and not self.member.is_at_least("curator")


class InstitutionBackend(DataCiteBackend):
    """Status and mint for one person, with the institution's account and ledger."""

    def __init__(
        self,
        institution: Institution,
        hub: HuggingFaceHub,
        identity: Secret | None,
        grant: str | None,
    ) -> None:
        self.resources = institution.resources
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
            info = self.hub.info(repo, person)
            found = self._status_of(info, person, failure)
        asks = failure is None and (self._can_login or found.obstacle_code == "SignInRequired")
        if person is None and asks:
            return found.replace(obstacle=self._login(repo), obstacle_code="SignInRequired")
        if person is not None and found.version is not None and found.notice is None:
            notice = desk.corrections.notice(found.version, desk.settings.institution)
            found = found.replace(notice=notice) if notice else found
        if policy.review and name and found.notice is None and found.reserved is None:
            title = desk.settings.institution
            found = found.replace(notice=desk.reservations.notice(info, name, title))
        if name and (policy.review or found.notice):
            found = found.replace(waiting=self._waiting(name, info))
        if found.obstacle is not None or person is None:
            return found
        try:
            if name is None:
                assert refused is not None
                raise refused
            desk.check_rules(found.repo, member, policy)
            review = self._review(info)
            if review and review.state == "waiting":
                raise InReview(waits(review, self.institution.settings.institution))
            if review and review.version_id and desk.work.state(review.version_id) == "queued":
                raise being_registered(review)
            if policy.quota is not None and not self.ledger.step_of(info.uid, info.head or ""):
                # What was begun counts already. Nobody reads terms for nothing.
                desk.check_quota(person.username, policy)
        except (PolicyRefused, SignInRequired, InReview) as error:
            return found.replace(
                can_mint=False,
                obstacle=error.message,
                obstacle_code=type(error).__name__,
                waiting=self._waiting(name, info) if name else (),
                # Who waits for the mint takes a notice for its refusal.
                notice=None if isinstance(error, InReview) else found.notice,
            )
        if review and review.state == "refused":
            notice = refusal_sentence(review, self.institution.settings.institution)
        elif review and review.state == "withdrawn" and review.is_recent:
            notice = withdrawn_sentence(review)
        else:
            notice = desk.work.notice(info.uid, info.head or "", desk.settings.institution)
        return found.replace(notice=notice) if notice else found

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
        member, policy, step, is_known = desk.policies.for_mint(name, self.ledger.hub, info)
        if info.can_write:
            desk.check_rules(info.repo, member, policy)
        self.registrar = desk.registrar_of(policy)
        service = self.service_after(step, info, request)
        asking = Asking(person, name, member, policy, info, service)
        try:
            assumed = self.ledger.assumed(is_known=is_known) if info.revision else None
            entry, state, is_new = self._record(asking, request, key, assumed)
        except OutOfDate:
            entry, state, is_new = self._record(asking, request, key)
        if state == "review":
            self._refuse_second(entry, state)
        return desk.work.finished(entry, is_new=is_new)

    def _record(
        self,
        asking: Asking,
        request: MintRequest,
        key: str | None,
        standing: Standing | None = None,
    ) -> tuple[Entry, str | None, bool]:
        """Record what is asked for, durably: the intent, how it is with its work, and whether it is new.

        Raises: as `mint`; OutOfDate: as `Ledger.intend`, and nothing was recorded.
        """
        desk, info, person, policy = self.institution, asking.info, asking.person, asking.policy
        why = None if asking.name == person.username else f"as {person.username}"
        beside = None
        if standing and policy.quota is None and not asking.reviewed:
            # One statement says it all.
            beside = desk.work.added_with_intent(asking.name, "asked", why)
        with nullcontext() if beside else self.ledger.transaction():
            if standing is None:
                desk.take_turns(f"{info.uid} {info.revision}")
                standing = self.ledger.standing(info.uid, info.revision) if info.revision else None
            begun = standing.entry if standing else None
            state = desk.work.state(begun.id) if begun else None
            # What a worker has is left to it; what waits for a person is brought up to date.
            running = begun is not None and state not in ("parked", "review")
            if begun and begun.step == "intended" and not _is_by(begun.version, person):
                self._refuse_second(begun, state)
            if info.can_write and request.agree and begun is None:
                desk.check_quota(person.username, policy, in_turn=True)
            if info.can_write and request.agree and not running:
                policy.check_required(info, request)
            entry = asking.service.begin(
                info.repo, person, request, key=key, join=running, standing=standing, beside=beside
            )
            if beside:
                state = "queued"
            elif entry.step != "linked" and not running:
                if asking.reviewed:
                    desk.reviews.ask(entry, asking.name)
                    desk.audit.add(asking.name, "asked", str(entry.version.doi), why)
                    state = "review"
                else:
                    desk.work.add(entry, asking.name, "asked", why)
                    state = "queued"
        # What came under an Idempotency-Key may be another revision's.
        return entry, state, begun is None and entry.version.revision == info.revision

    def reserve(self, repo: Repo) -> Reservation:
        """Keep a DOI for the next version, durably; any worker can go on with its draft.

        Raises: as `DoiService.reserve`; PolicyRefused as `mint`; InReview: a curator decides first.
        """
        asking, desk = self._asking(repo), self.institution
        info, by = asking.info, asking.person
        waiting = None
        with self.ledger.transaction():
            desk.take_turns(info.uid)
            is_new = desk.reservations.book.doi(info) is None
            if is_new:
                desk.check_quota(by.username, asking.policy, in_turn=True)
            if is_new and asking.reviewed:
                registrar = desk.registrar_of(asking.policy)
                waiting = desk.reservations.ask(registrar, info, by.username, asking.name)
            else:
                found = desk.reservations.begin(asking.service, info, by, asking.name)
        if waiting is not None:
            raise desk.reservations.in_review(waiting, desk.settings.institution)
        desk.drafts.attempt(found.doi)
        return found

    def release(self, repo: Repo) -> Reservation:
        """Give the reserved DOI up, durably; any worker can go on with its draft.

        Raises: as `DoiService.release`; PolicyRefused as `mint`.
        """
        asking, desk = self._asking(repo), self.institution
        with self.ledger.transaction():
            desk.take_turns(asking.info.uid)
            found = desk.reservations.release(
                asking.service, asking.info, asking.person, asking.name
            )
        desk.drafts.attempt(found.doi)
        return found

    def withdraw(self, repo: Repo, kind: RequestKind | None = None) -> Message:
        """Take back what who asks has asked for, of that `kind`, and nobody has decided.

        A right to write, and a repository that is there, are not needed any more.

        Raises:
            SignInRequired: nobody is signed in.
            PolicyRefused: as `Institution.name`.
            DoiNotFound: nothing of theirs waits.
            InvalidInput: different things wait, and `kind` is not given; or it is decided already.
        """
        person, desk = self._signed_in(repo), self.institution
        name = desk.name(person, self.identity)
        waiting: tuple[Review, ...] = ()
        with suppress(RepoNotFound), self._granted():
            waiting = desk.reviews.waiting_of(name, self.hub.info(repo, person).uid, kind)
        # What was asked for a repository that is gone, whoever has its name now.
        waiting = waiting or desk.reviews.waiting_of(name, repo, kind)
        if not waiting:
            raise DoiNotFound(f"No request of yours for {repo} is waiting for a decision.")
        kinds = sorted({one.kind for one in waiting})
        if len(kinds) > 1:
            asked = " and ".join(map(asked_for, waiting))
            which = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
            raise InvalidInput(f"You asked for {asked}; say what to withdraw: {which}.")
        with self.ledger.transaction():
            done = [desk.reviews.withdraw(one.id, name) for one in waiting]
        return Message(" ".join(map(withdrawn_sentence, done)))

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        asking = self._asking(repo)
        desk = self.institution
        found = asking.service.preview_amendment(asking.info.repo, asking.person, request)
        told = desk.corrections.notice_of(found.doi, asking.name, desk.settings.institution)
        return replace(found, notice=told)

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        """Record the correction, durably, and have it sent; any worker can go on with it.

        Raises: as `DoiService.amend`; PolicyRefused: the institution's rules do not allow it;
        InReview: a curator decides first.
        """
        asking, desk = self._asking(repo), self.institution
        amendments = asking.service.amendments
        entry, info = amendments.entry(asking.info.repo, asking.person, request.doi)
        if entry.step != "linked" or amendments.book.unsent(entry.id) is not None:
            if request.agree and amendments.says(entry, request):
                # The same correction again, whose answer was lost.
                return desk.work.finished(entry).replace(consent=None)
            desk.corrections.finish_earlier(entry)
        with self.ledger.transaction():
            # What was agreed to repeats the values of before: nobody corrects in between.
            desk.take_turns(asking.info.uid)
            waiting = None
            if asking.reviewed:
                entry, _ = amendments.entry(info.repo, asking.person, request.doi)
                if desk.corrections.was_approved(entry, request, asking.name):
                    return entry.version.replace(consent=None)
                waiting = desk.corrections.ask(
                    entry, info.repo, request, asking.person.username, asking.name
                )
            else:
                number, doi = amendments.begin(info.repo, asking.person, request, key=key)
                if number is not None:
                    desk.work.add(entry, asking.name, "correction asked")
        if waiting is not None:
            raise in_review(waiting, desk.settings.institution)
        if number is not None:
            desk.work.finished(entry)
        return desk.version(doi)

    def activities(self, repo: Repo, doi: Doi | str) -> Activities:
        doi = Doi.parse(doi)
        person, _ = self._person()
        with self._granted():
            info = self.hub.info(repo, person)
        if self.ledger.uid_of(doi) != info.uid:
            raise DoiNotFound(f"{doi} is not a DOI of {info.repo} that was registered here.")
        return self.service_of(info).activities(doi, person)

    def _asking(self, repo: Repo) -> Asking:
        """Who asks for something about `repo`, and by which rules.

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            PolicyRefused: the institution's rules do not allow it.
        """
        self.hub.forget_person()
        person = self._signed_in(repo)
        with self._granted():
            info = self.hub.info(repo, person)
        check_write_access(info)
        desk = self.institution
        name = desk.name(person, self.identity, fresh=True)
        member, policy = desk.member(name)
        desk.check_rules(info.repo, member, policy)
        self.registrar = desk.registrar_of(policy)
        return Asking(person, name, member, policy, info, self.service_of(info))

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

    def _waiting(self, name: str, info: RepoInfo) -> tuple[RequestKind, ...]:
        """The kinds of what `name` asked for and nobody has decided."""
        waiting = self.institution.reviews.waiting_of(name, info.uid)
        return tuple(dict.fromkeys(review.kind for review in waiting))

    def _review(self, info: RepoInfo) -> Review | None:
        """The latest request for the latest commit, if there ever was one."""
        return self.institution.reviews.last(info.uid, info.head) if info.head else None

    def _refuse_second(self, begun: Entry, state: str | None) -> NoReturn:
        """Raise what stands in the way of a revision that has an intent already.

        Raises:
            InReview, AlreadyRegistered: as it is with it.
        """
        revision = begun.version.revision or ""
        review = self.institution.reviews.last(begun.uid, revision)
        if state == "review" and review is not None:
            raise in_review(review, self.institution.settings.institution)
        raise AlreadyRegistered(
            f"Somebody else asked for the DOI {begun.version.doi} of revision {revision[:7]}, and it is not registered yet; the status shows it when it is, or ask {self.institution.settings.institution}."
        )


def _is_by(version: Version, person: Person) -> bool:
    return version.consent is not None and version.consent.by == person.username
