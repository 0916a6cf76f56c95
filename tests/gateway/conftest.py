"""Gateways on a real PostgreSQL and on SQLite."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hubdoi.gateway.app import create_app
from hubdoi.gateway.database import migrate, open_database
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.worker import run
from hubdoi.net.serving import Server, listen, url_of
from hubdoi.sandbox import Sandbox

from .postgres import Postgres

__all__ = ["Postgres"]

SERVE = "import sys; from hubdoi.commands.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with the gateway's tables and nothing in them."""
    migrated: str = request.getfixturevalue(f"migrated_{request.param}")
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copyfile(migrated, tmp_path / 'gateway.db')}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database(like=migrated)


# The migrations take five times as long as everything else that opens a gateway.
@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("migrated") / "gateway.db"
    _migrate(f"sqlite:///{file}")
    return str(file)


@pytest.fixture(scope="session")
def migrated_postgresql(postgres: Postgres) -> str:
    url = postgres.new_database()
    _migrate(url)
    return url


def _migrate(url: str) -> None:
    database = open_database(url, Path())
    migrate(database)
    database.close()


def environment(sandbox: Sandbox, database: str, **more: str) -> dict[str, str]:
    """The smallest configuration: the environment alone."""
    account = sandbox.datacite_repository
    return {
        "HUBDOI_GATEWAY_DATABASE": database,
        "HUBDOI_GATEWAY_HUB": sandbox.endpoint,
        "HUBDOI_GATEWAY_OWNERS": "ada,analytical-engine",
        "HUBDOI_DATACITE_API": sandbox.datacite_url,
        "DATACITE_REPOSITORY": account["username"],
        "DATACITE_PASSWORD": account["password"],
        "DATACITE_PREFIX": account["prefix"],
        **more,
    }


@pytest.fixture
def institution_of(plain_hub: Sandbox, database_url: str) -> Iterator[Callable[..., Institution]]:
    """``institution_of(HUBDOI_GATEWAY_QUOTA="1")``: a gateway in this process, not served."""
    with ExitStack() as running:

        def opened(**more: str) -> Institution:
            made = Institution(Settings.read(environment(plain_hub, database_url, **more)))
            running.callback(made.close)
            return made

        yield opened


@pytest.fixture
def serve_here() -> Iterator[Callable[[Mapping[str, str]], str]]:
    """``serve_here(variables)``: the URL of a gateway in a thread of this process, with its worker.

    Where a test is not about the process, this spares it two seconds of imports.
    """
    with ExitStack() as running:

        def served(variables: Mapping[str, str]) -> str:
            institution = Institution(Settings.read(variables))
            running.callback(institution.close)
            listening = listen("127.0.0.1", 0)
            institution.url = institution.settings.url or url_of("127.0.0.1", listening)
            server, stop = Server(create_app(institution), threads=8), threading.Event()
            threads = (
                threading.Thread(target=run, args=(institution, stop)),
                threading.Thread(target=server.run, args=([listening],)),
            )
            for thread in threads:
                thread.start()
                running.callback(thread.join)
            running.callback(server.stop)
            running.callback(stop.set)
            assert server.is_ready(threads[1])
            return url_of("127.0.0.1", listening)

        yield served


Served = tuple[subprocess.Popen[str], dict[str, Any]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """``serve(variables, "--demo")``: the process of a gateway and the line that it prints."""
    running: list[subprocess.Popen[str]] = []

    def served(variables: Mapping[str, str], *arguments: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, "gateway", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=(tmp_path / "log").open("a"),
            text=True,
            env={**os.environ, **variables},
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (tmp_path / "log").read_text()
        return process, json.loads(line)

    yield served
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
