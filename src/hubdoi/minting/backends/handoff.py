"""Where a Hub has no DOI API: a person generates the DOI on the settings page, and hubdoi watches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING

from ...config import GATEWAY_URL, Config, is_loopback
from ...records import (
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
    LedgerError,
    ServiceError,
    already_registered,
)
from ...records.findings import Finding
from ..consent import check_consent
from ..rules import (
    check_eligible,
    check_signed_in,
    check_write_access,
)
from ..status import status_of, version_of_head
from .base import Backend
from .own_records import MOST_CANDIDATES, is_own
from .resources import Resources

if TYPE_CHECKING:
    from ..ledger import Ledger

TERMS = """\
Generating a DOI for this repository, on its settings page

1. The DOI is permanent. It cannot be undone: once generated, a DOI is never deleted and never given to anything else.
2. The repository is locked by the Hub. From then on it cannot be deleted, renamed, transferred or made private, except through a request to the Hub's support. Pushing commits stays possible; the DOI goes on naming the revision that it was generated for.
3. The metadata becomes public. Your full name and the list of authors are sent to DataCite, together with the title, the URL, the revision, the description and the licence of the repository, and everybody can read them.
4. You generate the DOI yourself. This Hub has no interface for programs: hubdoi opens the settings page, where you are asked to agree once more, and waits for the DOI to appear. That you agreed here is noted on this computer alone.
"""


class HandOffBackend(Backend):
    """Status from the Hub's tags and DataCite's records; minting is a person's, on the settings page."""

    batches = True

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self.hub = resources.hub
        self.public_records = resources.public_records

    @classmethod
    def describe(cls, config: Config) -> str:
        return "the Hub, by a person on the settings page (this Hub has no API to generate a DOI)"

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
        return self._status(info, self.public_records.versions(self._candidates(info)))

    def _status(self, info: RepoInfo, records: Mapping[Doi, Version]) -> Status:
        """The status of a repository whose description and records have been read."""
        versions = self._versions(info, records)
        person, refusal = self._person(info, version_of_head(versions, info.head))
        return status_of(
            self.hub.seen_by(info, person),
            versions,
            endpoint=self.hub.endpoint,
            person=person,
            terms=self.terms,
            refusal=refusal,
            has_doi_api=False,
        )

    def statuses(self, infos: Sequence[RepoInfo]) -> dict[Repo, Status | HubdoiError]:
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
                found[info.repo] = self._status(info, records)
            except HubdoiError as error:
                found[info.repo] = error
        return found

    def present(self, repo: Repo) -> tuple[Repo, str | None]:
        info = self.hub.info(repo, None)
        return info.repo, info.head

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Record the consent, and hand over to the person.

        Raises:
            HandOff: always, when nothing stands in the way; it carries the settings page.
            SignInRequired, WriteAccessRequired, ConsentRequired, TermsChanged, RepoNotEligible,
            AlreadyRegistered: as when the Hub itself mints.
            InvalidMetadata: the settings page cannot take what was asked for.
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

    def examine(self) -> Iterable[Finding]:
        yield Finding(
            "registrar",
            "registrar",
            f"{self.hub.endpoint} has no DOI API: a person generates each DOI on the repository's settings page.",
            is_problem=False,
        )

    @contextmanager
    def hearing(self, repo: Repo) -> Iterator[Event | None]:
        """The webhooks of the Hub, where an institution's gateway that is announced hears of them."""
        gateway = os.environ.get(GATEWAY_URL)
        uid = self._uid(repo) if gateway else None
        if gateway is None or uid is None:
            yield None
            return
        from ...hub.webhook_news import heard_of

        with heard_of(gateway, self.hub.endpoint, uid) as heard:
            yield heard

    def _uid(self, repo: Repo) -> str | None:
        try:
            return self.hub.info(repo, None).uid
        except ServiceError:
            return None

    def registered(self, repo: Repo, revision: str | None) -> Version | None:
        """The version of the head or `revision`, once the tags have it; DataCite is asked only then."""
        info = self.hub.info(repo, None)
        candidates = self._candidates(info)
        wanted = revision or info.head
        if not candidates or wanted is None:
            return None
        records = self.public_records.versions(candidates)
        versions = self._versions(info, records)
        named = next((v for v in versions if v.is_of_revision(wanted)), None)
        if named or wanted != info.head:
            return named
        # DataCite may not know the newest DOI yet.
        new = version_of_head(versions, info.head)
        return new.replace(revision=info.head) if new else None

    def _candidates(self, info: RepoInfo) -> list[Doi]:
        """The tagged DOIs that may be the repository's own; a card may name any DOIs as tags."""
        possible = [doi for doi in info.dois if not doi.is_test or self._is_test]
        return possible[:MOST_CANDIDATES]

    @property
    def _is_test(self) -> bool:
        return is_loopback(self.hub.endpoint) or is_loopback(self.public_records.base)

    def _versions(self, info: RepoInfo, records: Mapping[Doi, Version]) -> tuple[Version, ...]:
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
        shown = {version.doi for version in registered}
        registered += [version for version in self._kept(info) if version.doi not in shown]
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

    def _kept(self, info: RepoInfo) -> tuple[Version, ...]:
        """What this user registered for it with a DataCite account: the Hub does not know of it.

        The credentials of that account may be missing today, and its DOIs are there all the same.
        """
        if self._ledger is None:
            return ()
        with suppress(LedgerError):
            return self._ledger.versions(info.uid)
        return ()

    @cached_property
    def _ledger(self) -> Ledger | None:
        # Loaded here: who never minted with an account needs no database to look and cite.
        from ..user_ledger import has_user_ledger, open_user_ledger, register_of

        register = register_of(self.resources.config)
        if not has_user_ledger(register):
            return None
        with suppress(LedgerError):
            identity = self.hub.identity
            return open_user_ledger(self.hub.endpoint, hub=identity, register=register)
        return None

    def _unknown(self, info: RepoInfo, doi: Doi) -> Version:
        revision = info.doi_revision if info.dois and doi == info.dois[0] else None
        return Version.from_parts(
            doi=doi,
            repo=info.repo,
            revision=revision,
            authors=[info.owner],
            license=info.license,
            license_url=info.license_url,
            rights=info.rights,
            endpoint=self.hub.endpoint,
        )

    def _person(
        self, info: RepoInfo, named: Version | None
    ) -> tuple[Person | None, HubdoiError | None]:
        """Who is signed in, asked only where it matters; and what a mint would be refused with.

        `named` is the version of the latest commit.
        """
        if named and named.doi:
            return None, already_registered(named.doi, named.revision or info.head or "", named)
        if info.private or info.head is None:
            return None, None
        try:
            return self.hub.whoami(), None
        except ServiceError as error:
            # What was seen before is shown without network; only nobody can mint then.
            return None, error

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
                f"The settings page generates DOIs for the latest commit only, which is {info.head[:7] if info.head else 'missing'}; leave the revision out."
            )

    def _record(self, info: RepoInfo, consent: Consent) -> None:
        # Loaded here: only a consent needs a database.
        from ..user_ledger import open_user_ledger

        ledger = open_user_ledger(self.hub.endpoint, hub=self.hub.identity)
        ledger.record_hand_off(info, consent, self.terms)


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
