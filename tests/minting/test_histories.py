"""R1-R12 after every step of made-up histories.

People mint with the Hub's DOI API, with a DataCite account, on the settings page and at an
institution's gateway; they reserve and give up, correct, push, move, hide and delete, ask support,
stop in the middle, take it up again and fork, in every order that Hypothesis finds. What must be
true is checked after every step, against the sandbox's own database and over HTTP.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from hubdoi.client import Client
from hubdoi.config import Secret
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.work import Work
from hubdoi.minting.backends.datacite import DataCiteBackend
from hubdoi.records import Author, MintRequest, Version
from hubdoi.records.amendment import AmendRequest
from hubdoi.records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HandOff,
    HubdoiError,
    InvalidMetadata,
    RepoError,
    TermsChanged,
    WriteAccessRequired,
)

from .history import NAMES, History, Kept

which = st.integers(0, 1)
names = st.sampled_from(NAMES)
hosts = st.sampled_from(("127.0.0.1", "localhost"))
backends = st.sampled_from(("hub", "datacite"))


class Histories(History):
    @rule(at=which)
    def push_a_change(self, at: int) -> None:
        if not self.kept[at].is_deleted:
            self.push(self.kept[at])

    @rule(at=which, author=names, host=hosts)
    def mint_on_the_hub(self, at: int, author: str, host: str) -> None:
        self.mint("hub", self.hub(self.kept[at].owner, host), self.kept[at], author)

    @rule(at=which, author=names, host=hosts)
    def mint_at_datacite(self, at: int, author: str, host: str) -> None:
        self.mint("datacite", self.account(self.kept[at].owner, host), self.kept[at], author)

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
            kept.begun.add(kept.revisions[-1])
            if arrived:
                backend.registrar.register(entry.version)
        except HubdoiError as error:
            self.refused(kept, error)

    @rule(at=which, author=names)
    def mint_at_the_gateway(self, at: int, author: str) -> None:
        kept = self.kept[at]
        self.expect(kept, lambda: self.ask_the_gateway(kept, author))

    @rule(at=which, author=names)
    def stop_at_the_gateway(self, at: int, author: str) -> None:
        """The gateway's process dies after the intent and its work are in the database."""
        kept = self.kept[at]

        def finished(work: Work, entry: Any, **_: Any) -> Version:
            return entry.version

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Work, "finished", finished)
            try:
                self.ask_the_gateway(kept, author)
                kept.begun.add(kept.revisions[-1])
            except HubdoiError as error:
                self.refused(kept, error)

    @rule()
    def let_the_gateway_work(self) -> None:
        work = self.institution.work
        work.run(threading.Event(), until_idle=True)
        assert {row.state for row in work.waiting()} <= {"parked"}, "R12"
        self.recover()

    @rule(at=which, backend=backends)
    def reserve(self, at: int, backend: str) -> None:
        kept = self.kept[at]
        try:
            doi = str(self.client(backend, kept.owner).reserve(kept.repo).doi)
        except RepoError as error:
            assert kept.is_deleted, error
            return
        assert kept.reserved.setdefault(backend, doi) == doi, "the same call has the same answer"
        assert doi not in self.dois, "R11: it is public already"

    @rule(at=which, backend=backends)
    def release(self, at: int, backend: str) -> None:
        kept = self.kept[at]
        try:
            released = str(self.client(backend, kept.owner).release(kept.repo).doi)
        except DoiNotFound:
            assert backend not in kept.reserved
        except AlreadyRegistered:
            assert backend == "datacite" and kept.begun, "a mint with it has begun"
        except RepoError as error:
            assert kept.is_deleted, error
        else:
            assert released == kept.reserved.pop(backend)

    @rule(at=which, backend=backends, author=names)
    def correct(self, at: int, backend: str, author: str) -> None:
        kept, client = self.kept[at], self.client(backend, self.kept[at].owner)
        try:
            shown = client.preview_amendment(kept.repo, authors=[author])
            version = client.amend(kept.repo, agree=shown.terms, authors=[author])
        except HubdoiError as error:
            self.not_corrected(kept, backend, error)
            return
        assert version.doi == shown.doi and str(version.doi) in self.dois, "R11"
        before = self.dois[str(version.doi)]
        assert (version.repo, version.revision) == (kept.repo, before.revision), "R11"
        self.dois[str(version.doi)] = version
        self.unsent.pop(str(version.doi), None)
        other = next(name for name in NAMES if name != author)
        with pytest.raises(TermsChanged):
            client.amend(kept.repo, agree=shown.terms, authors=[other])

    @rule(at=which, author=names)
    def stop_a_correction(self, at: int, author: str) -> None:
        """A process dies after its correction is in the ledger, and before DataCite has it."""
        kept = self.kept[at]
        amendments = self.own._service().amendments
        try:
            request = AmendRequest(authors=(Author.parse(author),))
            shown = amendments.preview(kept.repo, self.person(kept), request)
            amendments.begin(kept.repo, self.person(kept), request.agreed(shown.terms))
        except HubdoiError as error:
            self.not_corrected(kept, "datacite", error)
            return
        self.unsent[str(shown.doi)] = (author,)

    def not_corrected(self, kept: Kept, backend: str, error: HubdoiError) -> None:
        """Only what is not there, or says so already, is not corrected."""
        if isinstance(error, RepoError):
            assert kept.is_deleted, error
        elif isinstance(error, DoiNotFound):
            ledger = self.world.ledger if backend == "hub" else self.own.ledger
            assert not ledger.versions(kept.uid), error
        else:
            assert isinstance(error, InvalidMetadata) and "nothing to correct" in str(error), error

    def ask_the_gateway(self, kept: Kept, author: str) -> Version:
        backend = backend_for(self.institution, Secret(self.sandbox.users[kept.owner]))
        terms = backend.registrar.terms.digest
        authors = (Author.parse(author),)
        return backend.mint(kept.repo, MintRequest(agree=True, terms=terms, authors=authors))

    @rule()
    def recover(self) -> None:
        client = self.account("ada")
        for _ in range(5):
            try:
                client.recover()
            except (RepoError, WriteAccessRequired, AlreadyRegistered):
                continue
            break
        assert self.own.ledger.unfinished() == (), "R12"
        if not self.opened or not self.opened.work.waiting():
            self.check_recovered()

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
