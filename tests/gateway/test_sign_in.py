"""Signing in with a provider that is not the Hub, and with ORCID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from fastapi.testclient import TestClient

from hubdoi.gateway.institution import Institution
from hubdoi.sandbox import Sandbox

from .open_id_provider import CLIENT, SECRET, Provider, serving
from .test_pages import ask, browser, csrf
from .test_work import mint

Open = Callable[..., Institution]
ORCID = "0000-0002-1825-0097"


def come_back(client: TestClient, page: str) -> Any:
    """Follow a sign-in to the provider and back."""
    there = client.get(page).headers["location"]
    back = httpx.get(there).headers["location"]
    return client.get(back.removeprefix("http://127.0.0.1"))


def opened(institution_of: Open, provider: Provider, kind: str, **more: str) -> Institution:
    told = {"ISSUER": provider.endpoint, "CLIENT": CLIENT, "SECRET": SECRET}
    variables = {f"HUBDOI_GATEWAY_{kind}_{name}": value for name, value in told.items()}
    institution = institution_of(**variables, **more)
    institution.url = "http://127.0.0.1"
    institution.people.put("grace@library.example", role="curator")
    return institution


def test_curators_sign_in_with_the_institutions_own_provider(institution_of: Open) -> None:
    person = {"sub": "1906", "email": "grace@library.example"}
    with serving(person) as provider:
        institution = opened(institution_of, provider, "OIDC", HUBDOI_GATEWAY_OIDC_CLAIM="email")
        client = browser(institution)
        answer = come_back(client, "/gateway/sign-in?next=/gateway/dois")
        assert (answer.status_code, answer.headers["location"]) == (303, "/gateway/dois")
        assert "grace@library.example" in client.get("/gateway").text
        # Who is not listed signs in as well, and may nothing.
        provider.claims = {"sub": "1815", "email": "ada@elsewhere.example"}
        other = browser(institution)
        come_back(other, "/gateway/sign-in")
        assert other.get("/gateway").status_code == 403
        provider.claims = {"sub": "1815"}
        answer = come_back(browser(institution), "/gateway/sign-in")
        assert answer.status_code == 502
        assert "HUBDOI_GATEWAY_OIDC_CLAIM" in answer.text


def test_a_claim_of_the_provider_chooses_the_policy(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    person = {"sub": "1815", "preferred_username": "Ada", "groups": ["staff", "physics", 7]}
    with serving(person) as provider:
        institution = opened(institution_of, provider, "OIDC", HUBDOI_GATEWAY_OIDC_GROUPS="groups")
        institution.policies.put("physics", suffix="physics.{hash}")
        institution.policies.put("staff", suffix="staff.{hash}")
        come_back(browser(institution), "/gateway/sign-in")
        assert "/physics." in str(mint(institution, plain_hub).doi)
        # Hugging Face's organisations are objects; what an admin says comes first.
        provider.claims["groups"] = [{"sub": "1", "preferred_username": "staff"}]
        come_back(browser(institution), "/gateway/sign-in")
        assert institution.member("ada")[1].suffix == "staff.{hash}"
        institution.people.put("ada", group="physics")
        assert institution.member("ada")[1].suffix == "physics.{hash}"
        institution.people.put("ada", group="a group without a policy")
        assert institution.member("ada")[1].suffix == institution.settings.suffix


def test_an_orcid_id_is_marked_as_authenticated(institution_of: Open, plain_hub: Sandbox) -> None:
    with serving({"sub": ORCID, "name": "Ada Lovelace"}) as provider:
        institution = opened(institution_of, provider, "ORCID", HUBDOI_GATEWAY_REVIEW="1")
        number = ask(institution, plain_hub, "Tiny")
        curator = browser(institution, "grace@library.example")
        request = curator.get(f"/gateway/requests/{number}").text
        form = {
            "csrf": csrf(request),
            "decision": "approve",
            "authors": f"Lovelace, Ada <{ORCID}>",
        }
        client = browser(institution, "ada")
        assert client.get("/gateway/orcid").status_code == 200
        assert come_back(client, "/gateway/orcid/sign-in").status_code == 303
        assert ORCID in client.get("/gateway/orcid").text
        curator.post(f"/gateway/requests/{number}", data=form)
        doi = institution.reviews.get(number).version.doi
        page = f"/gateway/dois/{doi}"
        institution.work.attempt()
        assert f"({ORCID}, authenticated)" in curator.get(page).text
        # Only the latest person who signs in with an iD has it.
        other = browser(institution, "charles")
        come_back(other, "/gateway/orcid/sign-in")
        assert "You signed in" not in client.get("/gateway/orcid").text
        token = csrf(other.get("/gateway/orcid").text)
        other.post("/gateway/orcid", data={"csrf": token})
        assert f"({ORCID})" in curator.get(page).text


def test_what_is_no_orcid_id_or_began_elsewhere_is_refused(institution_of: Open) -> None:
    with serving({"sub": "0000-0002-1825-0098"}) as provider:
        institution = opened(institution_of, provider, "ORCID")
        client = browser(institution, "ada")
        assert come_back(client, "/gateway/orcid/sign-in").status_code == 502
        there = browser(institution, "ada").get("/gateway/orcid/sign-in").headers["location"]
        back = httpx.get(there).headers["location"].removeprefix("http://127.0.0.1")
        assert client.get(back).status_code == 401
        assert browser(institution).get("/gateway/orcid").status_code == 303
        assert institution.orcids.of("ada") is None
