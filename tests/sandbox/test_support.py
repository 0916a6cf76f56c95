"""Requests to support."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hubdoi.records import Doi, Repo
from hubdoi.sandbox import Sandbox

Ask = Callable[..., httpx.Response]

DOI = "/api/models/ada/tiny-bert/doi"
REQUESTS = f"{DOI}/requests"


@pytest.fixture
def granted(demo: Sandbox) -> Ask:
    """Grant a request: ``granted(1)``."""

    def grant(number: object) -> httpx.Response:
        return httpx.post(
            f"{demo.endpoint}/api/support/requests/{number}/grant",
            headers={"Authorization": f"Bearer {demo.support_token}"},
        )

    return grant


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == answer.headers["X-Error-Code"] == code
    return str(answer.json()["error"])


def test_r10_a_request_is_recorded_and_listed(
    http: Ask, demo: Sandbox, mint: Callable[..., str]
) -> None:
    mint(demo, "models/ada/tiny-bert")
    answer = http("POST", REQUESTS, json={"action": "delete", "reason": "  It leaks <b>data</b>. "})
    assert answer.status_code == 202
    request = answer.json()
    assert request.pop("asked").startswith("2026-11-23T")
    assert request == {
        "number": 1,
        "repo": {"type": "model", "id": "ada/tiny-bert"},
        "action": "delete",
        "reason": "It leaks <b>data</b>.",
        "to": None,
        "by": "ada",
        "granted": None,
        "state": "open",
    }
    listed = httpx.get(
        f"{demo.endpoint}/api/support/requests",
        headers={"Authorization": f"Bearer {demo.support_token}"},
    )
    assert listed.json() == {"requests": [answer.json()]}
    assert demo.hf_api().repo_exists("ada/tiny-bert")


def test_r10_an_open_request_is_not_recorded_twice(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., str]
) -> None:
    mint(demo, "models/ada/tiny-bert")
    ask = {"action": "move", "reason": "x", "to": "ada/new-name"}
    numbers = [http("POST", REQUESTS, json=ask).json()["number"] for _ in range(2)]
    other = http("POST", REQUESTS, json={**ask, "to": "ada/another"}).json()["number"]
    assert [*numbers, other] == [1, 1, 2]
    granted(1)
    moved = "/api/models/ada/new-name/doi/requests"
    # What was granted is done: asked again, it is a new request.
    assert http("POST", moved, json=ask).json()["number"] == 3


def test_r10_granting_does_it_once(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., str]
) -> None:
    mint(demo, "models/ada/tiny-bert")
    http("POST", REQUESTS, json={"action": "move", "reason": "x", "to": "ada/new-name"})
    done = granted(1)
    assert done.status_code == 200
    assert done.json()["state"] == "granted"
    assert done.json()["granted"] is not None
    assert demo.hf_api().model_info("ada/new-name").id == "ada/new-name"
    assert "granted already" in refused(granted(1), 409, "SandboxError")
    assert "no request number 7" in refused(granted(7), 404, "SandboxError")


def test_r10_a_request_that_cannot_be_carried_out_stays_open(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., str]
) -> None:
    mint(demo, "models/ada/tiny-bert")
    demo.hf_api().create_repo("ada/taken")
    http("POST", REQUESTS, json={"action": "move", "reason": "x", "to": "ada/taken"})
    refused(granted(1), 409, "SandboxError")
    assert demo.world.support.requests()[0].granted is None
    demo.hf_api().delete_repo("ada/taken")
    assert granted(1).status_code == 200


def test_r10_a_request_is_void_after_a_change_of_hands(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., str]
) -> None:
    mint(demo, "models/ada/tiny-bert")
    for action, more in (("delete", {}), ("move", {"to": "grace/tiny-bert"}), ("private", {})):
        http("POST", REQUESTS, json={"action": action, "reason": "x", **more})
    assert granted(2).status_code == 200
    for number in (1, 3):
        assert "changed hands" in refused(granted(number), 409, "SandboxError")
    repo = demo.world.store.info(Repo("model", "grace/tiny-bert"), None)
    assert not repo.private
    assert demo.world.support.requests_for(repo.uid) == ()


def test_r10_what_was_deleted_is_not_deleted_again(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., str]
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    http("POST", REQUESTS, json={"action": "delete", "reason": "the first"})
    http("POST", REQUESTS, json={"action": "delete", "reason": "the second"})
    http("POST", REQUESTS, json={"action": "move", "reason": "x", "to": "ada/again"})
    assert granted(2).status_code == 200
    stone = demo.world.ledger.tombstone(Doi(doi))
    for number in (1, 3):
        assert "was deleted" in refused(granted(number), 409, "SandboxError")
    assert demo.world.ledger.tombstone(Doi(doi)) == stone
    assert stone is not None
    assert stone.reason == "the second"


def test_r02_only_who_can_write_asks(http: Ask) -> None:
    body = {"action": "delete", "reason": "x"}
    refused(http("POST", REQUESTS, user=None, json=body), 401, "SignInRequired")
    refused(http("POST", REQUESTS, user="grace", json=body), 403, "WriteAccessRequired")
    refused(http("POST", REQUESTS, user="grace", content=b"{"), 403, "WriteAccessRequired")
    for path in ("/api/models/grace/secret-model", "/api/models/ada/none"):
        refused(http("POST", f"{path}/doi/requests", json=body), 404, "RepoNotFound")


@pytest.mark.parametrize("way", ["none", "user", "wrong"])
def test_only_support_lists_and_grants(http: Ask, demo: Sandbox, way: str) -> None:
    http("POST", REQUESTS, json={"action": "delete", "reason": "x"})
    token = {"none": "", "user": demo.users["ada"], "wrong": "hfs_wrong"}[way]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, code = (403, "WriteAccessRequired") if token else (401, "SignInRequired")
    for method, path in (("GET", ""), ("POST", "/1/grant")):
        answer = httpx.request(
            method, f"{demo.endpoint}/api/support/requests{path}", headers=headers
        )
        refused(answer, status, code)
        assert demo.support_token not in answer.text
    assert demo.world.support.requests()[0].granted is None


def test_a_request_that_cannot_be_read_is_refused(http: Ask, demo: Sandbox) -> None:
    good = {"action": "move", "reason": "x", "to": "ada/new"}
    for change, code in (
        ({"action": "explode"}, "InvalidMetadata"),
        ({"action": ["delete"]}, "InvalidMetadata"),
        ({"action": None}, "InvalidMetadata"),
        ({"reason": ""}, "InvalidMetadata"),
        ({"reason": " \n "}, "InvalidMetadata"),
        ({"reason": 5}, "InvalidMetadata"),
        ({"reason": "x" * 100_000}, "InvalidMetadata"),
        ({"reason": "\ud800"}, "InvalidMetadata"),
        ({"reason": "a\x00\x1b[2J"}, "InvalidMetadata"),
        ({"to": None}, "InvalidMetadata"),
        ({"to": 5}, "InvalidMetadata"),
        ({"to": "no-owner"}, "InvalidMetadata"),
        ({"to": "nobody/here"}, "InvalidMetadata"),
        ({"to": "a/b/c"}, "InvalidRepo"),
        ({"to": "ada/<script>"}, "InvalidRepo"),
        ({"to": "datasets/ada/new"}, "InvalidRepo"),
        ({"surprise": True}, "InvalidMetadata"),
    ):
        content = json.dumps({**good, **change})
        refused(http("POST", REQUESTS, content=content), 422, code)
    assert demo.world.support.requests() == ()


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30])
def test_a_number_that_cannot_be_one_is_refused(granted: Ask, number: str) -> None:
    assert 400 <= granted(number).status_code < 500


def test_requests_for_one_repository(http: Ask, demo: Sandbox) -> None:
    http("POST", REQUESTS, json={"action": "delete", "reason": "x"})
    notes = "/api/datasets/ada/notes/doi/requests"
    moved = http("POST", notes, json={"action": "move", "reason": "x", "to": "datasets/ada/n2"})
    assert moved.json()["to"] == "ada/n2"
    uid = demo.world.store.info(Repo("dataset", "ada/notes"), None).uid
    assert [request.number for request in demo.world.support.requests_for(uid)] == [2]


def test_a_terminal_and_a_page_get_the_reason_as_text(
    http: Ask, demo: Sandbox, granted: Ask, mint: Callable[..., Any]
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    reason = "<script>alert(1)</script> {{ 7 * 7 }} \u202e"
    http("POST", REQUESTS, json={"action": "delete", "reason": reason})
    granted(1)
    page = httpx.get(f"{demo.endpoint}/doi/{doi}", headers={"Accept": "text/html"})
    assert page.status_code == 410
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "49" not in page.text.split("&lt;script&gt;")[1][:60]
