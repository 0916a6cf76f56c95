"""A made-up history of two repositories: the people in it, and what must be true after every step."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, count, pairwise
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from hubdoi.client import Client
from hubdoi.datacite.reader import version_from
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.minting.backends.datacite import DataCiteBackend
from hubdoi.records import Author, Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    HubdoiError,
    RepoError,
    RepoNotEligible,
)
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.registrar_tables import records

PEOPLE = ("ada", "grace")
# A server closes a connection that was quiet, perhaps just as it is used again.
ONE_EACH = httpx.Limits(max_keepalive_connections=0)
NAMES = ("Lovelace, Ada", "Hopper, Grace", "Shaw, Carol")


@dataclass
class Kept:
    """A repository, as the history has made it."""

    uid: str
    repo: Repo
    owner: str = "ada"
    is_private: bool = False
    is_deleted: bool = False
    revisions: list[str] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    """Revisions of which a mint was interrupted."""
    reserved: dict[str, str] = field(default_factory=dict)
    """Backend -> the DOI that it keeps for the next version."""


class History(RuleBasedStateMachine):
    """Two repositories of a sandbox of their own; the rules are the subclass's."""

    def __init__(self) -> None:
        super().__init__()
        # Each history begins with nothing, so that it is the same when it is tried again.
        self.running = ExitStack()
        patch = self.running.enter_context(pytest.MonkeyPatch.context())
        home = self.running.enter_context(TemporaryDirectory())
        for name in ("HUBDOI_DATA", "HUBDOI_CACHE"):
            patch.setenv(name, f"{home}/{name}")
        self.home = home
        self.sandbox = self.running.enter_context(Sandbox())
        self.http = self.running.enter_context(
            httpx.Client(base_url=self.sandbox.endpoint, limits=ONE_EACH)
        )
        self.world = self.sandbox.world
        self.numbers = count(1)
        self.kept: list[Kept] = []
        self.dois: dict[str, Version] = {}
        self.given: dict[str, str] = {}
        """DOI -> the repository that it was given to, were it only for a while."""
        self.unsent: dict[str, tuple[str, ...]] = {}
        """DOI -> the authors of a correction that was interrupted."""
        self.opened: Institution | None = None

    def teardown(self) -> None:
        self.running.close()

    @initialize()
    def begin(self) -> None:
        for _ in range(2):
            repo = Repo("model", f"ada/model-{next(self.numbers)}")
            made = self.world.store.repositories.create(repo)
            self.kept.append(Kept(made.uid, repo))
            self.push(self.kept[-1])

    # People, and what they use

    def hub(self, user: str, host: str = "127.0.0.1") -> Client:
        url = self.sandbox.endpoint.replace("127.0.0.1", host)
        return Client(url, self.sandbox.users[user], registrar="hub")

    def account(self, user: str, host: str = "127.0.0.1") -> Client:
        account = self.sandbox.datacite_repository
        return Client(
            self.sandbox.endpoint.replace("127.0.0.1", host),
            self.sandbox.users[user],
            registrar="datacite",
            datacite_api=self.sandbox.datacite_url,
            datacite_repository=account["username"],
            datacite_password=account["password"],
            datacite_prefix=account["prefix"],
        )

    def client(self, backend: str, user: str) -> Client:
        return self.hub(user) if backend == "hub" else self.account(user)

    @property
    def own(self) -> DataCiteBackend:
        """What registers with the account, and its ledger."""
        backend = self.account("ada")._backend
        assert isinstance(backend, DataCiteBackend)
        return backend

    @property
    def institution(self) -> Institution:
        """A gateway with a ledger of its own and the same account; opened when it is first asked."""
        if self.opened is None:
            account = self.sandbox.datacite_repository
            self.opened = Institution(
                Settings.read(
                    {
                        "HUBDOI_GATEWAY_DATABASE": f"sqlite:///{self.home}/gateway.db",
                        "HUBDOI_GATEWAY_HUB": self.sandbox.endpoint,
                        "HUBDOI_GATEWAY_OWNERS": ",".join(PEOPLE),
                        "HUBDOI_DATACITE_API": self.sandbox.datacite_url,
                        "DATACITE_REPOSITORY": account["username"],
                        "DATACITE_PASSWORD": account["password"],
                        "DATACITE_PREFIX": account["prefix"],
                    }
                )
            )
            self.running.callback(self.opened.close)
        return self.opened

    def person(self, kept: Kept) -> Any:
        return self.world.store.people.person(kept.owner)

    # Steps that several rules take

    def push(self, kept: Kept) -> None:
        text = f"change {next(self.numbers)}"
        change = Change({"notes.txt": text.encode()})
        made = self.world.store.commits.commit(kept.uid, self.person(kept), change, title=text)
        kept.revisions.append(made.oid)

    def mint(self, backend: str, client: Client, kept: Kept, author: str) -> None:
        def mint() -> Version:
            terms = client.terms(kept.repo)
            version = client.mint(kept.repo, agree=terms, authors=[author])
            assert [one.name for one in version.authors] == [author], "R5"
            try:
                client.mint(kept.repo, agree=terms)
            except (AlreadyRegistered, ConsentRequired):
                return version
            raise AssertionError("R3: spent terms minted again")

        self.expect(kept, mint, backend)

    def expect(self, kept: Kept, mint: Callable[[], Version], backend: str = "") -> None:
        """Mint: there is a DOI for the latest commit afterwards, or a reason why there is none."""
        try:
            version = mint()
        except HubdoiError as error:
            self.refused(kept, error)
            return
        assert not kept.is_private and not kept.is_deleted, "R1"
        assert version.revision == kept.revisions[-1], "R3: another revision than the one shown"
        assert version.repo == kept.repo
        reserved = kept.reserved.pop(backend, None)
        if reserved not in (None, str(version.doi)):
            assert version.revision in kept.begun, "the reserved DOI is published first"
            kept.reserved[backend] = reserved
        self.dois[str(version.doi)] = version

    def refused(self, kept: Kept, error: HubdoiError) -> None:
        """Only what the rules refuse is refused."""
        if isinstance(error, AlreadyRegistered):
            assert any(v.revision == kept.revisions[-1] for v in self.registered(kept)), "R8"
            return
        assert isinstance(error, RepoError | RepoNotEligible), error
        assert kept.is_private or kept.is_deleted, error

    def give(self, kept: Kept, doi: str) -> None:
        """Note that `doi` was given to `kept`, which nobody else may get (R11)."""
        assert self.given.setdefault(doi, kept.uid) == kept.uid, "R11: given to another repository"

    def changed(self, kept: Kept, action: str, target: str) -> None:
        if action == "delete":
            kept.is_deleted = True
        elif action == "move":
            kept.repo = Repo("model", target)
            kept.owner = target.partition("/")[0]
        else:
            kept.is_private = not kept.is_private

    # What there is

    def registered(self, kept: Kept) -> list[Version]:
        return [*self.world.ledger.versions(kept.uid), *self.at_datacite(kept)]

    def at_datacite(self, kept: Kept) -> list[Version]:
        """What was registered with the account for a revision of `kept`."""
        with self.world.reading() as db:
            rows = db.execute(
                sa.select(records.c.doi, records.c.attributes).where(
                    records.c.attributes.is_not(None), records.c.state == "findable"
                )
            ).all()
        found = [version_from({**json.loads(row.attributes), "doi": row.doi}) for row in rows]
        return [version for version in found if version.revision in kept.revisions]

    def record(self, doi: str) -> tuple[str, tuple[str, ...]]:
        """The state of the DOI in the register, and the authors of its record."""
        with self.world.reading() as db:
            row: Any = db.execute(sa.select(records).where(records.c.doi == doi)).one()
        if row.attributes:
            version = version_from({**json.loads(row.attributes), "doi": doi})
        else:
            version = self.world.service.version(self.dois[doi].doi)  # type: ignore[arg-type]
        return row.state, names_of(version.authors)

    def state_of(self, doi: str) -> str | None:
        with self.world.reading() as db:
            found: str | None = db.scalar(sa.select(records.c.state).where(records.c.doi == doi))
            return found

    # What must be true

    @invariant()
    def a_revision_has_at_most_one_doi(self) -> None:
        for kept in self.kept:
            found = self.registered(kept)
            assert len({v.revision for v in found}) == len(found), "R8"
            for version in found:
                assert version.title.endswith(f"(Revision {(version.revision or '')[:7]})"), "R4"
                self.dois.setdefault(str(version.doi), version)
                self.give(kept, str(version.doi))

    @invariant()
    def versions_are_linked_both_ways(self) -> None:
        for kept in self.kept:
            versions = self.world.ledger.versions(kept.uid)
            for newer, older in pairwise(versions):
                assert (newer.previous, older.next) == (older.doi, newer.doi), "R7"
            head = kept.revisions[-1] if kept.revisions else None
            if versions and not kept.is_deleted:
                status = self.world.service.status(kept.repo, self.person(kept))
                named = any(v.revision == head for v in self.registered(kept))
                assert status.state == ("current" if named else "behind"), "R7"
                token = self.world.credentials.token_for(kept.owner)
                sent = {"Authorization": f"Bearer {token}"}
                tags = self.http.get(kept.repo.api_path, headers=sent).json()["tags"]
                assert all(f"doi:{version.doi}" in tags for version in versions), "R6"

    @invariant()
    def consents_are_of_those_who_could_write(self) -> None:
        ledgers = [self.world.ledger, *([self.opened.ledger] if self.opened else ())]
        for kept, ledger in ((kept, ledger) for kept in self.kept for ledger in ledgers):
            for version in ledger.versions(kept.uid):
                assert version.consent is not None and version.consent.by in PEOPLE, "R3"
                assert ledger.terms_text(version.consent.terms), "R3"

    @invariant()
    def every_doi_resolves(self) -> None:
        for doi, version in self.dois.items():
            answer = self.http.get(f"/doi/{doi}")
            assert answer.status_code in (200, 302, 303, 307, 410), f"R11: {answer.status_code}"
            state, authors = self.record(doi)
            assert state == "findable", "R11"
            # What was interrupted may have arrived.
            assert authors in (names_of(version.authors), self.unsent.get(doi)), "R5"

    @invariant()
    def a_reserved_doi_is_no_public_one(self) -> None:
        for kept in self.kept:
            for backend, doi in kept.reserved.items():
                self.give(kept, doi)
                # What stopped in the middle may have arrived: only there was it published.
                arrived = backend == "datacite" and kept.begun
                states = {"draft", "findable"} if arrived else {"draft"}
                assert self.state_of(doi) in states, "a reserved DOI is there, and not public"

    # After what was interrupted was taken up

    def check_recovered(self) -> None:
        """Each ledger knows all that was registered with its account, and says what the record says."""
        ledgers = [self.own.ledger, *([self.opened.ledger] if self.opened else ())]
        for kept in self.kept:
            known = {
                str(version.doi): version
                for version in chain.from_iterable(ledger.versions(kept.uid) for ledger in ledgers)
            }
            for version in self.at_datacite(kept):
                doi = str(version.doi)
                assert doi in known, "R12"
                assert names_of(version.authors) == names_of(known[doi].authors), "R12"
            for backend, doi in list(kept.reserved.items()):
                if doi in known and self.state_of(doi) == "findable":
                    del kept.reserved[backend]
        for doi in self.unsent:
            _, authors = self.record(doi)
            self.dois[doi] = self.dois[doi].replace(
                authors=tuple(Author.parse(name) for name in authors)
            )
        self.unsent.clear()


def names_of(authors: Sequence[Author]) -> tuple[str, ...]:
    return tuple(author.name for author in authors)
