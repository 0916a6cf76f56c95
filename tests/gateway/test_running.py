"""What those who run a gateway see and rely on: metrics, logs, rate limits, a graceful stop."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from hubdoi.gateway.app import create_app
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.rates import Rates
from hubdoi.gateway.settings import Settings
from hubdoi.records.errors import InvalidMetadata, ServiceBusy
from hubdoi.sandbox import Sandbox
from tests.net.test_questions import Waits
from tests.proxy.lossy_proxy import Fault, LossyProxy

from .conftest import Postgres, environment
from .test_work import intend, mint, raising

DOI = "/api/models/ada/tiny-bert/doi"
Open = Callable[..., Institution]


def metrics(client: TestClient) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_metrics_say_how_it_goes(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    client = TestClient(create_app(institution))
    assert metrics(client)["hubdoi_gateway_queue", "queued"] == 0
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "register", raising(InvalidMetadata("No title.")))
        with pytest.raises(InvalidMetadata):
            mint(institution, plain_hub)
    found = metrics(client)
    assert found["hubdoi_gateway_failures_total", "InvalidMetadata"] == 1
    assert found["hubdoi_gateway_queue", "parked"] == 1
    mint(institution, plain_hub)
    found = metrics(client)
    assert found["hubdoi_gateway_mints_total",] == 1
    assert found["hubdoi_gateway_queue", "parked"] == 0
    assert found["hubdoi_gateway_datacite_seconds_count", "POST", "2xx"] == 1
    assert not re.search("ada/|ovelace|10.5072", client.get("/metrics").text)


def test_a_person_who_asks_too_often_waits(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_RATE="2")
    client = TestClient(create_app(institution))
    ada, grace = ({"Authorization": f"Bearer {plain_hub.users[name]}"} for name in ("ada", "grace"))
    answers = [client.get(DOI, headers=ada) for _ in range(5)]
    # A minute may end in between, and the next one has its own two.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].json()["code"] == "ServiceBusy"
    assert "2 requests in a minute" in refused[0].json()["error"]
    assert client.get(DOI, headers=grace).status_code == 200
    assert client.get(DOI).status_code == 200


def test_processes_share_the_limit(institution_of: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    database = institution_of().database
    monkeypatch.setattr("hubdoi.gateway.rates.now_in", lambda db: 59.0)
    both = [Rates(database, 100), Rates(database, 100)]
    passed = 0
    for number in range(300):
        try:
            both[number % 2].check("ada")
            passed += 1
        except ServiceBusy as error:
            assert error.retry_after == 1.0
    assert passed == 100
    both[0].check("grace")
    monkeypatch.setattr("hubdoi.gateway.rates.now_in", lambda db: 61.0)
    Rates(database, 100).check("ada")


def test_a_crowd_at_once_has_what_the_limit_says(
    institution_of: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates, begun, go = Rates(institution_of().database, 40), Event(), Event()
    waits, take = Waits(monkeypatch, rates._refills), rates._take

    def held(*arguments: Any) -> Any:
        begun.set()
        assert go.wait(60)
        return take(*arguments)

    monkeypatch.setattr("hubdoi.gateway.rates.now_in", lambda db: 3.0)
    monkeypatch.setattr(rates, "_take", held)
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(rates.check, "ada")]
        assert begun.wait(60)
        asked += [pool.submit(rates.check, "ada") for _ in range(29)]
        waits.reach(29)
        go.set()
        assert [one.result() for one in asked] == [None] * 30


def test_at_sigterm_the_mint_in_hand_is_finished_and_logs_name_nobody(
    serve: Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]],
    plain_hub: Sandbox,
    postgres: Postgres,
    proxy_of: Callable[[Sandbox], LossyProxy],
    tmp_path: Path,
) -> None:
    variables = environment(plain_hub, postgres.new_database())
    institution = Institution(Settings.read(variables))
    entry = intend(institution, plain_hub.users["ada"])
    running: Queue[subprocess.Popen[str]] = Queue()

    def stop() -> None:
        """DataCite has published the DOI, and has not answered yet."""
        running.get(timeout=60).send_signal(signal.SIGTERM)

    proxy = proxy_of(plain_hub)
    proxy.set(Fault("late", method="PUT", path="/dois/", then=stop))
    api = plain_hub.datacite_url.replace(plain_hub.endpoint, proxy.endpoint)
    process, _ = serve({**variables, "HUBDOI_DATACITE_API": api})
    running.put(process)
    assert process.wait(60) == 0
    found = institution.ledger.entry(entry.id)
    assert found is not None
    assert found.step == "linked", (tmp_path / "log").read_text()
    institution.close()
    log = (tmp_path / "log").read_text()
    (told,) = [one for one in map(json.loads, log.splitlines()) if "doi" in one]
    assert (told["message"], told["doi"]) == ("registered", str(entry.version.doi))
    assert not re.search(r"Lovelace|ada|tiny|hf_", log.replace(str(entry.version.doi), ""))
