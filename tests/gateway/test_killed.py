"""A process that is killed at any point of a mint: another worker ends it with one DOI, or there is none (R12)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change

from .conftest import Postgres, environment
from .test_luck import REPO, dois, work_off

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


def test_r12_killed_at_every_statement_and_request(
    killing: subprocess.Popen[str], plain_hub: Sandbox, postgres: Postgres
) -> None:
    url = postgres.new_database()
    institution = Institution(Settings.read(environment(plain_hub, url)))
    variables = environment(plain_hub, f"{url}&application_name=killed")
    told = {"variables": variables, "token": plain_hub.users["ada"]}
    assert killing.stdin and killing.stdout
    killing.stdin.write(json.dumps(told) + "\n")
    ends: list[str] = []
    uid = plain_hub.world.store.info(REPO, None).uid
    ada = plain_hub.world.store.people.person("ada")
    assert ada is not None
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
        for at in count():
            killing.stdin.write(f"{at}\n")
            killing.stdin.flush()
            status = int(killing.stdout.readline())
            assert status in (0, -signal.SIGKILL)
            # What it locked is free when the server has noticed.
            db.execute(_KILLED)
            intended = institution.ledger.unfinished()
            assert work_off(institution) == len(intended)
            assert institution.ledger.unfinished() == ()
            assert institution.work.waiting() == []
            registered = [str(entry.version.doi) for entry in institution.ledger.registered()]
            # Neither a DOI that the ledger does not know, nor one that DataCite does not.
            assert sorted(dois(plain_hub)) == sorted(registered)
            is_new = len(registered) > len(ends) - ends.count("none")
            ends.append("recovered" if intended else "registered" if is_new else "none")
            if status == 0:
                break
            if is_new:
                plain_hub.world.store.commits.commit(
                    uid, ada, Change({"x": str(at).encode()}), title="x"
                )
    institution.close()
    # First nothing was promised, then a worker goes on, and the last points are after the last commit.
    assert ends == sorted(ends, key=["none", "recovered", "registered"].index)
    assert (ends.count("none") > 8, ends.count("recovered") > 8, ends[-1]) == (
        True,
        True,
        "registered",
    )
