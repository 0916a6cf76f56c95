"""Where a Hub has no DOI API: a person generates the DOI on the settings page, and hubdoi watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ...records import (
    Author,
    Consent,
    Doi,
    MintRequest,
    Person,
    Repo,
    RepoInfo,
    Status,
    Terms,
    Version,
)
from ...records.errors import (
    HandOff,
    HubdoiError,
    InvalidMetadata,
    RepoError,
    ServiceError,
    already_registered,
)
from ..ledger import Ledger
from ..rules import (
    check_consent,
    check_eligible,
    check_signed_in,
    check_write_access,
    default_authors,
    obstacle_of,
)

if TYPE_CHECKING:
    from ...config import Config
    from ...datacite.public_records import PublicRecords
    from ...hub.repositories import HuggingFaceHub


FIRST_INTERVAL = 5.0
LONGEST_INTERVAL = 60.0
"""Seconds between two looks at the tags: they grow from the first to the longest."""
GROWTH = 1.5
MOST_CANDIDATES = 20
"""DOIs in the tags that are looked at: a repository has few, and a card may list thousands."""

TERMS = """\
Generating a DOI for this repository, on its settings page

1. The DOI is permanent. It cannot be undone: once generated, a DOI is never deleted and never given to anything else.
2. The repository is locked by the Hub. From then on it cannot be deleted, renamed, transferred or made private, except through a request to the Hub's support. Pushing commits stays possible; the DOI goes on naming the revision that it was generated for.
3. The metadata becomes public. Your full name and the list of authors are sent to DataCite, together with the title, the address, the revision, the description and the licence of the repository, and everybody can read them.
4. You generate the DOI yourself. This Hub has no interface for programs: hubdoi opens the settings page, where you are asked to agree once more, and waits for the DOI to appear. That you agreed here is noted on this computer alone.
"""

metadata = sa.MetaData()

_hand_offs = sa.Table(
    "handoff_consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("consent", sa.Integer, nullable=False),
)


class HandOffDoor:
    """Status from the Hub's tags and DataCite's records; minting is a person's, on the settings page.

    `ledger` opens the ledger when the first consent is to be recorded. `first_interval` and
    `longest_interval` are the seconds between two looks while `wait` waits.
    """

    def __init__(
        self,
        config: Config,
        hub: HuggingFaceHub,
        public_records: PublicRecords,
        *,
        ledger: Callable[[], Ledger] | None = None,
        first_interval: float = FIRST_INTERVAL,
        longest_interval: float = LONGEST_INTERVAL,
    ) -> None:
        from ..user_ledger import open_user_ledger

        self.hub = hub
        self.public_records = public_records
        self._ledger = ledger or (lambda: open_user_ledger(config.endpoint))
        self._first_interval = first_interval
        self._longest_interval = longest_interval

    @property
    def terms(self) -> Terms:
        return Terms(TERMS)

    def status(self, repo: Repo) -> Status:
        """What the Hub's tags and DataCite say: one request to each at most.

        Raises:
            RepoNotFound: there is none, or these credentials cannot see it.
            ServiceError: one of the two cannot be used, and was not seen before.
        """
        info = self.hub.info(repo, None)
        return self.status_of(info, self.public_records.versions(self._candidates(info)))

    def status_of(self, info: RepoInfo, records: dict[Doi, Version]) -> Status:
        """The status of a repository whose description and records have been read."""
        versions = self._versions(info, records)
        state = "unregistered"
        if versions:
            newest = versions[0]
            current = info.head is not None and newest.is_of_revision(info.head)
            # Without a revision and a date, DataCite does not know it yet: it was made just now.
            new = newest.revision is None and newest.created is None
            state = "current" if current or new else "behind"
        named = versions[0] if state == "current" else None
        person, obstacle = self._obstacle(info, named)
        return Status(
            repo=info.repo,
            state=state,  # type: ignore[arg-type]
            head=info.head,
            endpoint=self.hub.endpoint,
            versions=versions,
            locked=any(v.doi and v.doi.is_from_hub for v in versions),
            can_mint=obstacle is None,
            obstacle=obstacle.message if obstacle else None,
            obstacle_code=type(obstacle).__name__ if obstacle else None,
            terms=self.terms,
            suggested_authors=default_authors(self.hub.seen_by(info, person), person)
            if person
            else (),
            has_doi_api=False,
        )

    def many(self, infos: Sequence[RepoInfo]) -> dict[Repo, Status | HubdoiError]:
        """The statuses of many repositories, with all their DOIs asked for together."""
        candidates = {info.repo: self._candidates(info) for info in infos}
        found: dict[Repo, Status | HubdoiError] = {}
        failure: ServiceError | None = None
        records: dict[Doi, Version] = {}
        try:
            records = self.public_records.versions(chain.from_iterable(candidates.values()))
        except ServiceError as error:
            failure = error
        for info in infos:
            try:
                if failure and candidates[info.repo]:
                    raise failure
                found[info.repo] = self.status_of(info, records)
            except HubdoiError as error:
                found[info.repo] = error
        return found

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Record the consent, and hand over to the person.

        Raises:
            HandOff: always, when nothing stands in the way; it carries the settings page.
            SignInRequired, WriteAccessRequired, ConsentRequired, TermsChanged, RepoNotEligible,
            AlreadyRegistered: as when the Hub itself mints.
            InvalidMetadata: the settings page cannot be told what was asked for.
        """
        person = check_signed_in(self.hub.whoami(), repo)
        info = self.hub.info(repo, person, request.revision)
        check_write_access(info)
        check_consent(request, self.terms)
        check_eligible(info)
        self._check(info, request)
        self._record(info, Consent(person.username, datetime.now(UTC), self.terms.digest))
        settings = f"{info.repo.url(self.hub.endpoint)}/settings"
        authors = (
            " Enter the authors there as well: this Hub takes them from nobody else."
            if request.authors
            else ""
        )
        raise HandOff(
            f"{self.hub.endpoint} has no DOI API: open {settings}, choose Generate DOI and agree there; hubdoi sees the DOI when it appears.{authors}",
            settings,
        )

    def wait(
        self,
        repo: Repo,
        *,
        revision: str | None = None,
        timeout: float | None = None,
        progress: Callable[[str], None] | None = None,
        cancel: Event | None = None,
    ) -> Version | None:
        """Watch the tags until the head (or `revision`) has a DOI: its version, or None if cancelled.

        `timeout` is in seconds; `progress` gets a sentence whenever there is something to say. A
        Hub that cannot be reached for a while is asked again.

        Raises:
            HandOff: the time is over, and there is no DOI yet.
            RepoNotFound, AccessError: the repository cannot be seen.
        """
        say = progress or (lambda sentence: None)
        cancel = cancel or Event()
        deadline = monotonic() + timeout if timeout is not None else None
        interval = self._first_interval
        settings = f"{repo.url(self.hub.endpoint)}/settings"
        waiting = said = f"Waiting for the DOI of {repo}: generate it on {settings}."
        say(waiting)
        while True:
            now = waiting
            try:
                if found := self._appeared(repo, revision):
                    return found
            except ServiceError as error:
                now = f"{error.message} The waiting goes on."
            if now != said:
                say(now)
                said = now
            rest = deadline - monotonic() if deadline is not None else interval
            if rest <= 0:
                raise HandOff(
                    f"No DOI of {repo} has appeared yet; generate it on {settings}, then ask for its status.",
                    settings,
                )
            if cancel.wait(min(interval, rest)):
                return None
            interval = min(interval * GROWTH, self._longest_interval)

    def _appeared(self, repo: Repo, revision: str | None) -> Version | None:
        """The version of the head or `revision`, once the tags have it; DataCite is asked only then."""
        info = self.hub.info(repo, None)
        candidates = self._candidates(info)
        wanted = revision or info.head
        if not candidates or wanted is None:
            return None
        records = self.public_records.versions(candidates)
        versions = self._versions(info, records)
        named = next((v for v in versions if v.is_of_revision(wanted)), None)
        if named or not versions or versions[0].revision is not None:
            return named
        # DataCite does not know the newest DOI yet, so it was generated just now.
        return versions[0].replace(revision=info.head) if revision in (None, info.head) else None

    def _candidates(self, info: RepoInfo) -> list[Doi]:
        """The tagged DOIs that may be the repository's own; a card may name any DOIs as tags."""
        possible = [doi for doi in info.dois if not doi.is_sandbox or self._is_test]
        return possible[:MOST_CANDIDATES]

    @property
    def _is_test(self) -> bool:
        from ...config import is_loopback

        return is_loopback(self.hub.endpoint) or is_loopback(self.public_records.base)

    def _versions(self, info: RepoInfo, records: dict[Doi, Version]) -> tuple[Version, ...]:
        """The repository's own versions, newest first, each with its neighbours."""
        registered: list[Version] = []
        unknown: list[Version] = []
        for doi in self._candidates(info):
            record = records.get(doi)
            if record is None:
                # Only the Hub can have registered a DOI that DataCite does not show yet.
                if doi.is_from_hub:
                    unknown.append(self._unknown(info, doi))
            elif is_own(record, info, self.hub):
                registered.append(_placed(record, info))
        registered.sort(key=_registered_at, reverse=True)
        found = unknown + registered
        return tuple(
            version.replace(
                state="outdated" if i else "current",
                next=version.next or (found[i - 1].doi if i else None),
                previous=version.previous or (found[i + 1].doi if i + 1 < len(found) else None),
                endpoint=self.hub.endpoint,
                url=info.repo.url(self.hub.endpoint),
            )
            for i, version in enumerate(found)
        )

    def _unknown(self, info: RepoInfo, doi: Doi) -> Version:
        revision = info.doi_revision if info.dois and doi == info.dois[0] else None
        owner = info.owner_name or info.repo.namespace
        return Version.from_parts(
            doi=doi,
            repo=info.repo,
            revision=revision,
            authors=[Author(owner, "organization" if info.owner_is_organization else None)]
            if owner
            else [],
            license=info.license,
            endpoint=self.hub.endpoint,
        )

    def _obstacle(
        self, info: RepoInfo, named: Version | None
    ) -> tuple[Person | None, HubdoiError | None]:
        """Who could generate a DOI now, or why not; `named` is the version of the head.

        Who is signed in is asked only where the answer matters.
        """
        if named and named.doi:
            revision = named.revision or info.head or ""
            return None, already_registered(named.doi, revision, named)
        if info.private or info.head is None:
            return None, obstacle_of(info, None)
        try:
            person = self.hub.whoami()
        except ServiceError as error:
            # What was seen before is shown without network; only nobody can mint then.
            return None, error
        obstacle = obstacle_of(self.hub.seen_by(info, person), person)
        return (None if obstacle else person), obstacle

    def _check(self, info: RepoInfo, request: MintRequest) -> None:
        if request.title or request.description:
            raise InvalidMetadata(
                "The settings page takes no title and no description; change the repository's card instead."
            )
        records = self.public_records.versions(self._candidates(info))
        revision = info.revision or ""
        for version in self._versions(info, records):
            if version.doi and version.is_of_revision(revision):
                raise already_registered(version.doi, revision, version)
        if info.revision != info.head:
            raise InvalidMetadata(
                f"The settings page generates DOIs for the head only, which is {info.head[:7] if info.head else 'missing'}; leave the revision out."
            )

    def _record(self, info: RepoInfo, consent: Consent) -> None:
        ledger = self._ledger()
        ledger.database.create(metadata)
        with ledger.transaction() as db:
            db.execute(
                _hand_offs.insert().values(
                    hub=ledger.hub,
                    uid=info.uid,
                    name=str(info.repo),
                    revision=info.revision or "",
                    consent=ledger.record_consent(consent, self.terms),
                )
            )


