"""Fixtures that every test can use: a real sandbox, served over loopback."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect

import hubdoi.identity.lookup
from hubdoi.config import CHOSEN
from hubdoi.provenance.recorder import recorder
from hubdoi.records import Repo
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.tables import REDIRECTS
from hubdoi.sandbox.world import World
from tests.gateway.postgres import Postgres
from tests.ports import hold_ports_of_kernels
from tests.proxy.lossy_proxy import LossyProxy

# A machine that is busy with other tests is slow, and nothing is wrong with it.
# The small profile is for every run, which is the same each time; `make test-long` passes
# --hypothesis-profile=long, and looks for what nobody has thought of.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("small", _PATIENT, max_examples=25, derandomize=True)
settings.register_profile("long", _PATIENT, max_examples=400)
settings.load_profile("small")
# httpx and a look-up give a server five seconds, huggingface_hub ten.
hubdoi.identity.lookup.SECONDS = 60.0
for _part in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _part, 120.0)
_WAITS = ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT")
for _name in _WAITS:
    os.environ[_name] = "120"
_OF_THE_TESTS = {*_WAITS, "HUBDOI_MEASURE", "HUBDOI_PICTURES"}

hold_ports_of_kernels()

# `httpx.get` reads all certificates of the world again for each request, a sixth of the tests' time.
setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))  # noqa: B010


def share_compiled_statements(dialect: type[DefaultDialect]) -> None:
    """Let every engine of `dialect` use what another one has compiled.

    Each sandbox and each gateway of a test has an engine of its own, which would compile the same
    statements again: a quarter of the time of a test that asks a sandbox three times.
    """
    compiled: dict[Any, Any] = {}

    def engine_created(engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=compiled)

    # SQLAlchemy's cache would tell dialects apart by identity.
    setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))  # noqa: B010
    setattr(dialect, "__hash__", lambda self: hash(type(self)))  # noqa: B010
    setattr(dialect, "engine_created", engine_created)  # noqa: B010


share_compiled_statements(SQLiteDialect_pysqlite)
share_compiled_statements(PGDialect_psycopg)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL on a socket of its own."""
    # A short path: that of a socket has at most 107 characters.
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    # In a test PostgreSQL is killed, never the machine: what a process wrote is still there.
    server = Postgres(directory, options="-c fsync=off")
    yield server
    server.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the ledger, the cache, the credentials or the settings of who runs
    it, or what another test chose."""
    CHOSEN.clear()
    for name in os.environ.keys() - _OF_THE_TESTS:
        if name.startswith(("DATACITE_", "HF_", "HUBDOI_", "JUPYTERHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HUBDOI_CACHE", str(tmp_path / "hubdoi-cache"))
    monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / "hubdoi-data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))


@pytest.fixture(autouse=True)
def own_recording() -> Iterator[None]:
    """No test sees what another one loaded."""
    yield
    recorder.stop()
    recorder.clear()
    recorder.cell = None


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], Path]:
    """A new data directory with the demo seed: to make tables and commits anew for each of a
    thousand tests takes four times as long as to copy them."""
    made: dict[str | None, Path] = {}

    def copy(clock: str | None = None) -> Path:
        if clock not in made:
            made[clock] = tmp_path_factory.mktemp("planted") / "sandbox"
            World(made[clock], clock=clock).close()
            # Each copy is a sandbox of its own, with its own id, tokens and account.
            (made[clock] / "credentials.json").unlink()
        target = tmp_path_factory.mktemp("sandbox") / "data"
        shutil.copytree(made[clock], target)
        return target

    return copy


@pytest.fixture
def sandbox(planted: Callable[[str | None], Path]) -> Iterator[Sandbox]:
    """A fresh sandbox with the demo seed, in real time."""
    with Sandbox(planted(None)) as running:
        yield running


@pytest.fixture
def demo(planted: Callable[[str | None], Path]) -> Iterator[Sandbox]:
    """The same, with a clock that starts at a fixed time: every id in it is known beforehand."""
    clock = "2026-11-23T09:00:00Z"
    with Sandbox(planted(clock), clock=clock) as running:
        yield running


@pytest.fixture
def plain_hub(planted: Callable[[str | None], Path]) -> Iterator[Sandbox]:
    """A sandbox without a DOI API, as huggingface.co is today."""
    with Sandbox(planted(None), without_doi_api=True) as running:
        yield running


@pytest.fixture
def proxy_of() -> Iterator[Callable[[Sandbox], LossyProxy]]:
    """A proxy in front of a sandbox, on which answers can get lost."""
    with ExitStack() as running:
        yield lambda sandbox: running.enter_context(LossyProxy(sandbox.endpoint))


@pytest.fixture
def alias() -> Callable[[Sandbox, str, str], None]:
    """Let an id without a namespace lead to a model, as the Hub's oldest ids do."""

    def lead(running: Sandbox, old: str, model: str) -> None:
        uid = running.world.store.repositories.find(Repo("model", model), None).uid
        with running.world.transaction() as connection:
            connection.execute(REDIRECTS.insert().values(type="model", key=old, uid=uid))

    return lead


@pytest.fixture
def mint() -> Callable[..., str]:
    """Mint a DOI over HTTP: ``mint(sandbox, "models/ada/tiny-bert", "ada")``."""

    def minted(running: Sandbox, path: str, user: str = "ada") -> str:
        url = f"{running.endpoint}/api/{path}/doi"
        headers = {"Authorization": f"Bearer {running.users[user]}"}
        terms = httpx.get(url, headers=headers).raise_for_status().json()["terms"]
        answer = httpx.post(url, headers=headers, json={"agree": True, "terms": terms["digest"]})
        return str(answer.raise_for_status().json()["doi"])

    return minted


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """No test runs beside what an earlier one began: its threads would be in what this one counts,
    and run into what it replaces."""
    if "ipywidgets" in sys.modules:
        # A panel looks again at every mint of this process until it is closed.
        sys.modules["ipywidgets"].Widget.close_all()
    # While the servers of the test still answer.
    left = still_at_work("hubdoi-panel")
    result = yield
    left += still_at_work("hubdoi-panel", "hubdoi-status", "hubdoi-worker")
    assert not left
    return result


_left: set[threading.Thread] = set()


def still_at_work(*names: str) -> list[str]:
    """The threads of hubdoi with one of these names that do not end within a minute.

    Each is told once: it is the fault of one test, not of all that come after it.
    """
    begun = {thread for thread in threading.enumerate() if thread.name.startswith(names)} - _left
    for thread in begun:
        thread.join(60)
    alive = {thread for thread in begun if thread.is_alive()}
    _left.update(alive)
    return [thread.name for thread in alive]


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: to look at it takes a twentieth of the time."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults and how many hostile inputs there were."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    faults = sum("tests/faults/" in report.nodeid for report in reports)
    inputs = sum(
        int(value)
        for report in reports
        for name, value in report.user_properties
        if name == "inputs"
    )
    if faults:
        terminalreporter.write_line(f"{faults} cases of faults")
    if inputs:
        terminalreporter.write_line(f"{inputs:,} hostile inputs to parsers")
