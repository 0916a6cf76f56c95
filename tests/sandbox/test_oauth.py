"""Signing in with the sandbox: a standard OpenID Connect client, `hf auth login`, and hostile ones."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from joserfc import jwt
from joserfc.jwk import KeySet

from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.world import World
from tests.sandbox.plain_browser import Browser, Page, values

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data = tmp_path_factory.mktemp("hub")
    with World(data) as world:
        world.add_user("loginov", "Login Ov")
    with Sandbox(data) as running:
        yield running


@pytest.fixture(scope="module")
def discovered(hub: Sandbox) -> dict[str, Any]:
    answer = httpx.get(f"{hub.endpoint}/.well-known/openid-configuration")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def registered(hub: Sandbox, *, public: bool = False, uri: str = CALLBACK) -> dict[str, Any]:
    body = {
        "client_name": "A <b>notebook</b>",
        "redirect_uris": [uri],
        "token_endpoint_auth_method": "none" if public else "client_secret_basic",
    }
    answer = httpx.post(f"{hub.endpoint}/oauth/register", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def answer_consent(browser: Browser, url: str, do: str = "allow") -> dict[str, str]:
    """Open the consent page, press a button, and read what the application would get."""
    page = browser.open(url.removeprefix(browser.sandbox.endpoint))
    form = page.form("/oauth/authorize")
    answer = browser.client.post(form["action"], data={**dict(values(form)), "do": do})
    assert answer.status_code == 303, answer.text
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()
    }


def test_a_standard_client_signs_in(hub: Sandbox, discovered: dict[str, Any]) -> None:
    app = registered(hub)
    with OAuth2Client(
        app["client_id"],
        app["client_secret"],
        scope="openid profile email read-memberships",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as client:
        url, state = client.create_authorization_url(
            discovered["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1"
        )
        answer = answer_consent(Browser(hub).sign_in("ada"), url)
        assert (answer["state"], answer["iss"]) == (state, hub.endpoint)
        token = client.fetch_token(
            discovered["token_endpoint"], code=answer["code"], code_verifier=VERIFIER
        )
        keys = KeySet.import_key_set(httpx.get(discovered["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": hub.endpoint},
            aud={"essential": True, "value": app["client_id"]},
            nonce={"essential": True, "value": "n-1"},
        ).validate(claims)
        info = client.get(discovered["userinfo_endpoint"]).json()
        assert info["sub"] == claims["sub"]
        assert (info["preferred_username"], info["name"]) == ("ada", "Ada Lovelace")
        assert [org["preferred_username"] for org in info["orgs"]] == ["analytical-engine"]
        fresh = client.refresh_token(discovered["token_endpoint"], token["refresh_token"])
        assert fresh["access_token"] != token["access_token"]
        assert client.get(discovered["userinfo_endpoint"]).status_code == 200


def public_token(
    hub: Sandbox, scope: str, user: str = "ada"
) -> tuple[dict[str, Any], dict[str, Any]]:
    app = registered(hub, public=True)
    query = {
        "client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code",
        "scope": scope, "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    url = str(httpx.URL(f"{hub.endpoint}/oauth/authorize", params=query))
    code = answer_consent(Browser(hub).sign_in(user), url)["code"]
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
        "client_id": app["client_id"], "code_verifier": VERIFIER,
    }  # fmt: skip
    answer = httpx.post(f"{hub.endpoint}/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return form, found


def test_a_token_does_what_its_scopes_allow_and_no_more(hub: Sandbox) -> None:
    def api(scope: str, user: str = "grace") -> HfApi:
        return HfApi(hub.endpoint, public_token(hub, scope, user)[1]["access_token"])

    who = api("openid profile")
    assert who.whoami()["name"] == "grace"
    assert who.whoami()["orgs"] == []
    assert who.model_info("ada/tiny-bert").id == "ada/tiny-bert"
    with pytest.raises(RepositoryNotFoundError):
        who.model_info("grace/secret-model")
    reader = api("openid read-repos read-memberships")
    assert reader.model_info("grace/secret-model").private
    assert reader.whoami()["orgs"][0]["name"] == "analytical-engine"
    writer = api("write-repos")
    writer.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="grace/secret-model")
    for refused, missing in (
        (lambda: reader.upload_file(path_or_fileobj=b"x", path_in_repo="y", repo_id="grace/secret-model"), "write-repos"),
        (lambda: writer.create_repo("grace/new"), "manage-repos"),
        (lambda: reader.list_webhooks(), "manage-repos"),
        (lambda: who.create_discussion("ada/tiny-bert", title="a title"), "write-discussions"),
    ):  # fmt: skip
        with pytest.raises(HfHubHTTPError, match=missing) as caught:
            refused()
        assert caught.value.response.status_code == 403
    api("manage-repos").create_repo("grace/new")
    terms = httpx.get(f"{hub.endpoint}/api/models/ada/tiny-bert/doi").json()["terms"]["digest"]
    answer = httpx.post(
        f"{hub.endpoint}/api/models/ada/tiny-bert/doi",
        json={"agree": True, "terms": terms},
        headers={"Authorization": f"Bearer {public_token(hub, 'write-repos')[1]['access_token']}"},
    )
    assert answer.status_code == 403


def test_names_do_not_change_which_scope_is_needed(hub: Sandbox) -> None:
    def allowed(scope: str, method: str, path: str, **more: Any) -> bool:
        token = public_token(hub, scope, "grace")[1]["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(method, hub.endpoint + path, headers=headers, **more)
        assert answer.is_success or answer.json()["code"] == "InsufficientScope", answer.text
        return answer.is_success

    grace = hub.hf_api("grace")
    for name in ("validate-yaml", "discussions", "settings", "doi"):
        grace.create_repo(f"grace/{name}", exist_ok=True)
    head = json.dumps({"key": "header", "value": {"summary": "x"}})
    line = json.dumps({"key": "file", "value": {"path": "a.txt", "content": "x"}})
    commit = {"content": f"{head}\n{line}"}
    repo = "/api/models/grace/secret-model"
    for scope, method, path, more in (
        ("read-repos", "POST", "/api/models/grace/validate-yaml/commit/main", commit),
        ("read-repos", "POST", f"{repo}/branch/paths-info/x", {"json": {}}),
        ("read-repos", "DELETE", f"{repo}/branch/a/validate-yaml", {}),
        ("read-repos write-discussions", "POST", "/api/models/grace/discussions/commit/main", commit),
        ("read-repos write-discussions", "POST", f"{repo}/branch/discussions", {"json": {}}),
    ):  # fmt: skip
        assert not allowed(scope, method, path, **more), path
    for path, sent in (
        ("settings/commit/main", commit),
        ("doi/branch/doi", {"json": {}}),
        ("validate-yaml/tag/main", {"json": {"tag": "t"}}),
    ):
        assert allowed("write-repos", "POST", f"/api/models/grace/{path}", **sent), path
    hub.hf_api("loginov").create_repo("loginov/model")
    assert allowed("openid", "GET", "/loginov/model/resolve/main/.gitattributes")


def test_what_writes_or_makes_repositories_by_another_way(hub: Sandbox) -> None:
    def api(scope: str) -> HfApi:
        return HfApi(hub.endpoint, public_token(hub, scope, "grace")[1]["access_token"])

    repo = "grace/secret-model"
    pull = hub.hf_api("grace").upload_file(
        path_or_fileobj=b"x", path_in_repo="p.txt", repo_id=repo, create_pr=True
    )
    for refused, missing in (
        (lambda: api("read-repos write-discussions").merge_pull_request(repo, pull.pr_num), "write-repos"),
        (lambda: api("write-repos").duplicate_repo(repo, "grace/too"), "manage-repos"),
    ):  # fmt: skip
        with pytest.raises(HfHubHTTPError, match=missing):
            refused()
    # To copy a large file takes what to upload it does.
    copied = {"target": {"type": "model", "name": repo}, "files": []}
    for scope, status in (("read-repos", 403), ("write-repos", 200)):
        headers = {"Authorization": f"Bearer {api(scope).token}"}
        url = f"{hub.endpoint}/api/models/{repo}/lfs-files/duplicate"
        assert httpx.post(url, json=copied, headers=headers).status_code == status
    # With the storage's token, a large file could be sent.
    headers = {"Authorization": f"Bearer {api('read-repos').token}"}
    answer = httpx.get(f"{hub.endpoint}/api/models/{repo}/xet-write-token/main", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "InsufficientScope")
    api("write-repos write-discussions").merge_pull_request(repo, pull.pr_num)


def test_a_code_that_comes_twice_revokes_its_tokens(hub: Sandbox) -> None:
    form, token = public_token(hub, "openid")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 200
    answer = httpx.post(f"{hub.endpoint}/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 401


def test_access_that_is_revoked(hub: Sandbox) -> None:
    page = "/settings/connected-applications"
    form, token = public_token(hub, "openid read-repos", "grace")
    other, kept = public_token(hub, "openid", "grace")
    _, adas = public_token(hub, "openid", "ada")

    def knows(token: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code

    anonymous = Browser(hub)
    assert "Connected" not in anonymous.open(page).text
    browser = Browser(hub).sign_in("grace")
    assert "/settings/connected-applications" in browser.open("/grace").links()
    assert "/settings/connected-applications" not in browser.open("/ada").links()
    shown = browser.open(page)
    assert "A &lt;b&gt;notebook" in shown.answer.text
    assert "read your private repositories" in shown.text
    mine = next(
        each for each in shown.forms if dict(values(each)).get("client_id") == form["client_id"]
    )
    # Neither another site nor the application itself presses the button.
    assert browser.client.post(page, data={"client_id": form["client_id"]}).status_code == 403
    bearer = {"Authorization": f"Bearer {kept['access_token']}"}
    answer = httpx.post(hub.endpoint + page, headers=bearer, data={"client_id": "x"})
    assert answer.status_code in (401, 403)
    assert knows(token) == 200
    browser.send(mine, {})
    assert [knows(each) for each in (token, kept, adas)] == [401, 200, 200]
    again = {
        "grant_type": "refresh_token", "refresh_token": token["refresh_token"],
        "client_id": form["client_id"],
    }  # fmt: skip
    answer = httpx.post(f"{hub.endpoint}/oauth/token", data=again)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert form["client_id"] not in browser.open(page).answer.text
    assert other["client_id"] in browser.open(page).answer.text


def test_a_refresh_token_that_comes_twice_revokes_its_family(hub: Sandbox) -> None:
    form, token = public_token(hub, "openid")
    again = {
        "grant_type": "refresh_token", "refresh_token": token["refresh_token"],
        "client_id": form["client_id"],
    }  # fmt: skip
    fresh = httpx.post(f"{hub.endpoint}/oauth/token", data=again).json()
    assert httpx.post(f"{hub.endpoint}/oauth/token", data=again).status_code == 400
    headers = {"Authorization": f"Bearer {fresh['access_token']}"}
    assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 401


def test_a_refresh_asks_for_less_and_never_for_more(hub: Sandbox) -> None:
    form, token = public_token(hub, "openid read-repos")
    again = {"grant_type": "refresh_token", "client_id": form["client_id"]}

    def refreshed(token: dict[str, Any], scope: str) -> httpx.Response:
        sent = {**again, "refresh_token": token["refresh_token"], "scope": scope}
        return httpx.post(f"{hub.endpoint}/oauth/token", data=sent)

    answer = refreshed(token, "openid manage-repos")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    # Nothing was used up, and what is asked for less keeps its way back.
    less = refreshed(token, "openid").json()
    assert less["scope"] == "openid"
    api = HfApi(hub.endpoint, less["access_token"])
    with pytest.raises(RepositoryNotFoundError):
        HfApi(hub.endpoint, less["access_token"]).model_info("grace/secret-model")
    assert api.whoami()["auth"]["scopes"] == ["openid"]
    assert refreshed(less, "").json()["scope"] == "openid read-repos"


def test_a_code_with_the_wrong_verifier_or_redirect_gives_nothing(hub: Sandbox) -> None:
    form, _ = public_token(hub, "openid")
    for change in ({"code_verifier": "w" * 64}, {"redirect_uri": CALLBACK + "x"}, {"code": "x"}):
        answer = httpx.post(f"{hub.endpoint}/oauth/token", data={**form, **change})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    for change, status, error in (
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        answer = httpx.post(f"{hub.endpoint}/oauth/token", data={**form, **change})
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_proof_key_is_enough_for_an_application_without_a_secret(hub: Sandbox) -> None:
    # `oauthHandleRedirect` of the JavaScript client names no application when it redeems a code.
    def code_of(app: dict[str, Any], **more: str) -> dict[str, str]:
        query = {
            "client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code", **more,
        }  # fmt: skip
        url = str(httpx.URL(f"{hub.endpoint}/oauth/authorize", params=query))
        code = answer_consent(Browser(hub).sign_in("ada"), url)["code"]
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}

    def redeem(form: dict[str, str], **more: str) -> tuple[int, str | None]:
        answer = httpx.post(f"{hub.endpoint}/oauth/token", data={**form, **more})
        return answer.status_code, answer.json().get("error")

    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = code_of(registered(hub, public=True), **proof)
    assert redeem(form) == (400, "invalid_grant")
    assert redeem(form, code_verifier="w" * 64) == (400, "invalid_grant")
    assert redeem(form, code_verifier=VERIFIER) == (200, None)
    assert redeem(form, code_verifier=VERIFIER) == (400, "invalid_grant")
    secret = registered(hub)
    assert redeem(code_of(secret, **proof), code_verifier=VERIFIER) == (401, "invalid_client")
    assert redeem(code_of(secret)) == (401, "invalid_client")
    assert redeem({**form, "code": "x"}, code_verifier=VERIFIER) == (401, "invalid_client")
    assert redeem({"grant_type": "refresh_token"}) == (401, "invalid_client")


def test_what_one_application_got_is_of_no_use_to_another(hub: Sandbox) -> None:
    other = registered(hub, public=True)["client_id"]
    token_url = f"{hub.endpoint}/oauth/token"
    form, token = public_token(hub, "openid")
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    device = httpx.post(
        f"{hub.endpoint}/oauth/device", data={"client_id": form["client_id"], "scope": "openid"}
    ).json()
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": device["device_code"],
    }
    for sent, error in (
        (form, "invalid_grant"),
        (refresh, "invalid_grant"),
        (poll, "expired_token"),
        ({**refresh, "refresh_token": token["access_token"]}, "invalid_grant"),
    ):
        answer = httpx.post(token_url, data={**sent, "client_id": other})
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    # None of that took anything from the application whose they are.
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 200
    own = {**refresh, "client_id": form["client_id"]}
    assert httpx.post(token_url, data=own).status_code == 200
    for wrong in (token["refresh_token"], token["id_token"]):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 401


def test_a_request_whose_challenge_was_taken_out_gives_nothing(hub: Sandbox) -> None:
    # The application used PKCE; who sent its person to the page did not, and injects their code.
    app = registered(hub)
    query = {"client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code"}
    url = str(httpx.URL(f"{hub.endpoint}/oauth/authorize", params=query))
    code = answer_consent(Browser(hub).sign_in("ada"), url)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = httpx.post(
        f"{hub.endpoint}/oauth/token",
        data={**form, "code_verifier": VERIFIER},
        auth=(app["client_id"], app["client_secret"]),
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_an_application_with_a_secret_must_know_it(hub: Sandbox) -> None:
    app = registered(hub)
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": app["client_id"]}
    for secret in ("", "wrong"):
        answer = httpx.post(f"{hub.endpoint}/oauth/token", data={**form, "client_secret": secret})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = httpx.post(
        f"{hub.endpoint}/oauth/token", data={**form, "client_secret": app["client_secret"]}
    )
    assert answer.json()["error"] == "invalid_grant"


def test_nobody_is_sent_to_an_unknown_redirect(hub: Sandbox) -> None:
    app = registered(hub, public=True)
    browser = Browser(hub).sign_in("ada")
    query = {"response_type": "code", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    for wrong in (
        {"client_id": "nobody", "redirect_uri": CALLBACK},
        {"client_id": app["client_id"], "redirect_uri": "https://evil.example/"},
        {"client_id": app["client_id"], "redirect_uri": "http://127.0.0.1:9@evil.example/callback"},
        {"client_id": app["client_id"], "redirect_uri": "http://localhost:9/callback"},
        *(
            {"client_id": app["client_id"], "redirect_uri": uri}
            for uri in (
                CALLBACK + "#",
                CALLBACK + "#?",
                CALLBACK + "/",
                CALLBACK + "?x=1",
                CALLBACK + ";x",
                CALLBACK + "/../callback",
                CALLBACK.replace("/callback", "//callback"),
                CALLBACK.replace("call", "call\t"),
                CALLBACK + "\n",
                " " + CALLBACK,
                CALLBACK.replace("http", "https"),
                "http://127.0.0.1:9\\callback",
                "http://127.0.0.1.evil.example:9/callback",
                "http://127.0.0.1:9.evil.example/callback",
                "http://127.0.0.1:99999/callback",
                "http://127.0.0.1:0/callback",
                "http://127.0.0.2:9/callback",
                "http://[::1]:9/callback",
                "//127.0.0.1:9/callback",
            )
        ),
    ):
        path = httpx.URL("/oauth/authorize", params={**query, **wrong})
        assert browser.client.get(str(path)).status_code == 400
    # The port of a loopback address is free: whoever listens took one that was.
    path = httpx.URL(
        "/oauth/authorize",
        params={
            **query,
            "client_id": app["client_id"],
            "redirect_uri": "http://127.0.0.1:4711/callback",
        },
    )
    assert browser.client.get(str(path)).status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "é"}, "invalid_request"),
        ({"prompt": "none"}, "consent_required"),
    ],
)
def test_other_errors_go_back_to_the_application(
    hub: Sandbox, change: dict[str, str], error: str
) -> None:
    app = registered(hub, public=True)
    query = {
        "client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": "s", **change,
    }  # fmt: skip
    answer = Browser(hub).sign_in("ada").client.get("/oauth/authorize", params=query)
    assert answer.status_code == 303
    sent = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith(CALLBACK)
    assert (sent["error"], sent["state"]) == ([error], ["s"])


def test_a_person_can_say_no_and_an_application_cannot_say_yes(hub: Sandbox) -> None:
    app = registered(hub, public=True)
    query = {
        "client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    url = str(httpx.URL(f"{hub.endpoint}/oauth/authorize", params=query))
    answer = answer_consent(Browser(hub).sign_in("ada"), url, do="deny")
    assert answer["error"] == "access_denied"
    token = public_token(hub, "manage-repos")[1]["access_token"]
    sent = httpx.post(
        f"{hub.endpoint}/oauth/authorize",
        data={**query, "scope": "manage-repos", "do": "allow"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status_code == 401
    # Nor can it turn its token into a session, which could do everything.
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.post(f"{hub.endpoint}/login/ticket", headers=headers).status_code == 403


def test_the_consent_page_shows_names_as_text(hub: Sandbox) -> None:
    app = registered(hub, public=True)
    query = {
        "client_id": app["client_id"], "redirect_uri": CALLBACK, "response_type": "code",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": '"><script>',
    }  # fmt: skip
    page = Browser(hub).sign_in("ada").open(str(httpx.URL("/oauth/authorize", params=query)))
    assert "A <b>notebook</b>" in page.text
    assert "<script>" not in page.answer.text
    assert (
        "form-action 'self' http://127.0.0.1:9;" in page.answer.headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "http://evil.example/",
        "https://",
        "https://x/#f",
        "https://x/ y",
        "https://good.example@evil.example/",
        "https://evil.example\\@good.example/",
        "https://x;script-src/",
        "https://x,default-src/",
        "https://*/",
        "https://x:99999/",
    ],
)
def test_redirects_that_cannot_be(hub: Sandbox, uri: str) -> None:
    answer = httpx.post(f"{hub.endpoint}/oauth/register", json={"redirect_uris": [uri]})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_name": 5}, 400),
        ({"client_name": " "}, 400),
        ({"client_name": "x" * 201}, 400),
        ({"client_name": "a\ud800"}, 201),
        ({"redirect_uris": ["https://x/\ud800"]}, 400),
        ({"redirect_uris": [None]}, 400),
        ({"redirect_uris": ["https://x/"] * 21}, 400),
        ({"token_endpoint_auth_method": {}}, 400),
        ([], 400),
    ],
)
def test_registrations_that_are_hard_to_keep(hub: Sandbox, body: Any, status: int) -> None:
    answer = httpx.post(
        f"{hub.endpoint}/oauth/register",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, "error" in answer.json()) == (status, status != 201), answer.text


def test_hf_auth_login_signs_a_device_in(hub: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils._oauth_device import poll_device_token, request_device_code

    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    browser = Browser(hub).sign_in("ada")
    device = request_device_code()

    def person() -> None:
        page = browser.open(device["verification_uri_complete"].removeprefix(hub.endpoint))
        assert device["user_code"] in page.text
        browser.send(page.form("/device"), {"do": "allow"})

    thread = threading.Thread(target=person)
    token = poll_device_token(device, on_pending=lambda: thread.ident or thread.start())
    thread.join()
    assert HfApi(hub.endpoint, token["access_token"]).whoami()["name"] == "ada"
    HfApi(hub.endpoint, token["access_token"]).create_repo("ada/from-a-device")


def test_a_device_that_is_denied_unknown_or_impatient(
    hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second question comes too early on however slow a machine.
    monkeypatch.setattr("hubdoi.sandbox.oauth.POLL_SECONDS", 3600)
    app = registered(hub, public=True)
    device = httpx.post(
        f"{hub.endpoint}/oauth/device", data={"client_id": app["client_id"], "scope": "openid"}
    ).json()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": device["device_code"], "client_id": app["client_id"],
    }  # fmt: skip

    def poll() -> str:
        return str(httpx.post(f"{hub.endpoint}/oauth/token", data=form).json()["error"])

    assert poll() == "authorization_pending"
    assert poll() == "slow_down"
    browser = Browser(hub).sign_in("ada")
    page: Page = browser.open(f"/device?user_code={device['user_code'].lower()}")
    browser.send(page.form("/device"), {"do": "deny"})
    assert poll() == "access_denied"
    assert poll() == "expired_token"
    assert "No device is waiting" in browser.open(f"/device?user_code={device['user_code']}").text


def test_tokens_outlive_a_restart(tmp_path: Any) -> None:
    with Sandbox(tmp_path / "data") as hub:
        token = public_token(hub, "openid")[1]["access_token"]
        keys = httpx.get(f"{hub.endpoint}/oauth/jwks").json()
        assert (tmp_path / "data" / "oauth-key.pem").stat().st_mode & 0o777 == 0o600
    with Sandbox(tmp_path / "data") as hub:
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{hub.endpoint}/oauth/userinfo", headers=headers).status_code == 200
        assert httpx.get(f"{hub.endpoint}/oauth/jwks").json() == keys
    stored = (tmp_path / "data" / "sandbox.db").read_bytes()
    assert token.encode() not in stored


APP = "http://localhost:5173"
ALLOWED = "access-control-allow-origin"


def preflight(hub: Sandbox, path: str, method: str) -> httpx.Response:
    headers = {
        "Origin": APP,
        "Sec-Fetch-Site": "same-site",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    return httpx.options(hub.endpoint + path, headers=headers)


def test_an_application_in_a_browser_at_another_origin_signs_in(hub: Sandbox) -> None:
    page = {"Origin": APP, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
    found = httpx.get(f"{hub.endpoint}/.well-known/openid-configuration", headers=page)
    assert found.headers[ALLOWED] == APP and "Origin" in found.headers["vary"]
    form, _ = public_token(hub, "openid profile")
    # The code was redeemed by now: the answer is an error, and the page can read it.
    answer = httpx.post(found.json()["token_endpoint"], data=form, headers=page)
    assert (answer.status_code, answer.headers[ALLOWED]) == (400, APP)
    assert answer.json()["error"] == "invalid_grant"
    redeemed, token = public_token(hub, "openid profile")
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    form["client_id"] = redeemed["client_id"]
    answer = httpx.post(found.json()["token_endpoint"], data=form, headers=page)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, APP)
    assert "access-control-allow-credentials" not in answer.headers
    asked = preflight(hub, "/oauth/userinfo", "GET")
    assert (asked.status_code, asked.headers[ALLOWED]) == (204, APP)
    assert "authorization" in asked.headers["access-control-allow-headers"]
    bearer = page | {"Authorization": f"Bearer {answer.json()['access_token']}"}
    told = httpx.get(found.json()["userinfo_endpoint"], headers=bearer)
    assert told.json()["preferred_username"] == "ada" and told.headers[ALLOWED] == APP


def test_another_origin_gets_at_nothing_that_takes_a_cookie(hub: Sandbox) -> None:
    browser = Browser(hub).sign_in("ada")
    page = {"Origin": APP, "Sec-Fetch-Site": "same-site"}
    for method, path, status in (
        # The cookie is not read where another origin may call.
        ("GET", "/oauth/userinfo", 401),
        ("POST", "/oauth/userinfo", 401),
        ("POST", "/oauth/token", 415),
        ("POST", "/oauth/authorize", 403),
        ("POST", "/oauth/register", 403),
        ("POST", "/oauth/device", 403),
        ("POST", "/api/repos/create", 403),
    ):
        answer = browser.client.request(method, hub.endpoint + path, headers=page)
        assert answer.status_code == status, path
        assert (ALLOWED in answer.headers) is (status != 403), path
        assert "set-cookie" not in answer.headers
    for path in ("/settings/account", "/api/whoami-v2", "/oauth/authorize", "/ada/tiny-bert"):
        assert ALLOWED not in browser.client.get(hub.endpoint + path, headers=page).headers
        assert ALLOWED not in preflight(hub, path, "POST").headers
    browser.client.close()
    # A foreign Host is refused before its Origin is looked at.
    foreign = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert httpx.get(f"{hub.endpoint}/oauth/jwks", headers=foreign).status_code == 421
