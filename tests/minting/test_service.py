"""The rules in one place, on the sandbox's own store and on a register that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hubdoi.minting.database import Database
from hubdoi.minting.ledger import Ledger
from hubdoi.minting.service import DoiService
from hubdoi.records import Author, Doi, MintRequest, Person, Repo, Terms, Version
from hubdoi.records.errors import (
    AccessError,
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    IdempotencyConflict,
    InvalidMetadata,
    RepoError,
    RepoNotFound,
    ServiceFailed,
    ServiceUnreachable,
    SignInRequired,
    WriteAccessRequired,
)
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.world import World

BERT = Repo("model", "ada/tiny-bert")
NOTES = Repo("dataset", "ada/notes")
SECRET = Repo("model", "grace/secret-model")


@pytest.fixture
def world(planted: Callable[[str | None], Path]) -> Iterator[World]:
    clock = "2026-11-23T09:00:00Z"
    with World(planted(clock), clock=clock) as opened:
        opened.endpoint = "http://127.0.0.1:1"
        yield opened


@pytest.fixture
def ada(world: World) -> Person:
    person = world.store.people.person("ada")
    assert person is not None
    return person


@pytest.fixture
def grace(world: World) -> Person:
    person = world.store.people.person("grace")
    assert person is not None
    return person


def push(world: World, person: Person, text: str, repo: Repo = BERT) -> str:
    uid = world.store.info(repo, person).uid
    change = Change({"notes.txt": text.encode()})
    return world.store.commits.commit(uid, person, change, title=text).oid


def agreed(terms: Terms, **more: Any) -> MintRequest:
    return MintRequest(agree=True, terms=terms.digest, **more)


# Who may


def test_r02_who_may_mint_is_asked_before_what(world: World, ada: Person, grace: Person) -> None:
    check = world.service.check_may_mint
    check(BERT, ada)
    for repo, person, error in (
        (BERT, None, SignInRequired),
        (BERT, grace, WriteAccessRequired),
        (SECRET, ada, RepoNotFound),
        (SECRET, None, SignInRequired),
        (Repo("model", "ada/none"), ada, RepoNotFound),
    ):
        with pytest.raises(error):
            check(repo, person)


def test_history_and_version(world: World, ada: Person) -> None:
    minted = world.service.mint(BERT, ada, agreed(world.registrar.terms))
    assert world.service.history(BERT, ada).versions == (minted,)
    for person in (None, world.store.people.person("grace")):
        (shown,) = world.service.history(BERT, person)
        assert shown == minted.replace(consent=None)
    assert minted.doi is not None
    assert world.service.version(minted.doi) == minted.replace(consent=None)
    with pytest.raises(DoiNotFound, match="typing error"):
        world.service.version(Doi("10.5072/hf/0404"))


def test_r12_the_key_is_answered_before_the_terms_are_looked_at(world: World, ada: Person) -> None:
    request = agreed(world.registrar.terms)
    minted = world.service.mint(BERT, ada, request, key="key")
    (world.data / "terms.txt").write_text("Other terms.")
    assert world.service.mint(BERT, ada, request, key="key") == minted
    # The head has moved on; the lost answer is still the one to that request.
    push(world, ada, "more")
    assert world.service.mint(BERT, ada, request, key="key") == minted
    with pytest.raises(IdempotencyConflict):
        world.service.mint(NOTES, ada, request, key="key")


# A register beyond a network


class Register:
    """A register that is not the ledger's database: it can be asked, answer, and be cut off."""

    publisher = "Hugging Face"
    shares_ledger = False
    terms = Terms("The DOI is permanent.")

    def __init__(self) -> None:
        self.records: dict[str, Version] = {}
        self.discarded: list[Version] = []
        self.failures: list[tuple[str, HubdoiError]] = []
        self.meanwhile: Callable[[], object] | None = None

    def reserve(self, repo: Repo, uid: str, revision: str) -> Doi:
        return Doi(f"10.5072/{revision[:12]}")

    def register(self, version: Version) -> None:
        when, error = self.failures.pop(0) if self.failures else ("never", None)
        if when == "before" and error:
            raise error
        assert version.doi is not None
        self.records[version.doi.key] = version
        if when == "after" and error:
            raise error
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()

    update = register

    def abandon(self, version: Version) -> None:
        self.discarded.append(version)

    def find(self, doi: Doi) -> Version | None:
        return self.records.get(doi.key)


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def service(world: World, register: Register, tmp_path: Path) -> Iterator[DoiService]:
    database = Database(tmp_path / "own.db")
    ledger = Ledger(database, hub="http://127.0.0.1:1", endpoint="http://127.0.0.1:1")
    yield DoiService(world.store, register, ledger, clock=world.clock.now)
    database.close()


LOST = ServiceUnreachable("The connection broke off.")
BROKEN = ServiceFailed("The register has a problem of its own.")


