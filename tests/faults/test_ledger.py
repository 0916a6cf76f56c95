"""Faults of the machine under the ledger: disk, clock, version, SIGKILL."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from hubdoi.client import Client
from hubdoi.minting.database import Database
from hubdoi.minting.ledger import Ledger
from hubdoi.records import MintRequest, Person, Version
from hubdoi.records.errors import LedgerError, SandboxError, ServiceFailed
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.world import World
from tests.faults.agreement import REPO, assert_sentence, registered, settled
from tests.faults.killing import mint_and_die, processes


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox.endpoint, sandbox.users["ada"])


@pytest.fixture
def world(planted: Callable[[str | None], Path]) -> Iterator[World]:
    with World(planted(None)) as opened:
        yield opened


def mint(world: World, key: str | None = None) -> Version:
    request = MintRequest.from_json({"agree": True, "terms": world.registrar.terms.digest})
    return world.service.mint(REPO, ada_of(world), request, key=key)


def ada_of(world: World) -> Person:
    found = world.store.people.person("ada")
    assert found is not None
    return found


def push(world: World, text: str) -> None:
    uid = world.store.info(REPO, None).uid
    world.store.commits.commit(uid, ada_of(world), Change({"new.txt": text.encode()}), title=text)


@contextmanager
def pragma(world: World, setting: str, reset: str) -> Iterator[None]:
    """Every connection of the database has `setting` within the block."""

    def prepare(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA {setting}")

    def restore(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA {reset}")

    event.listen(world.engine, "checkout", prepare)
    try:
        yield
    finally:
        event.remove(world.engine, "checkout", prepare)
        event.listen(world.engine, "checkout", restore)


@contextmanager
def full_disk(world: World) -> Iterator[None]:
    with world.reading() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
    with pragma(world, f"max_page_count = {pages}", "max_page_count = 1073741823"):
        # The pages that are still free are used up first.
        for number in range(50):
            try:
                push(world, f"{number} " + "x" * 50_000)
            except LedgerError:
                break
        yield


def test_r12_a_full_disk_leaves_no_doi_and_then_one(sandbox: Sandbox, client: Client) -> None:
    terms = client.terms("ada/tiny-bert")
    with full_disk(sandbox.world):
        with pytest.raises(ServiceFailed, match="no room left") as caught:
            # More than what is left in pages that are not quite full.
            client.mint("ada/tiny-bert", agree=terms, description="long " * 4000)
        assert_sentence(caught.value, sandbox.users["ada"])
        assert registered(sandbox.world) == ()
    settled(sandbox, client)


def test_r12_a_read_only_ledger_leaves_no_doi_and_then_one(
    sandbox: Sandbox, client: Client
) -> None:
    terms = client.terms("ada/tiny-bert")
    with pragma(sandbox.world, "query_only = ON", "query_only = OFF"):
        with pytest.raises(ServiceFailed, match="read-only") as caught:
            client.mint("ada/tiny-bert", agree=terms)
        assert_sentence(caught.value, sandbox.users["ada"])
        # Reading goes on.
        assert client.status("ada/tiny-bert").state == "unregistered"
    settled(sandbox, client)


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with World(tmp_path / "world") as world:
        first = mint(world)
    path = tmp_path / "world" / "sandbox.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE ledger_schema SET version = 99")
    db.close()
    before = path.read_bytes()

    with pytest.raises(SandboxError, match="newer hubdoi") as caught:
        World(tmp_path / "world")
    assert_sentence(caught.value)
    with pytest.raises(LedgerError, match="newer hubdoi"):
        Ledger(Database(path), hub="sandbox", endpoint="")

    assert path.read_bytes() == before
    with sqlite3.connect(path) as db:
        db.execute("UPDATE ledger_schema SET version = 1")
    db.close()
    with World(tmp_path / "world") as world:
        (only,) = registered(world)
        assert only.doi == first.doi


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\x00" + b"\xff" * 4096, b"not a database" * 300]
)
def test_a_damaged_ledger_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    if not content:
        assert Ledger(Database(path), hub="h", endpoint="").unfinished() == ()
        return
    with pytest.raises(LedgerError) as caught:
        Ledger(Database(path), hub="h", endpoint="")
    assert_sentence(caught.value)
    assert path.read_bytes()[: len(content)] == content


@pytest.mark.parametrize(
    "jump",
    [timedelta(days=-3650), timedelta(seconds=-1), timedelta(0), timedelta(days=3650)],
    ids=["ten-years-back", "a-second-back", "stands-still", "ten-years-on"],
)
def test_r07_a_clock_that_jumps_keeps_the_order(
    world: World, jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [datetime(2026, 11, 23, 9, tzinfo=UTC)]
    monkeypatch.setattr(world.service, "clock", lambda: now[0])
    first = mint(world, key="a")
    push(world, "second")
    now[0] += jump
    second = mint(world, key="b")

    status = world.service.status(REPO, ada_of(world))
    assert [v.doi for v in status.versions] == [second.doi, first.doi]
    assert status.state == "current"
    assert status.versions[0].previous == first.doi
    assert status.versions[1].next == second.doi
    assert len(registered(world)) == 2
    # The answer under a key is for good, whatever time it is.
    assert mint(world, key="b").doi == second.doi


@pytest.mark.parametrize("step", range(24))
def test_r12_a_sandbox_killed_at_any_statement_of_a_mint_has_one_doi_afterwards(
    tmp_path: Path, step: int
) -> None:
    World(tmp_path / "world").close()
    child = processes().Process(target=mint_and_die, args=(str(tmp_path / "world"), step))
    child.start()
    child.join(timeout=120)
    # A mint has fewer statements than the last steps: then it was over, and nothing was killed.
    assert child.exitcode in (-signal.SIGKILL, 0)
    assert child.exitcode == -signal.SIGKILL or step > 15

    with World(tmp_path / "world") as world:
        world.service.recover()
        before = registered(world)
        assert len(before) <= 1
        again = mint(world, key="one-key")
        (only,) = registered(world)
        assert only.doi == again.doi
        assert not before or before[0].doi == again.doi
        assert str(again.doi) == "10.5072/hf/0001"
