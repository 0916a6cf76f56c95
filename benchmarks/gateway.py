"""The gateway on PostgreSQL: mints by workers, its own cost, readers, a million versions, `reconcile`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from tests.gateway.postgres import Postgres

from .harness import HUBDOI, Comparison, Result
from .mint import Keeping
from .stub import HUB, OWNER, PREFIX, blank, filled, revision_of

LATENCY = 0.05
WORKERS = (1, 2, 4)
QUEUED = 120
"""Mints that wait for the workers."""
OWN = 40
"""Mints of one run of the gateway's own cost, of which there are `RUNS`."""
RUNS = 9
READERS = 100
READS = 6
"""Statuses of each reader in one run."""
VERSIONS = 1_000_000
EACH = 4
"""Versions of each repository that is in the large ledger."""
RECONCILED = 100_000
_TOKEN = "hf_benchmark"


class Place:
    """A directory with a PostgreSQL, a stub of the Hub and DataCite, and the gateways on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.postgres = Postgres(directory)

    @contextmanager
    def stub(self, *, latency: float = 0.0, made: int = 0, record: str = "") -> Iterator[str]:
        """The URL of a Hub; DataCite is under ``/datacite``."""
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdin and process.stdout
            told = {"latency": latency, "made": made, "record": record}
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(timeout=30)

    def environment(self, hub: str, database: str | None = None) -> dict[str, str]:
        return {
            "HUBDOI_GATEWAY_DATABASE": database or self.postgres.new_database(),
            "HUBDOI_GATEWAY_HUB": hub,
            "HUBDOI_GATEWAY_OWNERS": OWNER,
            "HUBDOI_GATEWAY_RATE": "1000000000",
            "HUBDOI_DATACITE_API": f"{hub}/datacite",
            "DATACITE_REPOSITORY": "BENCH.MARK",
            "DATACITE_PASSWORD": "benchmark",
            "DATACITE_PREFIX": PREFIX,
            "HUBDOI_DATA": str(self.directory / "data"),
            "HUBDOI_CACHE": str(self.directory / "cache"),
        }


@contextmanager
def _place() -> Iterator[Place]:
    # A short path: that of a socket has at most 107 characters.
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    place = Place(directory)
    try:
        yield place
    finally:
        place.postgres.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _gateway(variables: Mapping[str, str]) -> Iterator[Institution]:
    from hubdoi.gateway.settings import Settings

    institution = Institution(Settings.read(variables))
    try:
        yield institution
    finally:
        institution.close()


def _mint(institution: Institution, name: str) -> None:
    from hubdoi.config import Secret
    from hubdoi.records import MintRequest, Repo

    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    backend_for(institution, Secret(_TOKEN)).mint(Repo("model", name), request)


def _queue(institution: Institution, first: int, count: int) -> None:
    """Record intents, durably, that nobody has begun to register."""
    from hubdoi.gateway.work import Work

    finish = Work.finished
    Work.finished = lambda self, entry, **_: entry.version  # type: ignore[method-assign]
    try:
        for number in range(first, first + count):
            _mint(institution, f"{OWNER}/queued-{number}")
    finally:
        Work.finished = finish  # type: ignore[method-assign]


def workers(place: Place) -> list[Result]:
    """DOIs that become public each second, from the first to the last of a queue."""
    rates: dict[int, float] = {}
    with place.stub(latency=LATENCY) as hub:
        variables = place.environment(hub)
        with _gateway({**variables, "HUBDOI_GATEWAY_HUB": hub}) as institution:
            for round_, count in enumerate(WORKERS):
                _queue(institution, round_ * QUEUED, QUEUED)
                Keeping(hub).ask("GET", "/counts")
                environment = {**os.environ, **variables}
                command = [str(HUBDOI), "gateway", "worker", "--until-idle"]
                running = [subprocess.Popen(command, env=environment) for _ in range(count)]
                assert [process.wait() for process in running] == [0] * count
                assert institution.work.waiting() == []
                published = Keeping(hub).ask("GET", "/counts")["published"]
                assert len(published) == QUEUED
                # The middle of it: not all workers begin and end at the same moment.
                part = published[QUEUED // 6 : -QUEUED // 6]
                rates[count] = (len(part) - 1) / (part[-1] - part[0])
    detail = ", ".join(f"{rate:.1f} mints/s with {count}" for count, rate in rates.items())
    ratio = rates[WORKERS[-1]] / rates[1]
    return [Result("gateway-workers", ratio, "ratio", ">= 3", "one worker", detail)]


def own_cost(place: Place) -> list[Result]:
    """Milliseconds of a mint in the gateway and its database, without what it waits for the network."""
    import psycopg
    import sqlalchemy as sa

    from hubdoi.net.http import Http

    network = [0.0]
    statements = 0
    send = Http._send

    def timed(self: Http, *arguments: object) -> object:
        start = perf_counter()
        try:
            return send(self, *arguments)  # type: ignore[arg-type]
        finally:
            network[0] += perf_counter() - start

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    own: list[float] = []
    with place.stub() as hub:
        variables = place.environment(hub)
        with _gateway(variables) as institution:
            # Of the first mints, which are not measured: who listens changes the way of statements.
            event = institution.database.engine, "before_cursor_execute", count
            sa.event.listen(*event)
            Http._send = timed  # type: ignore[method-assign, assignment]
            try:
                for round_ in range(RUNS + 1):
                    taken = []
                    for number in range(OWN):
                        network[0] = 0.0
                        start = perf_counter()
                        _mint(institution, f"{OWNER}/own-{round_}-{number}")
                        taken.append(perf_counter() - start - network[0])
                    if round_:
                        own.append(median(taken))
                    else:
                        sa.event.remove(*event)
            finally:
                Http._send = send  # type: ignore[method-assign]
        with psycopg.connect(
            variables["HUBDOI_GATEWAY_DATABASE"].replace("+psycopg", ""), autocommit=True
        ) as db:
            db.execute("CREATE TABLE one_insert (a int)")
            inserts = []
            for _ in range(OWN):
                start = perf_counter()
                db.execute("INSERT INTO one_insert VALUES (1)")
                inserts.append(perf_counter() - start)
    detail = (
        f"{statements / OWN:.0f} statements, of which one commit waits for the disk; "
        f"one durable insert alone takes {median(inserts) * 1000:.2g} ms"
    )
    return [Result("gateway-own", median(own) * 1000, "ms", "<= 5", "none", detail)]


def fill(url: str, hub: str, count: int, *, each: int, record: str) -> None:
    """Put `count` versions into the ledger at `url`; repositories and DOIs are the stub's ``made``."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as db:
        db.execute("INSERT INTO ledger_terms VALUES ('made', 'The terms of then.')")
        db.execute(
            "INSERT INTO ledger_repositories (hub, uid, type, name) "
            "SELECT %s, %s || n, 'model', %s || n FROM generate_series(0, %s) AS n",
            (hub, f"id-{OWNER}/made-", f"{OWNER}/made-", count // each - 1),
        )
        db.execute(
            "INSERT INTO ledger_consents (username, at, digest) SELECT 'someone', "
            "'2024-01-01T00:00:00+00:00', 'made' FROM generate_series(1, %s)",
            (count,),
        )
        first_consent = db.execute("SELECT min(id) FROM ledger_consents WHERE digest = 'made'")
        first_repository = db.execute(
            "SELECT min(id) FROM ledger_repositories WHERE name LIKE '%/made-0'"
        )
        consent, repository = first_consent.fetchone(), first_repository.fetchone()
        assert consent and repository
        with db.cursor().copy(
            "COPY ledger_versions (repository_id, revision, revision_date, doi, doi_key, step, "
            "record, consent_id) FROM STDIN"
        ) as copy:
            for n in range(count):
                doi = f"{PREFIX}/made.{n}"
                sha = revision_of(f"{OWNER}/made-{n}")
                moment = f"2024-05-01T12:{n % 60:02d}:00.000000+00:00"
                text = filled(record, n)
                copy.write_row(
                    (
                        repository[0] + n // each,
                        sha,
                        moment,
                        doi,
                        doi,
                        "linked",
                        text,
                        consent[0] + n,
                    )
                )
        db.commit()
        db.autocommit = True
        db.execute("VACUUM ANALYZE")


def _templates() -> tuple[str, str]:
    """What the ledger and DataCite keep of a version, in which the stub fills in number and revision."""
    from datetime import UTC, datetime

    from hubdoi.datacite.json_record import attributes
    from hubdoi.minting.ledger import record_text
    from hubdoi.records import Author, Doi, Repo, Version

    number = 424242
    name = f"{OWNER}/made-{number}"
    revision = revision_of(name)
    version = Version.from_parts(
        doi=Doi(f"{PREFIX}/made.{number}"),
        repo=Repo("model", name),
        revision=revision,
        title=f"made-{number} (Revision {revision[:7]})",
        authors=(Author.person("Lovelace, Ada"),),
        publisher="Hugging Face",
        year=2024,
        created=datetime(2024, 5, 1, 12, tzinfo=UTC),
        description="A model like many others.",
        license="mit",
        endpoint=HUB,
        url=Repo("model", name).url(HUB),
    )
    at_datacite = json.dumps({**attributes(version), "state": "findable"})
    return blank(record_text(version), number), blank(at_datacite, number)


def scale(place: Place) -> list[Result]:
    """A mint, and the slowest of a hundred statuses, with a million versions against none.

    The slowest of those who ask at once are compared with as many who ask one after the other, too.
    """
    with place.stub() as hub:
        sides = [place.environment(hub) for _ in range(2)]
        for variables in sides:
            with _gateway(variables) as institution:
                for number in range(READERS):
                    _mint(institution, f"{OWNER}/read-{number}")
        fill(sides[0]["HUBDOI_GATEWAY_DATABASE"], hub, VERSIONS, each=EACH, record=_templates()[0])
        mints, reads, crowds = (Comparison([], []) for _ in range(3))
        with _gateway(sides[0]) as full, _gateway(sides[1]) as empty:
            for round_ in range(RUNS + 1):
                pair = [_median_mint(one, f"{OWNER}/scale-{round_}") for one in (full, empty)]
                if round_:
                    mints.ours.append(pair[0])
                    mints.theirs.append(pair[1])
        with _served(sides[0]) as there, _served(sides[1]) as here:
            for round_ in range(RUNS + 1):
                pair = [_slowest(endpoint) for endpoint in (there, here)]
                alone = _alone(here)
                if round_:
                    reads.ours.append(pair[0])
                    reads.theirs.append(pair[1])
                    crowds.ours.append(pair[1])
                    crowds.theirs.append(READERS * alone)
    peer = "an empty ledger"
    crowd = f"99 % within {crowds.detail}"
    many = f"99 % of the statuses of {READERS} readers at once: {reads.detail}"
    return [
        Result("gateway-scale-mint", mints.ratio, "ratio", "<= 1.3", peer, mints.detail),
        Result("gateway-status", crowds.ratio, "ratio", "<= 3", "one after the other", crowd),
        Result("gateway-scale-status", reads.ratio, "ratio", "<= 1.3", peer, many),
    ]


def _median_mint(institution: Institution, name: str) -> float:
    taken = []
    for number in range(20):
        start = perf_counter()
        _mint(institution, f"{name}-{number}")
        taken.append(perf_counter() - start)
    return median(taken)


@contextmanager
def _served(variables: Mapping[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        [str(HUBDOI), "gateway", "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.terminate()
        process.wait(timeout=60)


def _slowest(endpoint: str) -> float:
    """Seconds within which 99 % of the statuses of all readers came."""
    taken: list[float] = []
    ready = threading.Barrier(READERS)

    def read(number: int) -> None:
        connection = Keeping(endpoint, _TOKEN)
        ready.wait()
        for _ in range(READS):
            start = perf_counter()
            said = connection.ask("GET", f"/api/models/{OWNER}/read-{number}/doi")
            taken.append(perf_counter() - start)
            assert said["state"] == "current"

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(taken) == READERS * READS
    return sorted(taken)[int(len(taken) * 0.99)]


def _alone(endpoint: str) -> float:
    """Seconds of a status for one who reads alone."""
    connection, taken = Keeping(endpoint, _TOKEN), []
    for number in range(READERS):
        start = perf_counter()
        connection.ask("GET", f"/api/models/{OWNER}/read-{number}/doi")
        taken.append(perf_counter() - start)
    return median(taken)


def reconcile(place: Place) -> list[Result]:
    """Requests to DataCite for all DOIs, and the memory that a hundred times as many take."""
    peaks, taken, requests = [], [], 0
    for count in (RECONCILED // 100, RECONCILED):
        with place.stub(made=count, record=_templates()[1]) as hub:
            variables = place.environment(hub)
            with _gateway(variables):
                pass
            fill(variables["HUBDOI_GATEWAY_DATABASE"], hub, count, each=1, record=_templates()[0])
            start = perf_counter()
            process = subprocess.Popen(
                [str(HUBDOI), "gateway", "reconcile"], env={**os.environ, **variables}
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            taken.append(perf_counter() - start)
            assert process.returncode == 0, "the ledger and DataCite differ"
            peaks.append(used.ru_maxrss / 1024)
            requests = Keeping(hub).ask("GET", "/counts")["datacite"]
    detail = f"{RECONCILED} DOIs in {taken[-1]:.0f} s"
    flat = f"peak {peaks[1]:.0f} MiB against {peaks[0]:.0f} MiB with a hundredth of them"
    return [
        Result("gateway-reconcile", requests, "DataCite requests", "<= 1000", "none", detail),
        Result("gateway-reconcile-memory", peaks[1] - peaks[0], "MiB", "<= 40", "none", flat),
    ]


def measure() -> list[Result]:
    with _place() as place:
        return [*workers(place), *own_cost(place), *scale(place), *reconcile(place)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with _place() as place, place.stub() as hub, _gateway(place.environment(hub)) as institution:
        yield lambda: [_mint(institution, f"{OWNER}/own-{number}") for number in range(100)]
