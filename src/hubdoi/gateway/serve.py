"""A gateway that is served, and the worker that goes on with what was interrupted."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.fernet import Fernet
from filelock import FileLock, Timeout
from prometheus_client import start_http_server

from ..config import Secret
from ..minting.database import Database
from ..minting.user_ledger import data_directory
from ..net.serving import Server, listen, serve_until_stopped, url_of
from ..records.errors import HubdoiError, InvalidInput
from .app import create_app
from .database import open_database
from .institution import Institution
from .running import note, served_at
from .settings import Settings
from .worker import run

_THREADS = 32
_GRACE = 8
"""Seconds that what is being done has to end when the process is stopped."""
_LAST = 1.0
_log = logging.getLogger(__name__)


def serve(host: str = "127.0.0.1", port: int = 0, *, demo: bool = False) -> int:
    """Serve until SIGTERM or SIGINT; the answer is the exit status.

    One line of JSON goes to standard output when it is ready: ``{"endpoint": …}``, and for a
    `demo`, which brings a sandbox as Hub and DataCite, what that says of itself as well.

    Raises:
        InvalidInput: a setting is missing or cannot be used.
        LedgerError: the database cannot be used.
    """
    log_as_json()
    with (_demo if demo else _configured)() as (settings, more, data):
        # Each thread has a connection when it wants one, and the worker another.
        database = open_database(settings.database, data, pool=_THREADS // 2 + 1)
        with _alone(database):
            institution = Institution(settings, database=database)
            if demo:
                # Somebody has to be able to open the pages.
                institution.people.put(next(iter(more["users"])), role="admin")
            try:
                _serve(institution, host, port, more)
            finally:
                institution.close()
            if not demo:
                # Nobody else serves the database before this process has ended.
                _leave()
    _leave()
    return 0


def work(*, until_idle: bool = False, metrics_port: int | None = None) -> int:
    """Finish what is due until SIGTERM or SIGINT; beside `serve`, on as many hosts as one likes.

    Prometheus finds the metrics of this process at `metrics_port`, on this machine.
    """
    log_as_json()
    institution = Institution(_shared(), pool=4)
    institution.url = institution.settings.url or served_at()
    if metrics_port is not None:
        _serve_metrics(institution, metrics_port)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    failures: list[HubdoiError] = []

    def carry_out() -> None:
        try:
            run(institution, stop, until_idle=until_idle)
        except HubdoiError as error:
            failures.append(error)
        finally:
            stop.set()

    # A thread of its own: this one hears the signals whatever DataCite does.
    worker = threading.Thread(target=carry_out, name="hubdoi-worker")
    worker.start()
    stop.wait()
    worker.join(_GRACE)
    institution.close()
    if failures:
        raise failures[0]
    _leave()
    return 0


def log_as_json() -> None:
    """Log one JSON object a line to standard error; nothing that people sent is in it."""

    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps(
                {
                    "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "level": record.levelname.lower(),
                    "logger": record.name,
                    "message": record.getMessage(),
                    **{
                        name: getattr(record, name)
                        for name in ("doi", "repository", "kind")
                        if hasattr(record, name)
                    },
                }
            )

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    for name, level in (("hubdoi", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


def _serve(institution: Institution, host: str, port: int, more: Mapping[str, Any]) -> None:
    try:
        listening = listen(host, port)
    except (OSError, OverflowError) as error:
        raise InvalidInput(
            f"The gateway cannot listen on {host}:{port} ({error}); choose another port."
        ) from None
    endpoint = url_of(host, listening)
    institution.url = institution.settings.url or endpoint
    if not more:
        note(endpoint)
    stop = threading.Event()
    worker = threading.Thread(target=run, args=(institution, stop), name="hubdoi-worker")
    worker.start()
    server = Server(create_app(institution), threads=_THREADS, grace=_GRACE, on_stop=stop.set)
    try:
        serve_until_stopped(server, listening, lambda: {"endpoint": endpoint, **more})
    finally:
        stop.set()
        worker.join(_LAST)


def _leave() -> None:
    """End this process, although a thread of it waits for DataCite: another process goes on.

    What was recorded is durable, and a transaction that is open ends with the process.
    """
    until = monotonic() + _LAST
    others = [one for one in threading.enumerate() if not one.daemon]
    others.remove(threading.current_thread())
    for thread in others:
        thread.join(max(0.0, until - monotonic()))
    if any(thread.is_alive() for thread in others):
        _log.warning("stopped before the end of what was being done")
        logging.shutdown()
        os._exit(0)


def _serve_metrics(institution: Institution, port: int) -> None:
    try:
        start_http_server(port, "127.0.0.1", institution.metrics.registry)
    except (OSError, OverflowError) as error:
        raise InvalidInput(
            f"The metrics cannot be served on port {port} ({error}); choose another port."
        ) from None


def _shared() -> Settings:
    """The settings of a process beside `serve`.

    Raises:
        InvalidInput: the database is SQLite, which serves one process.
    """
    settings = Settings.read()
    if not (settings.database or "").startswith("postgres"):
        raise InvalidInput(
            "A worker of its own needs PostgreSQL; set HUBDOI_GATEWAY_DATABASE. With SQLite, `hubdoi gateway serve` does the work."
        )
    return settings


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Keep a second process away from a SQLite database."""
    if database.is_postgres:
        yield
        return
    try:
        with FileLock(f"{database.path}.lock", timeout=0, mode=0o600):
            yield
    except Timeout:
        raise InvalidInput(
            f"Another gateway serves {database.path}; stop it, or use PostgreSQL for several."
        ) from None


@contextmanager
def _configured() -> Iterator[tuple[Settings, dict[str, Any], Path]]:
    yield Settings.read(), {}, data_directory() / "gateway"


@contextmanager
def _demo() -> Iterator[tuple[Settings, dict[str, Any], Path]]:
    """A sandbox as Hub and DataCite, and the settings for its people."""
    with (
        tempfile.TemporaryDirectory(prefix="hubdoi-gateway-") as directory,
        import_module("hubdoi.sandbox.serve").Sandbox(without_doi_api=True) as sandbox,
    ):
        account = sandbox.datacite_repository
        application, _ = sandbox.world.oauth.register(
            "The library's DOIs", ["http://127.0.0.1/gateway/callback"], public=True
        )
        people = [sandbox.world.store.people.person(name) for name in sandbox.users]
        organizations = {name for person in people if person for name in person.organizations}
        settings = Settings.read(
            hub=sandbox.endpoint,
            owners=(*sandbox.users, *sorted(organizations)),
            institution="The sandbox's library",
            datacite_api=sandbox.datacite_url,
            datacite_repository=account["username"],
            datacite_password=Secret(account["password"]),
            datacite_prefix=account["prefix"],
            suffix="hf.{revision}.{hash}",
            database=None,
            oidc_client=application.id,
            hub_client=application.id,
            key=Secret(Fernet.generate_key().decode()),
        )
        more = {
            "hub": sandbox.endpoint,
            "datacite": sandbox.datacite_url,
            "users": dict(sandbox.users),
            "datacite_repository": account,
        }
        yield settings, more, Path(directory)