@pytest.mark.parametrize("way_out", ["recover", "again"])
@pytest.mark.parametrize(
    "failures",
    [
        [("before", LOST)],
        [("after", LOST)],
        [("after", BROKEN)],
        [("never", LOST), ("before", LOST)],
        [("never", LOST), ("after", LOST)],
    ],
)
def test_r12_an_interrupted_mint_ends_with_one_doi(
    world: World,
    service: DoiService,
    register: Register,
    ada: Person,
    failures: list[tuple[str, HubdoiError]],
    way_out: str,
) -> None:
    first = service.mint(BERT, ada, agreed(register.terms))
    head = push(world, ada, "more")
    register.failures = list(failures)
    with pytest.raises(type(failures[-1][1])):
        service.mint(BERT, ada, agreed(register.terms))
    assert len(service.ledger.unfinished()) == 1
    if way_out == "recover":
        (second,) = service.recover()
    else:
        second = service.mint(BERT, ada, agreed(register.terms))
    assert service.ledger.unfinished() == ()
    assert service.recover() == ()
    assert second.revision == head
    assert len(register.records) == 2
    assert [v.doi for v in service.ledger.versions(service.hub.info(BERT, ada).uid)] == [
        second.doi,
        first.doi,
    ]
    assert first.doi is not None
    assert second.doi is not None
    assert register.records[second.doi.key].previous == first.doi
    assert register.records[first.doi.key].next == second.doi
    with pytest.raises(AlreadyRegistered):
        service.mint(BERT, ada, agreed(register.terms))


@pytest.mark.parametrize("error", [InvalidMetadata("No."), AlreadyRegistered("It is taken.")])
def test_r12_what_the_register_refuses_for_good_is_forgotten(
    service: DoiService, register: Register, ada: Person, error: HubdoiError
) -> None:
    register.failures = [("before", error)]
    with pytest.raises(type(error)):
        service.mint(BERT, ada, agreed(register.terms))
    assert service.ledger.unfinished() == ()
    assert service.status(BERT, ada).state == "unregistered"
    assert service.mint(BERT, ada, agreed(register.terms)).doi


def test_r07_two_mints_at_once_point_at_each_other(
    world: World, service: DoiService, register: Register, ada: Person
) -> None:
    first = world.store.info(BERT, ada).head
    push(world, ada, "more")
    # While the newer revision is registered, somebody else mints the older one, start to end.
    other: list[Version] = []
    register.meanwhile = lambda: other.append(
        service.mint(BERT, ada, agreed(register.terms, revision=first))
    )
    newer = service.mint(BERT, ada, agreed(register.terms))
    (older,) = other
    assert newer.previous == older.doi
    assert newer.doi is not None
    assert older.doi is not None
    assert register.records[newer.doi.key].previous == older.doi
    assert register.records[older.doi.key].next == newer.doi


# Every rule is checked again at the moment of registration


def _private(world: World, uid: str) -> None:
    world.store.set_private(uid, True)


def _deleted(world: World, uid: str) -> None:
    world.store.delete(uid)


def _transferred(world: World, uid: str) -> None:
    world.store.move(uid, "grace/tiny-bert")


def _replaced(world: World, uid: str) -> None:
    world.store.delete(uid)
    world.store.repositories.create(BERT)
    ada = world.store.people.person("ada")
    assert ada is not None
    push(world, ada, "another")


@pytest.mark.parametrize(
    ("meanwhile", "error"),
    [
        (_private, RepoError),
        (_deleted, RepoNotFound),
        (_transferred, WriteAccessRequired),
        (_replaced, RepoError),
    ],
)
@pytest.mark.parametrize("who", [None, "ada"])
@pytest.mark.parametrize("arrived", [False, True])
def test_r01_what_holds_no_longer_is_not_registered_by_recover(
    world: World,
    service: DoiService,
    register: Register,
    ada: Person,
    meanwhile: Callable[[World, str], None],
    error: type[HubdoiError],
    arrived: bool,
    who: str | None,
) -> None:
    # A private repository is seen by its owner alone, and gets no DOI for that.
    asks = ada if who else None
    uid = world.store.info(BERT, ada).uid
    register.failures = [("after" if arrived else "before", LOST)]
    with pytest.raises(ServiceUnreachable):
        service.mint(BERT, ada, agreed(register.terms))
    meanwhile(world, uid)
    if arrived:
        # What is public already stays, and the ledger knows it (R11, R12).
        (version,) = service.recover(asks)
        assert version.doi and version.doi.key in register.records
        assert [known.doi for known in service.ledger.versions(uid)] == [version.doi]
        return
    with pytest.raises(error):
        service.recover(asks)
    assert (register.records, service.ledger.unfinished()) == ({}, ())


