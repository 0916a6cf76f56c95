"""A session's cookie that got into other hands: what it opens, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from hubdoi.sandbox import Sandbox

MODEL = "/api/models/ada/tiny-bert"


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Ada's, signed in."""
    with httpx.Client(base_url=sandbox.endpoint, headers={"Accept": "text/html"}) as client:
        sign_in(client, sandbox)
        yield client


def sign_in(client: httpx.Client, sandbox: Sandbox) -> None:
    answer = client.post(f"{sandbox.endpoint}/login", data={"token": sandbox.users["ada"]})
    assert answer.status_code == 303


def signed_in(client: httpx.Client, endpoint: str = "") -> bool:
    return "Sign out" in client.get(f"{endpoint}/").text


def csrf_of(client: httpx.Client) -> str:
    return client.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]


def test_signing_out_ends_the_session_on_the_server(
    browser: httpx.Client, sandbox: Sandbox
) -> None:
    stolen = dict(browser.cookies)
    with httpx.Client(base_url=sandbox.endpoint, cookies=stolen) as thief:
        assert signed_in(thief)
        assert browser.post("/logout", data={"csrf": csrf_of(browser)}).status_code == 303
        assert not signed_in(thief) and not signed_in(browser)


def test_a_session_outlives_a_restart_but_not_its_end(
    browser: httpx.Client, sandbox: Sandbox
) -> None:
    kept = sandbox.world.database.path.read_bytes()
    assert next(iter(browser.cookies.values())).encode() not in kept
    sandbox.reset()
    assert not signed_in(browser)


def test_two_sandboxes_do_not_sign_each_other_out(browser: httpx.Client, sandbox: Sandbox) -> None:
    # Browsers keep one set of cookies for all ports of a host, and so does this client.
    with Sandbox(seed="empty") as other:
        answer = browser.post(f"{other.endpoint}/login", data={"token": "wrong"})
        assert answer.status_code == 401 and signed_in(browser)
        other.world.add_user("eve", "Eve")
        browser.post(f"{other.endpoint}/login", data={"token": other.users["eve"]})
        assert signed_in(browser, other.endpoint) and signed_in(browser)
        ports = {urlsplit(each.endpoint).port for each in (sandbox, other)}
        assert set(browser.cookies) == {f"hubdoi_session_{port}" for port in ports}
        names = list(browser.cookies)
        swapped = {names[0]: browser.cookies[names[1]], names[1]: browser.cookies[names[0]]}
        with httpx.Client(cookies=swapped) as thief:
            assert not signed_in(thief, sandbox.endpoint)
            assert not signed_in(thief, other.endpoint)


def test_the_api_takes_no_cookie(browser: httpx.Client) -> None:
    csrf = csrf_of(browser)
    assert browser.get("/api/whoami-v2").status_code == 401
    assert browser.get("/api/models/ada/private-draft").status_code in (401, 404)
    for method, path, body in (
        ("POST", "/api/repos/create", {"name": "made", "csrf": csrf}),
        ("PUT", f"{MODEL}/settings", {"private": True, "csrf": csrf}),
        ("POST", f"{MODEL}/doi", {"agree": True, "csrf": csrf}),
        ("DELETE", "/api/repos/delete", {"name": "tiny-bert", "csrf": csrf}),
        ("POST", "/login/ticket", {"csrf": csrf}),
    ):
        answer = browser.request(method, path, json=body, headers={"Accept": "application/json"})
        assert answer.status_code == 401, (path, answer.text)


def test_a_form_needs_the_token_of_its_own_session(browser: httpx.Client, sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.endpoint) as again:
        sign_in(again, sandbox)
        for csrf in ("", csrf_of(again), csrf_of(browser) + "0"):
            assert browser.post("/logout", data={"csrf": csrf}).status_code == 403
        assert signed_in(browser)
