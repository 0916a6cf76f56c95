"""A gateway that is stopped while DataCite does not answer: it ends, and the next start goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import SERVE, Postgres, environment
from .test_luck import dois
from .test_serve import DOI, agreed

Serve = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


class Hanging:
    """DataCite, which takes every request to make a draft and never answers it."""

    def __init__(self, proxy: LossyProxy, sandbox: Sandbox) -> None:
        self.proxy = proxy
        self.asked, self.released = threading.Semaphore(0), threading.Event()
        self.api = sandbox.datacite_url.replace(sandbox.endpoint, proxy.endpoint)
        proxy.set(Fault("unsent", method="POST", path="/dois", times=1000, then=self._hang))

    def _hang(self) -> None:
        self.asked.release()
        self.released.wait(600)


@pytest.fixture
def hanging(plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]) -> Iterator[Hanging]:
    hanging = Hanging(proxy_of(plain_hub), plain_hub)
    yield hanging
    hanging.released.set()


def mint(endpoint: str, token: str) -> int | None:
    """The status of the answer to a mint; None where the connection was closed before it."""
    headers = {"Authorization": f"Bearer {token}"}
    try:
        answer = httpx.post(
            endpoint + DOI, headers=headers, json=agreed(endpoint, token), timeout=120
        )
    except httpx.TransportError:
        return None
    return answer.status_code


def test_r12_a_gateway_ends_while_datacite_hangs_and_the_next_goes_on(
    serve: Serve, plain_hub: Sandbox, empty_url: str, hanging: Hanging
) -> None:
    variables = environment(plain_hub, empty_url)
    process, line = serve({**variables, "HUBDOI_DATACITE_API": hanging.api})
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(mint, line["endpoint"], plain_hub.users["ada"])
        assert hanging.asked.acquire(timeout=60)
        process.send_signal(signal.SIGTERM)
        # One request alone may take 30 s, and the worker's 120 s.
        assert process.wait(25) == 0
        assert asked.result() != 201
    assert dois(plain_hub) == []
    _, line = serve(variables)
    client = httpx.Client(timeout=60)
    for _ in range(600):
        found = client.get(line["endpoint"] + DOI).json()["versions"]
        if found:
            break
        threading.Event().wait(0.1)
    assert [version["doi"] for version in found] == dois(plain_hub)


def test_r12_a_worker_ends_while_datacite_hangs(
    plain_hub: Sandbox, postgres: Postgres, hanging: Hanging, tmp_path: Path
) -> None:
    variables = environment(plain_hub, postgres.new_database())
    institution = Institution(Settings.read({**variables, "HUBDOI_GATEWAY_REVIEW": "1"}))
    from .test_reviews import asked

    institution.approve(asked(institution, plain_hub), "grace")

    def worker(more: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", SERVE, "gateway", "worker", *arguments],
            stderr=(tmp_path / "log").open("a"),
            env={**os.environ, **variables, **more},
        )

    process = worker({"HUBDOI_DATACITE_API": hanging.api})
    assert hanging.asked.acquire(timeout=60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(25) == 0
    last = json.loads((tmp_path / "log").read_text().splitlines()[-1])
    assert last["message"] == "stopped before the end of what was being done"
    assert worker({}, "--until-idle").wait(60) == 0
    assert len(dois(plain_hub)) == 1
    assert institution.work.waiting() == []
    institution.close()
