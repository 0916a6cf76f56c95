from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hubdoi.hub.doi_server import DoiRoute, doi_router
from hubdoi.hub.wire import error_answer
from hubdoi.records import MintRequest, Repo
from hubdoi.records.errors import HubdoiError, RepoNotFound


class Asked:
    """Keeps what it is asked, and in which thread; it knows no repository."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def check_may_mint(self, repo: Repo) -> None:
        raise RepoNotFound("none")

    def status(self, repo: Repo) -> None:
        self.calls.append((str(repo), threading.get_ident()))
        raise RepoNotFound("none")

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> None:
        self.calls.append((str(repo), threading.get_ident(), request.agree, key))
        raise RepoNotFound("none")


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def client(asked: Asked) -> TestClient:
    app = FastAPI()
    router = doi_router(lambda request: cast(Any, asked), cast(Any, None), "a token")

    @app.get("/loop")
    async def loop() -> int:
        return threading.get_ident()

    app.include_router(router)

    @app.exception_handler(HubdoiError)
    async def refused(request: Any, error: HubdoiError) -> Any:
        from fastapi.responses import JSONResponse

        status, headers, body = error_answer(error)
        return JSONResponse(body, status, headers)

    return TestClient(app)


def test_path_and_key_are_read(client: TestClient, asked: Asked) -> None:
    with client:
        key = {"Idempotency-Key": "once"}
        assert client.get("/api/models/ada/tiny-bert/doi").status_code == 404
        sent = {"agree": True}
        assert client.post("/api/datasets/ada/notes/doi", json=sent, headers=key).status_code == 404
        assert client.post("/api/models/ada/a%2Eb/doi", json={}).status_code == 404
        loop = client.get("/loop").json()
    (bert, read_in), (notes, minted_in, agree, given), (dotted, *_, no_key) = asked.calls
    assert (bert, notes, dotted) == ("ada/tiny-bert", "datasets/ada/notes", "ada/a.b")
    assert (agree, given, no_key) == (True, "once", None)
    assert loop not in (read_in, minted_in), "what asks a database holds up nobody else"


@pytest.mark.parametrize("path", ["/api/boats/ada/tiny-bert/doi", "/api/models/-/--/doi"])
def test_what_no_repository_can_be_is_not_found(
    client: TestClient, asked: Asked, path: str
) -> None:
    with client:
        for answer in (client.get(path), client.post(path, json={"agree": True})):
            assert (answer.status_code, answer.json()["code"]) == (404, "RepoNotFound")
    assert asked.calls == []


def test_what_is_read_without_fastapi_is_documented_by_it(client: TestClient) -> None:
    router = doi_router(cast(Any, None), cast(Any, None), "a token")
    assert all(isinstance(route, DoiRoute) for route in router.routes)
    described = cast(FastAPI, client.app).openapi()["paths"]["/api/{kind}/{namespace}/{name}/doi"]
    named = {given["name"]: given["in"] for given in described["post"]["parameters"]}
    path = dict.fromkeys(("kind", "namespace", "name"), "path")
    assert named == {**path, "idempotency-key": "header"}
    assert described["post"]["security"] and described["get"]["security"]
