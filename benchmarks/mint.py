"""Durable mints per second of the sandbox, against one durable insert per request of the same stack."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from .harness import Result, in_turn, served

REQUESTS = 100
RUNS = 9


def plant(data: Path, count: int) -> list[str]:
    """Put `count` repositories of ada into a new sandbox directory; their names."""
    from hubdoi.records import Person, Repo
    from hubdoi.sandbox.changes import Change
    from hubdoi.sandbox.world import World

    names = [f"ada/model-{number}" for number in range(count)]
    card = b"---\nlicense: mit\n---\n# Model\n\nA model like many others.\n"
    with World(data) as world:
        ada = world.store.people.person("ada") or Person("ada", "Ada Lovelace")
        with world.transaction():
            for name in names:
                made = world.store.repositories.create(Repo("model", name))
                world.store.commits.commit(made.uid, ada, Change({"README.md": card}), title="one")
    return names


class Keeping:
    """Requests over one connection that is kept."""

    def __init__(self, endpoint: str, token: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def reconnect(self) -> None:
        """Begin a new connection: a server closes one that was quiet while the other had its turn."""
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> dict:
        content = json.dumps(body) if body is not None else None
        self._connection.request(method, path, content, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:500]!r}")
        return json.loads(said)


@contextmanager
def _peer(folder: Path) -> Iterator[Keeping]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.one_insert", str(folder / "peer.db")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Keeping(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        folder = Path(made)
        names = iter(plant(folder / "sandbox", REQUESTS * (RUNS + 1) + 1))
        with served(folder / "sandbox") as sandbox, _peer(folder) as peer:
            hub = Keeping(sandbox.endpoint, sandbox.users["ada"])
            digest = hub.ask("GET", f"/api/models/{next(names)}/doi")["terms"]["digest"]
            consent = {"agree": True, "terms": digest}

            def ours() -> float:
                chosen = [next(names) for _ in range(REQUESTS)]
                hub.reconnect()
                start = perf_counter()
                for name in chosen:
                    hub.ask("POST", f"/api/models/{name}/doi", consent, 201)
                return perf_counter() - start

            def theirs() -> None:
                peer.reconnect()
                for number in range(REQUESTS):
                    peer.ask("POST", "/insert", {**consent, "number": number}, 201)

            # Seconds of the peer over ours: how many mints for each of its inserts.
            compared = in_turn(theirs, ours, runs=RUNS)
    rate = [REQUESTS / taken for taken in compared.theirs]
    detail = (
        f"{sorted(rate)[len(rate) // 2]:.0f} mints/s against "
        f"{sorted(REQUESTS / taken for taken in compared.ours)[len(rate) // 2]:.0f} inserts/s"
    )
    peer_name = "FastAPI, uvicorn, SQLAlchemy and SQLite"
    return [Result("mint", compared.ratio, "ratio", ">= 0.6", peer_name, detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from hubdoi.records import MintRequest, Person, Repo
    from hubdoi.sandbox.world import World

    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        names = plant(Path(made) / "sandbox", 300)
        with World(Path(made) / "sandbox") as world:
            ada = world.store.people.person("ada") or Person("ada", "Ada Lovelace")
            consent = MintRequest.from_json({"agree": True, "terms": world.registrar.terms.digest})
            yield lambda: [world.service.mint(Repo("model", n), ada, consent) for n in names]