def is_own(record: Version, info: RepoInfo, hub: HuggingFaceHub) -> bool:
    """Whether the record leads to this repository, under its present name or an earlier one."""
    there = record.repo
    if there is None or there.type != info.repo.type:
        return False
    if there.id.lower() == info.repo.id.lower():
        return True
    if there.namespace is None and there.name.lower() == info.repo.name.lower():
        return True
    # What the Hub registered stays its repository's under another name; a card that names
    # somebody else's DOI does not make it so.
    try:
        return (
            record.doi is not None
            and record.doi.is_from_hub
            and hub.info(there, None).repo == info.repo
        )
    except RepoError:
        return False


def _placed(record: Version, info: RepoInfo) -> Version:
    """The record with the whole revision, where the head shows what it is.

    A record that names no revision was registered for what was the head then; if nothing was
    committed since, that is the head of now.
    """
    revision = record.revision
    if (info.head and revision and record.is_of_revision(info.head)) or (
        revision is None
        and info.head
        and record.created
        and info.revision_date
        and info.revision_date <= record.created
    ):
        revision = info.head
    return record.replace(repo=info.repo, revision=revision)


def _registered_at(version: Version) -> tuple[datetime, int]:
    """The order of registration: DOIs of one day are told apart by their numbers."""
    number = version.doi.suffix.rpartition("/")[2] if version.doi else ""
    moment = version.created or datetime.min.replace(tzinfo=UTC)
    return moment, int(number) if number.isdecimal() else 0
