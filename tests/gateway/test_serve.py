"""A gateway that is served: what a researcher meets, over HTTP, from several processes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.gateway.settings import Settings
from hubdoi.records.errors import PolicyRefused, SignInRequired, WriteAccessRequired
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment

REPO = "ada/tiny-bert"
DOI = "/api/models/ada/tiny-bert/doi"
Serve = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


def agreed(endpoint: str, token: str) -> dict[str, Any]:
    status = httpx.get(
        endpoint + DOI, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ).json()
    return {"agree": True, "terms": status["terms"]["digest"]}


def test_the_demo_says_where_it_is_and_ends_at_sigterm(serve: Serve) -> None:
    process, line = serve({}, "--demo")
    assert {"endpoint", "hub", "datacite", "users", "datacite_repository"} == line.keys()
    client = Client(line["endpoint"], line["users"]["ada"])
    version = client.mint(REPO, agree=client.terms(REPO))
    assert client.status(REPO).state == "current"
    assert client.resolve(str(version.doi)).revision == version.revision
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""


def test_a_researcher_works_with_it_as_with_a_hub(
    serve: Serve, plain_hub: Sandbox, empty_url: str
) -> None:
    _, line = serve(environment(plain_hub, empty_url))
    client = Client(line["endpoint"], plain_hub.users["ada"])
    assert line == {"endpoint": line["endpoint"]}
    # Without a DOI it is cited where it is: at the Hub.
    uncited = client.cite(REPO).text
    assert f"{plain_hub.endpoint}/{REPO}" in uncited
    assert line["endpoint"] not in uncited
    terms = client.terms(REPO)
    assert plain_hub.datacite_repository["username"] in terms.text
    first = client.mint(REPO, agree=terms, authors=["Lovelace, Ada <0000-0002-1825-0097>"])
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO)
    status = client.status(REPO)
    assert status.state == "behind"
    assert [change.path for change in client.changes(status).files] == ["x.txt"]
    second = client.regenerate(REPO, agree=client.terms(REPO))
    assert [v.doi for v in client.history(REPO)] == [second.doi, first.doi]
    assert second.previous == first.doi
    assert str(second.doi) in client.cite(REPO).text
    records = httpx.get(
        f"{plain_hub.datacite_url}/dois", params={"prefix": plain_hub.datacite_repository["prefix"]}
    ).json()["data"]
    assert {r["attributes"]["doi"] for r in records} == {str(first.doi), str(second.doi)}


def test_what_the_session_chooses_is_a_gateway(serve: Serve) -> None:
    _, line = serve({}, "--demo")
    context = Context()
    context.session.use(line["endpoint"], token=line["users"]["ada"])
    status: Any = run(["status", REPO], context)
    assert status.can_mint


def test_r02_who_may_not_is_told_why(serve: Serve, plain_hub: Sandbox, tmp_path: Path) -> None:
    variables = environment(plain_hub, f"sqlite:///{tmp_path / 'g.db'}")
    _, line = serve({**variables, "HUBDOI_GATEWAY_OWNERS": "analytical-engine"})
    ada = Client(line["endpoint"], plain_hub.users["ada"])
    status = ada.status(REPO)
    assert (status.can_mint, status.obstacle_code) == (False, "PolicyRefused")
    with pytest.raises(PolicyRefused, match="analytical-engine"):
        ada.mint(REPO, agree=status.terms)
    grace = Client(line["endpoint"], plain_hub.users["grace"])
    with pytest.raises(WriteAccessRequired):
        grace.mint(REPO, agree=grace.terms(REPO))
    nobody = Client(line["endpoint"], token=False)
    with pytest.raises(SignInRequired):
        nobody.mint(REPO, agree=nobody.terms(REPO))
    answer = httpx.post(line["endpoint"] + DOI, headers={"Authorization": "Bearer hf_wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "SignInRequired")
    assert httpx.post(line["endpoint"] + DOI, content=b"x" * 2_000_000).status_code == 413
    assert "hf_wrong" not in (tmp_path / "log").read_text()


def test_r08_two_processes_and_many_requests_end_in_one_doi(
    serve: Serve, plain_hub: Sandbox, postgres: Postgres
) -> None:
    variables = environment(plain_hub, postgres.new_database())
    endpoints = [serve(variables)[1]["endpoint"] for _ in range(2)]
    token = plain_hub.users["ada"]
    body = agreed(endpoints[0], token)

    def mint(number: int) -> httpx.Response:
        return httpx.post(
            endpoints[number % 2] + DOI,
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            timeout=120,
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(mint, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    dois = {answer.json()["doi"] for answer in answers}
    assert len(dois) == 1
    status = httpx.get(endpoints[1] + DOI).json()
    assert [version["doi"] for version in status["versions"]] == list(dois)


def test_r12_the_same_key_has_the_same_answer_from_every_process(
    serve: Serve, plain_hub: Sandbox, postgres: Postgres
) -> None:
    variables = environment(plain_hub, postgres.new_database())
    token = plain_hub.users["ada"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    answers = []
    for _ in range(2):
        endpoint = serve(variables)[1]["endpoint"]
        body = agreed(endpoint, token)
        answers.append(httpx.post(endpoint + DOI, headers=headers, json=body, timeout=60))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["doi"] == answers[1].json()["doi"]
    other = httpx.post(
        endpoint + DOI, headers=headers, json={**body, "title": "Another"}, timeout=60
    )
    assert other.json()["code"] == "IdempotencyConflict"


def test_it_refuses_to_start_with_a_sentence(plain_hub: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="HUBDOI_GATEWAY_OWNERS"):
        from hubdoi.gateway.institution import Institution

        Institution(Settings.read({"HUBDOI_GATEWAY_DATABASE": f"sqlite:///{tmp_path / 'x.db'}"}))