def test_r10_a_new_name_of_the_same_owner_is_where_the_doi_leads(
    world: World, service: DoiService, register: Register, ada: Person
) -> None:
    register.failures = [("before", LOST)]
    with pytest.raises(ServiceUnreachable):
        service.mint(BERT, ada, agreed(register.terms))
    world.store.move(world.store.info(BERT, ada).uid, "ada/little-bert")
    (version,) = service.recover()
    assert version.repo == Repo("model", "ada/little-bert")
    (record,) = register.records.values()
    assert record.landing_url and "ada/little-bert" in record.landing_url


def test_r12_what_cannot_be_accessed_does_not_stop_what_comes_after_it(
    service: DoiService, register: Register, ada: Person
) -> None:
    register.failures = [("before", LOST)] * 2
    for repo in (BERT, NOTES):
        with pytest.raises(ServiceUnreachable):
            service.mint(repo, ada, agreed(register.terms))
    register.failures = [("before", AccessError("The Hub does not let you see this."))]
    with pytest.raises(AccessError, match="let you see"):
        service.recover()
    assert [entry.version.repo for entry in service.ledger.unfinished()] == [BERT]
    assert [record.repo for record in register.records.values()] == [NOTES]
    assert [version.repo for version in service.recover()] == [BERT]


def test_r02_who_lost_write_access_mints_nothing_by_recover(
    world: World, service: DoiService, register: Register, ada: Person
) -> None:
    register.failures = [("before", LOST)]
    with pytest.raises(ServiceUnreachable):
        service.mint(BERT, ada, agreed(register.terms))
    world.store.move(world.store.info(BERT, ada).uid, "grace/tiny-bert")
    with pytest.raises(WriteAccessRequired, match="changed hands"):
        service.recover(ada)
    assert register.records == {}


@pytest.mark.parametrize("arrived", [False, True])
def test_r12_another_attempt_settles_what_the_first_one_left(
    service: DoiService, register: Register, ada: Person, arrived: bool
) -> None:
    register.failures = [("after" if arrived else "before", LOST)]
    with pytest.raises(ServiceUnreachable):
        service.mint(BERT, ada, agreed(register.terms, authors=(Author.person("Ada L"),)))
    other = agreed(register.terms, authors=(Author.person("Grace Hopper"),))
    if arrived:
        with pytest.raises(AlreadyRegistered) as refusal:
            service.mint(BERT, ada, other)
        assert refusal.value.version
        assert refusal.value.version.authors == (Author.person("Ada L"),)
        (kept,) = service.history(BERT, ada)
        assert kept.authors == refusal.value.version.authors
    else:
        assert service.mint(BERT, ada, other).authors == (Author.person("Grace Hopper"),)
        assert [version.authors for version in register.discarded] == [(Author.person("Ada L"),)]
    assert service.ledger.unfinished() == ()


# Speed


def test_no_call_reads_a_whole_table(world: World, ada: Person) -> None:
    terms = world.registrar.terms
    with world.transaction():
        for number in range(50):
            repo = Repo("model", f"ada/model-{number}")
            made = world.store.repositories.create(repo)
            change = Change({"x": str(number).encode()})
            world.store.commits.commit(made.uid, ada, change, title="first")
            world.service.mint(repo, ada, agreed(terms), key=f"key {number}")
    asked: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    sa.event.listen(world.engine, "before_cursor_execute", remember)
    counts = {}
    for name, call in {
        "mint": lambda: world.service.mint(BERT, ada, agreed(terms), key="key"),
        "answer": lambda: world.service.mint(BERT, ada, agreed(terms), key="key"),
        "status": lambda: world.service.status(BERT, ada),
        "history": lambda: world.service.history(BERT, None),
        "version": lambda: world.service.version(Doi("10.5072/HF/0007")),
        "tombstone": lambda: world.ledger.tombstone(Doi("10.5072/hf/0007")),
        "dois": lambda: world.ledger.dois_of([world.store.info(BERT, ada).uid]),
        "recover": lambda: world.service.recover(),
    }.items():
        before = len(asked)
        call()
        counts[name] = len(asked) - before
    sa.event.remove(world.engine, "before_cursor_execute", remember)
    scanned = []
    with world.reading() as db:
        for statement, values in asked:
            if re.match("SELECT|INSERT|UPDATE|DELETE|WITH", statement):
                plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                scanned += [
                    f"{row[3]} IN {statement}"
                    for row in plan
                    # The clock and the sequence have one row each; the search index is looked up by rowid.
                    if row[3].startswith("SCAN")
                    and not row[3].startswith(("SCAN CONSTANT ROW", "SCAN register_search"))
                ]
    assert scanned == []
    # What a mint asks does not grow by accident.
    assert counts["mint"] <= 16
    # One of them looks for a DOI that was registered with the DataCite API (R8).
    assert counts["status"] <= 6
