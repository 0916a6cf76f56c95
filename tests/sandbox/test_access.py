import base64
import re
import time
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.testclient import TestClient

from hubdoi.sandbox.access import (
    begin_session,
    check_csrf,
    csrf_token,
    end_session,
    is_datacite_account,
    person_of,
    require_person,
    require_support,
)
from hubdoi.sandbox.app import create_app

COOKIE = "hubdoi_session_80"


@pytest.fixture
def client(world):
    app: FastAPI = create_app(world, host="127.0.0.1", port=80)

    @app.get("/-/in")
    def sign_in(request: Request) -> Response:
        response = JSONResponse({})
        begin_session(request, response, "ada")
        return response

    @app.get("/-/out")
    def sign_out(request: Request) -> Response:
        response = JSONResponse({})
        end_session(request, response)
        return response

    @app.get("/-/who")
    def who(request: Request) -> dict:
        person = person_of(request)
        return {"who": person and person.username, "csrf": csrf_token(request)}

    @app.post("/-/form")
    def form(request: Request, token: str = "") -> dict:
        check_csrf(request, token)
        return {"who": require_person(request).username}

    @app.get("/-/support")
    def support(request: Request) -> dict:
        require_support(request)
        return {}

    @app.get("/-/datacite")
    def datacite(request: Request) -> dict:
        return {"is": is_datacite_account(request)}

    # Before the repositories' pages, which take every address that is left.
    routes = app.router.routes
    routes[:] = routes[-6:] + routes[:-6]
    return TestClient(app, base_url="http://127.0.0.1")


def test_a_session_in_a_browser(client):
    assert client.get("/-/who").json() == {"who": None, "csrf": ""}
    answer = client.get("/-/in")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/-/who").json()["who"] == "ada"
    client.get("/-/out")
    assert client.get("/-/who").json()["who"] is None


def test_a_forged_session(client):
    client.get("/-/in")
    known = client.cookies[COOKIE]
    # As a word: the random letters may have these three in a row.
    assert not re.search(r"\bada\b", known)
    for forged in (known[:-1], known + "x", known.swapcase(), "ada", "|||", "", "é"):
        client.cookies.clear()
        answer = client.get("/-/who", headers={"Cookie": f"{COOKIE}={forged}".encode()})
        assert answer.json()["who"] is None, forged


def test_a_session_ends(client, monkeypatch):
    client.get("/-/in")
    now = time.time()
    # The clock of the sessions alone.
    later = SimpleNamespace(time=lambda: now + 13 * 3600)
    monkeypatch.setattr("hubdoi.sandbox.sessions.time", later)
    assert client.get("/-/who").json()["who"] is None


def test_forms_carry_the_token_of_their_session(client):
    assert client.post("/-/form").status_code == 403
    client.get("/-/in")
    token = client.get("/-/who").json()["csrf"]
    assert client.post("/-/form", params={"token": token}).json() == {"who": "ada"}
    assert client.post("/-/form", params={"token": "x"}).status_code == 403
    assert client.post("/-/form").status_code == 403
    client.get("/-/in")
    assert client.post("/-/form", params={"token": token}).status_code == 403


def test_a_token_goes_before_a_session(client, world):
    client.get("/-/in")
    grace = {"Authorization": f"Bearer {world.credentials.users['grace']}"}
    assert client.get("/-/who", headers=grace).json()["who"] == "grace"
    assert client.get("/-/who", headers={"Authorization": "Bearer x"}).status_code == 401


def test_support(client, world):
    assert client.get("/-/support").status_code == 401
    for token, status in (
        (world.credentials.users["ada"], 403),
        (world.credentials.support_token, 200),
    ):
        answer = client.get("/-/support", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
        assert token not in answer.text


def test_the_datacite_account(client, world):
    account = world.credentials.datacite_repository

    def ask(text):
        encoded = base64.b64encode(text.encode()).decode()
        return client.get("/-/datacite", headers={"Authorization": f"Basic {encoded}"}).json()["is"]

    assert client.get("/-/datacite").json()["is"] is None
    assert ask(f"{account['username']}:{account['password']}") is True
    assert ask(f"{account['username']}:x") is False
    assert ask("no colon") is False
    answer = client.get("/-/datacite", headers={"Authorization": "Basic %%%"})
    assert answer.json()["is"] is False
