"""A process that is killed at any point: another worker ends what was recorded, once, or there is nothing (R12)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest

from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.records import Repo, title_with_revision
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change

from .conftest import Postgres, environment
from .test_corrections import acts, backend_of, mint, registered, title_at_datacite
from .test_luck import REPO, dois, work_off
from .test_reservations import finish

_KILLED = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'killed'"


@pytest.fixture
def killing() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.killing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("is_known", [False, True])
def test_r12_killed_at_every_statement_and_request(
    killing: subprocess.Popen[str], plain_hub: Sandbox, postgres: Postgres, is_known: bool
) -> None:
    url = postgres.new_database()
    institution = Institution(Settings.read(environment(plain_hub, url)))
    store = plain_hub.world.store
    ada = store.people.person("ada")
    assert ada is not None

    def revision_of(at: int) -> Repo:
        """The repository, known to the ledger or not, with a revision that nobody minted."""
        repo = REPO if is_known else Repo("model", f"ada/new-{at}")
        uid = store.info(REPO, None).uid if is_known else store.repositories.create(repo).uid
        store.commits.commit(uid, ada, Change({"x": str(at).encode()}), title="x")
        return repo

    if is_known:
        mint(institution, plain_hub)
    before = len(institution.ledger.registered())
    ends: list[str] = []
    for _ in killed_at_every_point(killing, plain_hub, url, "mint", revision_of):
        intended = institution.ledger.unfinished()
        assert work_off(institution) == len(intended)
        assert institution.ledger.unfinished() == ()
        assert institution.work.waiting() == []
        registered = [str(entry.version.doi) for entry in institution.ledger.registered()]
        # Neither a DOI that the ledger does not know, nor one that DataCite does not.
        assert sorted(dois(plain_hub)) == sorted(registered)
        is_new = len(registered) > before
        before = len(registered)
        ends.append("recovered" if intended else "done" if is_new else "none")
    institution.close()
    assert is_in_order(ends), ends
    # Before and after each statement and commit, and before each request, of the shortest mint.
    assert ends.count("none") >= 6 and ends.count("recovered") >= 6, ends


def killed_at_every_point(
    killing: subprocess.Popen[str],
    sandbox: Sandbox,
    url: str,
    act: str,
    repo_for: Callable[[int], Repo] = lambda _: REPO,
) -> Iterator[tuple[int, bool]]:
    """For each point of `act` its number, and whether the process got to its end; the last is that one."""
    is_postgres = url.startswith("postgres")
    variables = environment(sandbox, f"{url}&application_name=killed" if is_postgres else url)
    told = {"variables": variables, "token": sandbox.users["ada"], "act": act}
    assert killing.stdin and killing.stdout
    killing.stdin.write(json.dumps(told) + "\n")
    for at in count():
        killing.stdin.write(f"{at} {repo_for(at).id}\n")
        killing.stdin.flush()
        status = int(killing.stdout.readline())
        assert status in (0, -signal.SIGKILL)
        if is_postgres:
            # What it locked is free when the server has noticed.
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
                db.execute(_KILLED)
        yield at, status == 0
        if status == 0:
            return


def is_in_order(ends: list[str]) -> bool:
    """First nothing was promised, then a worker goes on, and the last points are after the last commit."""
    order = ["none", "recovered", "done"]
    return ends == sorted(ends, key=order.index) and set(ends) == set(order)


def test_r12_a_correction_killed_at_every_statement_and_request(
    killing: subprocess.Popen[str], plain_hub: Sandbox, database_url: str
) -> None:
    institution = Institution(Settings.read(environment(plain_hub, database_url)))
    version = mint(institution, plain_hub)
    assert version.doi is not None
    ends: list[str] = []
    before = version.title
    for at, _ in killed_at_every_point(killing, plain_hub, database_url, "amend"):
        unsent = institution.corrections.amendments.book.unfinished()
        assert work_off(institution) == len(unsent)
        assert institution.corrections.amendments.book.unfinished() == ()
        assert institution.work.waiting() == []
        now = registered(institution, version).title
        # The ledger, DataCite and the audit log say the same.
        assert title_at_datacite(plain_hub, version) == now
        is_new = now != before
        assert now == (
            before if not is_new else title_with_revision(f"Title {at}", version.revision)
        )
        ends.append("recovered" if unsent else "done" if is_new else "none")
        corrected = len(ends) - ends.count("none")
        told = institution.work.service.activities(version.doi, None)
        assert [one.action for one in told.entries] == ["create", *["update"] * corrected]
        found = acts(institution)
        assert (found.count("correction asked"), found.count("corrected")) == (corrected,) * 2
        before = now
    assert found.count("registered") == 1
    assert dois(plain_hub) == [str(version.doi)]
    institution.close()
    assert is_in_order(ends), ends


@pytest.mark.parametrize("act", ["reserve", "release"])
def test_r12_a_reservation_killed_at_every_statement_and_request(
    killing: subprocess.Popen[str], plain_hub: Sandbox, database_url: str, act: str
) -> None:
    institution = Institution(Settings.read(environment(plain_hub, database_url)))
    backend = backend_of(institution, plain_hub)
    ends: list[str] = []
    asked = {"reserve": "reserved", "release": "reservation given up"}[act]
    done = 0
    if act == "release":
        backend.reserve(REPO)
    for _ in killed_at_every_point(killing, plain_hub, database_url, act):
        unsent = institution.drafts.waiting()
        finish(institution)
        assert institution.drafts.waiting() == []
        reserved = backend.status(REPO).reserved
        # The ledger, DataCite and the audit log say the same.
        assert dois(plain_hub) == ([str(reserved)] if reserved else [])
        is_new = (reserved is not None) == (act == "reserve")
        ends.append("recovered" if unsent else "done" if is_new else "none")
        done += is_new
        assert acts(institution).count(asked) == done
        if is_new:
            (backend.release if act == "reserve" else backend.reserve)(REPO)
    institution.close()
    assert is_in_order(ends), ends
