"""R1-R12 after every step of made-up histories.

People mint with the Hub's DOI API, with a DataCite account and on the settings page; they push,
move, hide and delete, ask support, stop in the middle, take it up again and fork, in every order
that Hypothesis finds. What must be true is checked after every step, against the sandbox's own
database and over HTTP.
"""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count, pairwise
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hubdoi.client import Client
from hubdoi.datacite.reader import version_from
from hubdoi.minting.backends.datacite import DataCiteBackend
from hubdoi.records import Author, MintRequest, Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    HandOff,
    HubdoiError,
    RepoError,
    RepoNotEligible,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.registrar_tables import records

PEOPLE = ("ada", "grace")
NAMES = ("Lovelace, Ada", "Hopper, Grace", "Shaw, Carol")

which = st.integers(0, 1)
names = st.sampled_from(NAMES)
hosts = st.sampled_from(("127.0.0.1", "localhost"))


@dataclass
class Kept:
    """A repository, as the history has made it."""

    uid: str
    repo: Repo
    owner: str = "ada"
    is_private: bool = False
    is_deleted: bool = False
    revisions: list[str] = field(default_factory=list)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # Each history begins with nothing, so that it is the same when it is tried again.
        self.running = ExitStack()
        patch = self.running.enter_context(pytest.MonkeyPatch.context())
        home = self.running.enter_context(TemporaryDirectory())
        for name in ("HUBDOI_DATA", "HUBDOI_CACHE"):
            patch.setenv(name, f"{home}/{name}")
        self.sandbox = self.running.enter_context(Sandbox())
        self.world = self.sandbox.world
        self.numbers = count(1)
        self.kept: list[Kept] = []
        self.dois: dict[str, Version] = {}

    def teardown(self) -> None:
        self.running.close()

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

    def push(self, kept: Kept) -> None:
        person = self.world.store.people.person(kept.owner)
        assert person is not None
        text = f"change {next(self.numbers)}"
        change = Change({"notes.txt": text.encode()})
        made = self.world.store.commits.commit(kept.uid, person, change, title=text)
        kept.revisions.append(made.oid)

    @initialize()
    def begin(self) -> None:
        for _ in range(2):
            repo = Repo("model", f"ada/model-{next(self.numbers)}")
            made = self.world.store.repositories.create(repo)
            self.kept.append(Kept(made.uid, repo))
            self.push(self.kept[-1])

    # What people do

    @rule(at=which)
    def push_a_change(self, at: int) -> None:
        if not self.kept[at].is_deleted:
            self.push(self.kept[at])

    @rule(at=which, author=names, host=hosts)
    def mint_on_the_hub(self, at: int, author: str, host: str) -> None:
        self.mint(self.hub(self.kept[at].owner, host), self.kept[at], author)

    @rule(at=which, author=names, host=hosts)
    def mint_at_datacite(self, at: int, author: str, host: str) -> None:
        self.mint(self.account(self.kept[at].owner, host), self.kept[at], author)

    @rule(at=which)
    def mint_on_the_settings_page(self, at: int) -> None:
        kept = self.kept[at]
        client = Client(
            self.sandbox.endpoint,
            self.sandbox.users[kept.owner],
            registrar="handoff",
            datacite_api=self.sandbox.datacite_url,
        )

        def generate() -> Version:
            with suppress(HandOff):
                client.mint(kept.repo, agree=client.terms(kept.repo))
            person = self.world.store.people.person(kept.owner)
            terms = self.world.registrar.terms.digest
            return self.world.service.mint(kept.repo, person, MintRequest(agree=True, terms=terms))

        self.expect(kept, generate)

    @rule(at=which)
    def mint_as_a_stranger(self, at: int) -> None:
        kept = self.kept[at]
        if kept.is_deleted or kept.is_private:
            return
        stranger = self.hub("grace" if kept.owner == "ada" else "ada")
        try:
            stranger.mint(kept.repo, agree=stranger.terms(kept.repo))
        except WriteAccessRequired:
            return
        raise AssertionError("R2")

    @rule(at=which, author=names, arrived=st.booleans())
    def stop_in_the_middle(self, at: int, author: str, arrived: bool) -> None:
        """A process dies after its intent is in the ledger, or after the DOI is registered."""
        kept = self.kept[at]
        client = self.account(kept.owner)
        backend = client._backend
        assert isinstance(backend, DataCiteBackend)
        try:
            info = client.hub.info(kept.repo, client.whoami())
            request = MintRequest(
                agree=True, terms=backend.registrar.terms.digest, authors=(Author.parse(author),)
            )
            service = backend.service_for(info, request)
            person = client.whoami()
            assert person is not None
            entry = service.begin(info.repo, person, request)
            if arrived:
                backend.registrar.register(entry.version)
        except HubdoiError as error:
            self.refused(kept, error)

    @rule()
    def recover(self) -> None:
        client = self.account("ada")
        backend = client._backend
        assert isinstance(backend, DataCiteBackend)
        for _ in range(5):
            try:
                client.recover()
            except (RepoError, WriteAccessRequired, AlreadyRegistered):
                continue
            break
        assert backend.ledger.unfinished() == (), "R12"
        for kept in self.kept:
            known = {v.revision for v in backend.ledger.versions(kept.uid)}
            assert {v.revision for v in self.at_datacite(kept)} <= known, "R12"

    @rule(at=which)
    def fork(self, at: int) -> None:
        """Two children with one client each ask for their own repository."""
        clients = [self.hub(kept.owner) for kept in self.kept]
        for client in clients:
            # A connection is open, which the children must not share.
            client.whoami()
        answers = [
            _in_child(lambda c=client, k=kept: str(c.mint(k.repo, agree=c.terms(k.repo)).repo))  # type: ignore[misc]
            for client, kept in zip(clients, self.kept, strict=True)
        ]
        for kept, said in zip(self.kept, answers, strict=True):
            assert said in ("refused", str(kept.repo)), "another repository's DOI"

    @rule(at=which, action=st.sampled_from(("delete", "move", "private")))
    def change_the_repository(self, at: int, action: str) -> None:
        kept = self.kept[at]
        if kept.is_deleted:
            return
        api = self.sandbox.hf_api(kept.owner)
        target = f"{kept.owner}/model-{next(self.numbers)}"
        locked = bool(self.world.ledger.versions(kept.uid))
        try:
            if action == "delete":
                api.delete_repo(kept.repo.id)
            elif action == "move":
                api.move_repo(kept.repo.id, target)
            else:
                api.update_repo_settings(kept.repo.id, private=not kept.is_private)
        except HfHubHTTPError:
            assert locked, "only what a DOI of the Hub locks is refused"
            return
        assert not locked or (action == "private" and kept.is_private), "R9"
        self.changed(kept, action, target)

    @rule(at=which, action=st.sampled_from(("delete", "move", "private")), away=st.booleans())
    def ask_support(self, at: int, action: Any, away: bool) -> None:
        kept = self.kept[at]
        if kept.is_deleted:
            return
        owner = {"ada": "grace", "grace": "ada"}[kept.owner] if away else kept.owner
        target = f"{owner}/model-{next(self.numbers)}"
        to = target if action == "move" else None
        person = self.world.store.people.person(kept.owner)
        older = self.world.support.requests_for(kept.uid)
        asked = self.world.support.ask(kept.repo, person, action, "A reason.", to)
        self.world.support.grant(asked.number)
        if action != "private" or not kept.is_private:
            self.changed(kept, action, target)
        if action == "move" and away:
            for request in older:
                if request.granted is None:
                    try:
                        self.world.support.grant(request.number)
                    except HubdoiError:
                        continue
                    raise AssertionError("R10")

    # What must be true

    @invariant()
    def a_revision_has_at_most_one_doi(self) -> None:
        for kept in self.kept:
            found = [*self.world.ledger.versions(kept.uid), *self.at_datacite(kept)]
            assert len({v.revision for v in found}) == len(found), "R8"
            for version in found:
                assert version.title.endswith(f"(Revision {(version.revision or '')[:7]})"), "R4"
                self.dois.setdefault(str(version.doi), version)

    @invariant()
    def versions_are_linked_both_ways(self) -> None:
        for kept in self.kept:
            versions = self.world.ledger.versions(kept.uid)
            for newer, older in pairwise(versions):
                assert (newer.previous, older.next) == (older.doi, newer.doi), "R7"
            head = kept.revisions[-1] if kept.revisions else None
            if versions and not kept.is_deleted:
                status = self.world.service.status(kept.repo, self.person(kept))
                named = any(v.revision == head for v in (*versions, *self.at_datacite(kept)))
                assert status.state == ("current" if named else "behind"), "R7"
                tags = self.world.store.info(kept.repo, self.person(kept)).tags
                assert all(f"doi:{version.doi}" in tags for version in versions), "R6"

    @invariant()
    def consents_are_of_those_who_could_write(self) -> None:
        for kept in self.kept:
            for version in self.world.ledger.versions(kept.uid):
                assert version.consent is not None and version.consent.by in PEOPLE, "R3"
                assert self.world.ledger.terms_text(version.consent.terms), "R3"

    @invariant()
    def every_doi_resolves(self) -> None:
        for doi, version in self.dois.items():
            answer = httpx.get(f"{self.sandbox.endpoint}/doi/{doi}", follow_redirects=False)
            assert answer.status_code in (200, 302, 303, 307, 410), f"R11: {answer.status_code}"
            with self.world.reading() as db:
                state = db.scalar(sa.select(records.c.state).where(records.c.doi == doi))
            assert state == "findable", "R11"
            names = [author.name for author in self.world_version(doi).authors]
            assert names == [author.name for author in version.authors], "R5"

    # Parts

    def person(self, kept: Kept) -> Any:
        return self.world.store.people.person(kept.owner)

    def mint(self, client: Client, kept: Kept, author: str) -> None:
        def mint() -> Version:
            terms = client.terms(kept.repo)
            version = client.mint(kept.repo, agree=terms, authors=[author])
            assert [one.name for one in version.authors] == [author], "R5"
            try:
                client.mint(kept.repo, agree=terms)
            except (AlreadyRegistered, ConsentRequired):
                return version
            raise AssertionError("R3: spent terms minted again")

        self.expect(kept, mint)

    def expect(self, kept: Kept, mint: Callable[[], Version]) -> None:
        """Mint: there is a DOI for the latest commit afterwards, or a reason why there is none."""
        try:
            version = mint()
        except HubdoiError as error:
            self.refused(kept, error)
            return
        assert not kept.is_private and not kept.is_deleted, "R1"
        assert version.revision == kept.revisions[-1], "R3: another revision than the one shown"
        assert version.repo == kept.repo
        self.dois[str(version.doi)] = version

    def refused(self, kept: Kept, error: HubdoiError) -> None:
        """Only what the rules refuse is refused."""
        if isinstance(error, AlreadyRegistered):
            found = [*self.world.ledger.versions(kept.uid), *self.at_datacite(kept)]
            assert any(v.revision == kept.revisions[-1] for v in found), "R8"
            return
        assert isinstance(error, RepoError | RepoNotEligible), error
        assert kept.is_private or kept.is_deleted, error

    def changed(self, kept: Kept, action: str, target: str) -> None:
        if action == "delete":
            kept.is_deleted = True
        elif action == "move":
            kept.repo = Repo("model", target)
            kept.owner = target.partition("/")[0]
        else:
            kept.is_private = not kept.is_private

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

    def world_version(self, doi: str) -> Version:
        with self.world.reading() as db:
            text = db.scalar(sa.select(records.c.attributes).where(records.c.doi == doi))
        if text:
            return version_from({**json.loads(text), "doi": doi})
        return self.world.service.version(self.dois[doi].doi)  # type: ignore[arg-type]


def _in_child(ask: Callable[[], str]) -> str:
    """What `ask` says in a forked process, or ``refused``."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = ask()
        except HubdoiError:
            said = "refused"
        except BaseException as error:
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], 120)
        if not ready:
            os.kill(child, signal.SIGKILL)
        return os.read(reading, 4096).decode() if ready else "it hangs"
    finally:
        os.close(reading)
        os.waitpid(child, 0)


def test_r12_every_rule_holds_after_every_step_of_a_history() -> None:
    examples = max(4, settings.default.max_examples // 5) if settings.default else 4
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
