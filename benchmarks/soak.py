"""100 clients at once on one sandbox for 60 s, reading and minting."""

from __future__ import annotations

import http.client
import json
import random
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter, sleep
from urllib.parse import urlsplit

from .harness import Result, Served, served
from .mint import plant

CLIENTS = 100
SECONDS = 60.0
MINT_SHARE = 0.2


@dataclass
class Soaked:
    """What came of it; `memory` is in MiB, sampled while it ran."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    minted: dict[str, str] = field(default_factory=dict)
    lost: int = 0
    double: int = 0
    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())

    @property
    def failures(self) -> int:
        """Answers of 5xx, and connections that broke."""
        return self.broken + sum(n for status, n in self.statuses.items() if status >= 500)

    @property
    def growth(self) -> float:
        """MiB: the last quarter of the samples against the second one, after what is loaded once."""
        quarter = max(1, len(self.memory) // 4)
        return median(self.memory[-quarter:]) - median(self.memory[quarter : 2 * quarter])


def soak(sandbox: Served, names: Iterable[str], *, clients: int, seconds: float) -> Soaked:
    """Let `clients` read and mint the repositories `names` of ada, some of them at the same time."""
    found = Soaked()
    names = list(names)
    lock = threading.Lock()
    host, token = urlsplit(sandbox.endpoint).netloc, sandbox.users["ada"]
    digest = _ask(host, token, "GET", f"/api/models/{names[0]}/doi")[1]["terms"]["digest"]
    mint = json.dumps({"agree": True, "terms": digest})
    end = monotonic() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection(host, timeout=60)
        while monotonic() < end:
            name = chance.choice(names)
            headers = {"Authorization": f"Bearer {token}"}
            start = perf_counter()
            try:
                if chance.random() < MINT_SHARE:
                    connection.request("POST", f"/api/models/{name}/doi", mint, headers)
                else:
                    path = chance.choice(
                        (
                            f"/api/models/{name}/doi",
                            f"/api/models/{name}",
                            f"/{name}",
                            "/api/models?limit=20",
                        )
                    )
                    connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                with lock:
                    found.broken += 1
                continue
            with lock:
                found.statuses[answer.status] += 1
                found.seconds.append(perf_counter() - start)
                if answer.status == 201:
                    found.double += name in found.minted
                    found.minted[name] = json.loads(body)["doi"]
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    while monotonic() < end:
        found.memory.append(_resident(sandbox.pid))
        sleep(0.25)
    for thread in threads:
        thread.join()
    found.double += len(found.minted) - len(set(found.minted.values()))
    for name, doi in found.minted.items():
        versions = _ask(host, token, "GET", f"/api/models/{name}/doi")[1]["versions"]
        found.lost += [version["doi"] for version in versions] != [doi]
    return found


def _ask(host: str, token: str, method: str, path: str) -> tuple[int, dict]:
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def _resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def measure(clients: int = CLIENTS, seconds: float = SECONDS) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        data = Path(made) / "sandbox"
        names = plant(data, 2000)
        with served(data) as sandbox:
            found = soak(sandbox, names, clients=clients, seconds=seconds)
    latency = sorted(found.seconds)[int(len(found.seconds) * 0.99)]
    said = (
        f"{clients} clients, {seconds:.0f} s, {found.requests} requests, {len(found.minted)} DOIs, "
        f"99 % within {latency:.2f} s, {median(found.memory):.0f} MiB"
    )
    none = "none"
    return [
        Result("soak-5xx", found.failures, "answers", "<= 0", none, said),
        Result("soak-lost", found.lost, "DOIs", "<= 0", none, "minted, and not there afterwards"),
        Result(
            "soak-double", found.double, "DOIs", "<= 0", none, "two for a revision, or one for two"
        ),
        Result(
            "soak-memory", found.growth, "MiB", "<= 20", none, "growth, last quarter against second"
        ),
        Result("soak-p99", latency, "s", "<= 0.5", none, "99 % of the answers came within it"),
    ]
