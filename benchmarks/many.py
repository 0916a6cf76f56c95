"""`Client.statuses` of 1,000 repositories, against a loop over both services, with 50 ms latency."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import httpx

from .harness import Result, clean_environment, in_turn, peer_version
from .mint import plant

REPOSITORIES = 1000
LOOPED = 50
"""The loop is as long as it has turns: it is measured over these, and its time is multiplied."""

_OURS = """
import json, os, sys
from time import perf_counter
from hubdoi import Client

def peak():
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1])

names = json.load(sys.stdin)
client = Client(os.environ["HUBDOI_ENDPOINT"])
client.status(names.pop())
before = peak()
start = perf_counter()
found = client.statuses(names)
taken = perf_counter() - start
assert len(found) == len(names), len(found)
for status in found.values():
    assert status.state == "current" and status.version.doi, status
print(json.dumps([taken, (peak() - before) / 1024]))
"""

_LOOP = """
import json, os, sys
from time import perf_counter
import httpx
from huggingface_hub import HfApi

names = json.load(sys.stdin)
api = HfApi(endpoint=os.environ["HUBDOI_ENDPOINT"])
with httpx.Client() as client:
    api.model_info(names.pop())
    start = perf_counter()
    for name in names:
        tags = api.model_info(name).tags
        doi = next(tag for tag in tags if tag.startswith("doi:")).removeprefix("doi:")
        address = os.environ["HUBDOI_DATACITE_API"] + "/dois/" + doi
        assert client.get(address).raise_for_status().json()["data"]["attributes"]["url"]
    print(json.dumps([perf_counter() - start, 0]))
"""


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    from hubdoi.records import MintRequest, Person, Repo
    from hubdoi.sandbox.world import World

    names = plant(folder, REPOSITORIES + 1)
    with World(folder) as world:
        ada = world.store.people.person("ada") or Person("ada", "Ada Lovelace")
        consent = MintRequest.from_json({"agree": True, "terms": world.registrar.terms.digest})
        for name in names:
            world.service.mint(Repo("model", name), ada, consent)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.slow_server", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"], names
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        folder = Path(made)
        caches = count()
        asked, grown = [], []
        with _server(folder / "sandbox") as (endpoint, names):

            def run(code: str, of: list[str]) -> list[float]:
                done = subprocess.run(
                    [sys.executable, "-c", code],
                    input=json.dumps(of),
                    capture_output=True,
                    text=True,
                    env=clean_environment(
                        folder,
                        HUBDOI_ENDPOINT=endpoint,
                        HUBDOI_DATACITE_API=f"{endpoint}/datacite",
                        HUBDOI_CACHE=str(folder / f"cache-{next(caches)}"),
                    ),
                    check=False,
                )
                if done.returncode:
                    raise RuntimeError(done.stderr[-2000:])
                return list(json.loads(done.stdout.splitlines()[-1]))

            def ours() -> float:
                httpx.get(f"{endpoint}/counts")
                taken, memory = run(_OURS, names)
                # One of them was for the status that came before the clock was started.
                asked.append(httpx.get(f"{endpoint}/counts").json().get("datacite", 0) - 1)
                grown.append(memory)
                return taken

            def theirs() -> float:
                taken, _ = run(_LOOP, names[: LOOPED + 1])
                return taken * REPOSITORIES / LOOPED

            compared = in_turn(ours, theirs, runs=7, warm_up=0)
    peer = f"{peer_version('huggingface_hub', sys.executable)} and httpx in a loop"
    return [
        Result("many", compared.ratio, "ratio", "<= 0.04", peer, compared.detail),
        Result(
            "many-requests", max(asked), "DataCite requests", "<= 10", peer, "the most of a run"
        ),
        Result("many-memory", median(grown), "MiB", "<= 40", peer, "peak, beyond one status"),
    ]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        folder = Path(made)
        with _server(folder / "sandbox") as (endpoint, names):
            os.environ["HUBDOI_CACHE"] = str(folder / "cache")
            from hubdoi import Client

            client = Client(endpoint, datacite_api=f"{endpoint}/datacite")
            client.status(names.pop())
            yield lambda: client.statuses(names)
