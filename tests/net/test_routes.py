from __future__ import annotations

from typing import ClassVar

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from hubdoi.net.routes import PlainRoute, add_routes


@pytest.fixture(scope="module")
def client():
    narrow, wide = APIRouter(), APIRouter()

    @narrow.get("/api/models/{name}")
    def model(name: str) -> list[str]:
        return ["model", name]

    @narrow.post("/api/models/{name}")
    def change(name: str) -> list[str]:
        return ["change", name]

    @wide.get("/{owner}/v{version}")
    def version(owner: str, version: str) -> list[str]:
        return ["version", owner, version]

    @wide.api_route(
        "/{owner}/{name}/file/{path:path}", methods=["GET", "HEAD"], include_in_schema=False
    )
    def file(owner: str, name: str, path: str) -> list[str]:
        return ["file", owner, name, path]

    @wide.get("/{owner}/{name}/{rest:path}")
    def page(owner: str, name: str, rest: str) -> list[str]:
        return ["page", owner, name, rest]

    app = FastAPI()
    add_routes(app, [narrow, wide])
    return TestClient(app)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/models/a", ["model", "a"]),
        ("/api/models/file", ["model", "file"]),
        ("/api/models/file/x", ["file", "api", "models", "x"]),
        ("/api/models/x/file/x", ["page", "api", "models", "x/file/x"]),
        ("/models/api/x", ["page", "models", "api", "x"]),
        ("/ada/v2", ["version", "ada", "2"]),
        ("/ada/tiny/file/a/b", ["file", "ada", "tiny", "a/b"]),
        ("/ada/tiny/file/", ["file", "ada", "tiny", ""]),
        ("/ada/tiny/file", ["page", "ada", "tiny", "file"]),
        ("/ada/t%C3%AFny/file/x%2Fy", ["file", "ada", "tïny", "x/y"]),
        ("/ada/tiny/x//file", ["page", "ada", "tiny", "x//file"]),
    ],
)
def test_the_first_route_that_fits_answers(client, path, answer):
    assert client.get(path).json() == answer


def test_by_method(client):
    assert client.post("/api/models/a").json() == ["change", "a"]
    assert client.head("/ada/tiny/file/a").status_code == 200


def test_what_fits_no_route(client):
    assert client.delete("/api/models/a").status_code == 405
    assert client.get("/ada").status_code == 404
    assert client.get("/api/models/a/", follow_redirects=False).status_code != 500


def test_the_document_has_each_route_once(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert len(paths) == 3
    assert paths["/api/models/{name}"].keys() == {"get", "post"}


def test_a_plain_route_reads_what_it_can_and_fastapi_the_rest():
    class Told(PlainRoute):
        read: ClassVar = {"said": lambda request: request.headers.get("x-said")}

    router = APIRouter(route_class=Told)

    @router.get("/plain/{name}/{rest:path}")
    def plain(request: Request, name: str, rest: str, said: str) -> JSONResponse:
        return JSONResponse([request.url.path, name, rest, said])

    @router.get("/waits/{name}")
    async def waits(name: str) -> JSONResponse:
        return JSONResponse(name)

    @router.get("/number/{number}")
    def number(number: int, more: bool = False) -> JSONResponse:
        return JSONResponse([number, more])

    @router.get("/value/{name}")
    def value(name: str) -> list[str]:
        return [name]

    app = FastAPI()
    add_routes(app, [router])
    with TestClient(app) as client:
        answer = client.get("/plain/a%20b/c/d", headers={"X-Said": "hello"})
        assert answer.json() == ["/plain/a b/c/d", "a b", "c/d", "hello"]
        assert client.get("/waits/x").json() == "x"
        assert client.get("/number/7?more=1").json() == [7, True]
        assert client.get("/number/x").status_code == 422
        assert client.get("/value/x").json() == ["x"]
    assert [given["name"] for given in app.openapi()["paths"]["/waits/{name}"]["get"]["parameters"]] == ["name"]  # fmt: skip
