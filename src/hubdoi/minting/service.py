"""The rules, in the order in which a mint meets them, on top of a Hub, a registrar and a ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cached_property

from ..records import (
    Consent,
    Doi,
    History,
    Hub,
    MintRequest,
    Person,
    Repo,
    RepoInfo,
    Status,
    Terms,
    Version,
)
from ..records.amendment import Activities, Amendment, AmendRequest
from ..records.errors import (
    AccessError,
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InvalidMetadata,
    PolicyRefused,
    RepoError,
    RepoNotEligible,
    WriteAccessRequired,
    already_registered,
)
from ..records.reservation import Reservation
from .amendments import Amendments
from .beside import Beside
from .consent import check_consent
from .defaults import certain_authors, default_authors, version_of
from .ledger import Entry, Ledger
from .registrar import Registrar
from .reservations import Reservations
from .rules import (
    check_eligible,
    check_same_hands,
    check_signed_in,
    check_write_access,
)
from .standing import Standing
from .status import status_of, version_of_head, visible

REFUSALS = (AlreadyRegistered, InvalidMetadata, PolicyRefused, RepoError, WriteAccessRequired)
"""What ends an attempt for good, whoever refuses it; after anything else it may have happened (R12)."""


class DoiService:
    """Status, mint and history of repositories, by the rules R1-R12.

    `clock` gives the moment of a write, in UTC. `keeps_refused` leaves an intent that the registrar
    refused for good in the ledger, for a person to look at.
    """

    mint_locks = True
    """Whether the Hub locks a repository for a DOI that is made here."""

    def __init__(
        self,
        hub: Hub,
        registrar: Registrar,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        keeps_refused: bool = False,
    ) -> None:
        self.hub = hub
        self.registrar = registrar
        self.ledger = ledger
        self.clock = clock
        self.keeps_refused = keeps_refused

    def status(self, repo: Repo, person: Person | None) -> Status:
        """The state of `repo` as `person` sees it (R2: whoever can read it).

        Raises:
            RepoNotFound: there is none, or `person` cannot see it.
        """
        return self.status_from(self.hub.info(repo, person), person)

    def status_from(self, info: RepoInfo, person: Person | None) -> Status:
        """The same of what `person` sees of the repository at its latest commit."""
        standing = self.ledger.standing(info.uid, info.head or "")
        versions = standing.versions
        if info.head and not version_of_head(versions, info.head):
            elsewhere = self.elsewhere(info, info.head)
            versions = (elsewhere.replace(state="current"), *versions) if elsewhere else versions
        return status_of(
            info,
            versions,
            endpoint=self.hub.endpoint,
            person=person,
            terms=self.registrar.terms,
            reserved=standing.reserved if info.can_write else None,
            mint_locks=self.mint_locks,
        )

    def elsewhere(self, info: RepoInfo, revision: str) -> Version | None:
        """The DOI that was registered for the revision past this ledger, where that can be told (R8)."""
        return None

    def history(self, repo: Repo, person: Person | None) -> History:
        """All versions of `repo`, newest first.

        Raises:
            RepoNotFound: there is none, or `person` cannot see it.
        """
        info = self.hub.info(repo, person)
        return History(info.repo, visible(self.ledger.versions(info.uid), info))

    def version(self, doi: Doi) -> Version:
        """The registered version of `doi`, without who agreed to it.

        Raises:
            DoiNotFound: neither the ledger nor the registrar knows it.
        """
        version = self.ledger.version(doi) or self.registrar.find(doi)
        if version is None:
            raise DoiNotFound(f"There is no DOI {doi} here; check it for a typing error.")
        return version.replace(consent=None)

    def mint(
        self, repo: Repo, person: Person | None, request: MintRequest, *, key: str | None = None
    ) -> Version:
        """Register a DOI for the head of `repo`, or for the revision that is asked for.

        `key` is an Idempotency-Key: the same key with the same request has the same answer again.

        Raises:
            SignInRequired, WriteAccessRequired: R2.
            ConsentRequired, TermsChanged: R3; both carry the terms.
            RepoNotFound, RevisionNotFound, RepoNotEligible: R1.
            AlreadyRegistered: R8; it carries the version.
            IdempotencyConflict: the key came with another request.
            ServiceError: the registrar did not answer; `recover` or the same call finishes it (R12).
        """
        signed_in = check_signed_in(person, repo)
        # Where the registrar shares the ledger's database, what was checked stays true until the
        # end: nobody makes the repository private between the check and the registration.
        with self.ledger.transaction() if self.registrar.shares_ledger else nullcontext():
            return self.finish(self.begin(repo, signed_in, request, key=key), signed_in).version

    def begin(
        self,
        repo: Repo,
        person: Person,
        request: MintRequest,
        *,
        key: str | None = None,
        join: bool = False,
        standing: Standing | None = None,
        beside: Beside | None = None,
    ) -> Entry:
        """Check everything and record the intent, durably; nothing is registered before `finish`.

        Where the registrar shares the ledger's database the version is registered in the same
        transaction, and there is no intent.

        `join` leaves an intent that is there as it is, because somebody is registering it.
        `standing` is what the ledger has of the repository, where it was read already. What is
        `beside` the intent is as in `Ledger.intend`, and there is no transaction around it then.

        Raises: as `mint`, without what the registrar says.
        """
        info = self.hub.info(repo, person, request.revision)
        check_write_access(info)
        body = {"repo": info.uid, **request.to_json()}
        if key is not None and (known := self.ledger.answer(person.username, key, body)):
            return known
        terms = self.registrar.terms
        check_consent(request, terms)
        check_eligible(info)
        if info.revision is None:
            raise RepoNotEligible(f"{info.repo} has no commit yet; push one first.", "empty")
        standing = standing or self.ledger.standing(info.uid, info.revision)
        begun = standing.entry
        if begun is None and (other := self.elsewhere(info, info.revision)) and other.doi:
            raise already_registered(other.doi, info.revision, other)
        begins = begun is None or (begun.step == "intended" and not join)
        version = self._version(info, person, request, terms, standing) if begins else None
        if begun and version:
            self._make_way(begun, version)
        if begun and begun.step == "linked" and begun.version.doi:
            raise already_registered(begun.version.doi, info.revision, begun.version)
        with nullcontext() if beside else self.ledger.transaction():
            if version:
                date = info.revision_date or self.clock()
                begun = self.ledger.intend(
                    version,
                    uid=info.uid,
                    revision_date=date,
                    terms=terms,
                    standing=standing,
                    registered=self.registrar.shares_ledger,
                    beside=beside,
                    answer=(key, body) if key is not None else None,
                )
                if begun.step != "intended":
                    self.register(begun)
            # What stopped between registration and links is finished by the same call again (R12).
            assert begun is not None
            if key is not None and not beside:
                self.ledger.remember_answer(person.username, key, body, begun)
        return begun

    # A DOI before the release: `reservations` decides it

    @cached_property
    def reservations(self) -> Reservations:
        return Reservations(self.hub, self.registrar, self.ledger, self.clock)

    def reserve(self, repo: Repo, person: Person | None) -> Reservation:
        """Keep a DOI for the next version of `repo`, which may be private or empty still.

        Nothing becomes public: `mint` publishes the DOI, with the consent and the conditions of
        every mint (R1, R3). The same call again has the same answer.

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            ServiceError: the registrar did not answer; the same call goes on.
        """
        return self.reservations.reserve(repo, person)

    def release(self, repo: Repo, person: Person | None) -> Reservation:
        """Give up the DOI that is reserved for `repo`; the answer is what was given up.

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            DoiNotFound: none is reserved.
            AlreadyRegistered: a mint with it has begun (R11).
            ServiceError: the registrar did not answer; the same call goes on.
        """
        return self.reservations.release(repo, person)

    # Corrections: `amendments` decides them

    @cached_property
    def amendments(self) -> Amendments:
        return Amendments(self.hub, self.registrar, self.ledger, self.clock)

    def preview_amendment(
        self, repo: Repo, person: Person | None, request: AmendRequest
    ) -> Amendment:
        """What a correction would change, and the text to agree to.

        Raises: as `amend`, without the errors of consent and of the registrar.
        """
        return self.amendments.preview(repo, person, request)

    def amend(
        self, repo: Repo, person: Person | None, request: AmendRequest, *, key: str | None = None
    ) -> Version:
        """Correct the record of a DOI of `repo`; DOI, repository and revision stay (R11).

        `key` is as in `mint`. What the record said before is kept, for `activities`.

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: R2.
            ConsentRequired, TermsChanged: R3; both carry the terms.
            DoiNotFound: the DOI is not one of the repository that was registered here.
            InvalidMetadata: there is nothing to correct, or the registrar refuses the new values.
            ServiceError: the registrar did not answer; `recover` or the same call finishes it (R12).
        """
        return self.amendments.amend(repo, person, request, key=key)

    def activities(self, doi: Doi, person: Person | None) -> Activities:
        """The registration and the corrections of `doi`, oldest first.

        Raises:
            DoiNotFound, RepoNotFound: it is not known here, or `person` cannot see its repository.
        """
        return self.amendments.activities(doi, person)

    def check_may_mint(self, repo: Repo, person: Person | None) -> None:
        """Let only those pass who may ask for a mint of `repo` at all (R2).

        Raises:
            SignInRequired, WriteAccessRequired, RepoNotFound: they may not.
        """
        check_signed_in(person, repo)
        check_write_access(self.hub.info(repo, person))

    def is_interrupted(self) -> bool:
        """Whether there is something to recover."""
        return bool(self.ledger.unfinished() or self.amendments.book.unfinished())

    def recover(self, person: Person | None = None) -> tuple[Version, ...]:
        """Finish every mint that was interrupted, each with the DOI that it had (R12).

        `person` is who asks for it, for what the Hub tells of them alone.

        Raises:
            ServiceError: the registrar does not answer; what was not finished stays in the ledger.
            HubdoiError, one of `REFUSALS`: one of them is refused for good, by the registrar or by
                a rule that holds no longer; the others were finished first.
            AccessError: the Hub or the registrar refuses one of them to who asks, and it stays in
                the ledger; the others were finished first.
        """
        finished: list[Version] = []
        refusal: HubdoiError | None = None
        try:
            finished += self.amendments.recover()
        except (AlreadyRegistered, InvalidMetadata) as error:
            refusal = error
        for entry in self.ledger.unfinished():
            try:
                finished.append(self.finish(entry, person).version)
            except (*REFUSALS, AccessError) as error:
                refusal = refusal or error
        if refusal:
            raise refusal
        return tuple(finished)

    def _version(
        self,
        info: RepoInfo,
        person: Person,
        request: MintRequest,
        terms: Terms,
        standing: Standing,
    ) -> Version:
        """What will be registered (R4), with the DOI that an earlier attempt had (R12)."""
        now = self.clock()
        previous = next(iter(standing.versions), None)
        return version_of(
            info,
            request,
            previous,
            doi=standing.entry.version.doi
            if standing.entry
            else standing.reserved
            or self.registrar.reserve(info.repo, info.uid, info.revision or ""),
            authors=certain_authors(request.authors) or default_authors(info, person, previous),
            publisher=self.registrar.publisher,
            year=now.year,
            created=now,
            endpoint=self.hub.endpoint,
            consent=Consent(person.username, now, terms.digest),
        )

    def _make_way(self, begun: Entry, version: Version) -> None:
        """Settle what an earlier attempt of this ledger left, where it said something else.

        Raises:
            AlreadyRegistered: it was registered after all (R8).
        """
        before = begun.version
        if (before.authors, before.title) == (version.authors, version.title):
            return
        if before.doi and (found := self.registrar.find(before.doi)):
            self.finish(begun)
            raise already_registered(before.doi, version.revision or "", found)
        self.registrar.abandon(before)

    def register(self, entry: Entry) -> None:
        """Register the version of `entry`. Raises as `Registrar.register`."""
        self.registrar.register(entry.version)

    def check_again(self, entry: Entry, person: Person | None = None) -> RepoInfo:
        """What the Hub says of the repository now, when the rules still allow `entry` (R1, R2, R8).

        Raises:
            AlreadyRegistered: the revision got another DOI in the meantime, from the Hub itself.
            RepoNotFound, RevisionNotFound, RepoNotEligible: the DOI would lead nobody anywhere.
            WriteAccessRequired: who agreed cannot write to the repository any more, or it has
                another owner.
            ServiceError: the Hub or the registrar cannot be asked now.
        """
        version = entry.version
        assert version.repo is not None
        by = (
            person if person and version.consent and version.consent.by == person.username else None
        )
        info = self.hub.info(version.repo, by, version.revision)
        check_eligible(info)
        check_same_hands(info, version.repo, entry.uid)
        if by:
            check_write_access(info)
        other = self.elsewhere(info, version.revision or "")
        if other and other.doi and other.doi != version.doi:
            raise already_registered(other.doi, version.revision or "", other)
        return info

    def _checked_again(self, entry: Entry, person: Person | None) -> Entry:
        """`entry`, with the name that its repository has at the moment of registration.

        Raises: as `check_again`.
        """
        version = entry.version
        assert version.doi is not None
        try:
            info = self.check_again(entry, person)
        except REFUSALS:
            # What is public already is not taken back (R11).
            if self.registrar.find(version.doi):
                return entry
            raise
        if info.repo == version.repo:
            return entry
        # It goes by another name now, and the DOI has to lead there.
        self.ledger.rename(entry.uid, info.repo)
        return self.ledger.entry(entry.id) or entry

    def finish(
        self, entry: Entry, person: Person | None = None, *, beside: Beside | None = None
    ) -> Entry:
        """Register an intent, then make its neighbours point at it (R7); what is finished stays so.

        Every rule is checked again first, because days may lie between the two. What is `beside`
        the end is as in `Ledger.mark`.

        Raises:
            HubdoiError, one of `REFUSALS`: it is refused for good; the intent is gone.
            ServiceError: the Hub or the registrar did not answer; the same call finishes it.
        """
        if entry.step == "linked":
            return entry
        if entry.version.doi is None or entry.version.revision is None:
            raise ValueError("an entry of the ledger has a DOI and a revision")
        if entry.step == "intended":
            try:
                if not self.registrar.shares_ledger:
                    entry = self._checked_again(entry, person)
                self.register(entry)
            except REFUSALS:
                # Refused for good; after any other failure it may have happened (R12).
                if not self.keeps_refused:
                    self.ledger.withdraw(entry)
                raise
            if not self.registrar.shares_ledger:
                marked = self.ledger.mark(entry, "registered", beside)
                # Another process may have registered a neighbour in the meantime.
                if marked.neighbours != entry.neighbours:
                    self.registrar.update(marked.version)
                entry = marked
        elif entry.step == "registered":
            # It stopped before its own record knew of every neighbour, perhaps.
            self.registrar.update(entry.version)
        for doi in entry.neighbours:
            neighbour = self.ledger.version(doi)
            if neighbour:
                self.registrar.update(neighbour)
        return entry if entry.step == "linked" else self.ledger.mark(entry, "linked")
