"""Profiles and collections, as a browser without scripts shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox import Sandbox
from tests.sandbox.plain_browser import HOSTILE, Browser, assert_harmless, push


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox(clock="2026-11-23T09:00:00Z") as running:
        yield running


def test_a_profile_lists_what_one_may_see(
    browser: Browser, demo: Sandbox, ada: HfApi, grace: HfApi, http: Callable[..., httpx.Response]
) -> None:
    made = ada.create_collection("Engines of <b>old</b>", description=HOSTILE[:150])
    hidden = ada.create_collection("Not yet shown", private=True)
    assert http("POST", "/api/models/ada/tiny-bert/like").status_code == 200
    page = browser.open("/ada")
    assert_harmless(page)
    assert "Ada Lovelace" in page.text and "User ada" in page.text
    assert {"/ada/tiny-bert", "/datasets/ada/notes", f"/collections/{made.slug}"} <= {*page.links()}
    assert "Engines of <b>old</b>" in page.text and "1 like" in page.text
    assert hidden.title not in page.text
    assert hidden.title in Browser(demo).sign_in("ada").open("/ada").text
    assert "grace/secret-model" not in browser.open("/grace").text
    assert "grace/secret-model" in Browser(demo).sign_in("grace").open("/grace").text


def test_an_organisation_names_its_members(browser: Browser) -> None:
    page = browser.open("/analytical-engine")
    assert "Organisation analytical-engine" in page.text and "/ada" in page.links()
    assert "/analytical-engine" in browser.open("/ada").links()


def test_nobody_has_no_page(browser: Browser) -> None:
    for path in (
        "/nobody",
        "/%3Cscript%3E",
        "/collections/ada/none",
        "/collections/ada/" + "0" * 24,
    ):
        assert_harmless(browser.open(path, 404))


def test_a_collection_shows_what_one_may_see(
    browser: Browser, demo: Sandbox, ada: HfApi, grace: HfApi
) -> None:
    outer = grace.create_collection(f"Shared {HOSTILE}"[:59])
    inner = ada.create_collection("Inside")
    grace.add_collection_item(outer.slug, "ada/tiny-bert", "model", note=HOSTILE)
    grace.add_collection_item(outer.slug, "grace/secret-model", "model")
    grace.add_collection_item(outer.slug, inner.slug, "collection")
    page = browser.open(f"/collections/{outer.slug}")
    assert_harmless(page)
    assert {"/ada/tiny-bert", f"/collections/{inner.slug}", "/grace"} <= {*page.links()}
    assert "<script>" in page.text and "secret-model" not in page.text
    signed = Browser(demo).sign_in("grace").open(f"/collections/{outer.slug}")
    assert "/grace/secret-model" in signed.links()
    # An earlier title leads to the present one.
    renamed = grace.update_collection_metadata(outer.slug, title="Renamed")
    assert browser.open(f"/collections/{outer.slug}").answer.url.path.endswith(renamed.slug)
    grace.update_collection_metadata(renamed.slug, private=True)
    browser.open(f"/collections/{renamed.slug}", 404)
    empty = browser.open(f"/collections/{inner.slug}")
    assert "nothing in this collection" in empty.text


def test_a_repository_leads_to_its_owner_and_its_last_commits(browser: Browser, ada: HfApi) -> None:
    ada.create_repo("ada/engine")
    made = push(ada, "ada/engine", title=HOSTILE)
    page = browser.open("/ada/engine/tree/main")
    assert_harmless(page)
    assert "/ada" in page.links() and f"/ada/engine/tree/{made}" in page.links()
    assert "23 November 2026" in page.text and "<script>" in page.text


def test_an_organisation_may_have_private_repositories_by_default(
    demo: Sandbox, ada: HfApi, http: Callable[..., httpx.Response]
) -> None:
    owner = "analytical-engine"
    (member,) = [one.username for one in ada.list_organization_members(owner)][:1]
    api, browser = demo.hf_api(member), Browser(demo).sign_in(member)
    action = f"/organizations/{owner}/settings"

    def is_private(name: str, **asked: bool) -> bool:
        api.create_repo(f"{owner}/{name}", **asked)
        return bool(api.model_info(f"{owner}/{name}").private)

    assert not is_private("a")
    page = browser.open(f"/{owner}")
    assert_harmless(page)
    page = browser.send(page.form(action), {"private": "yes"})
    assert "New repositories are private unless one says otherwise" in page.text
    assert is_private("b") and not is_private("c", private=False)
    # What exists stays as it is, and so does what belongs to a person.
    assert not api.model_info(f"{owner}/a").private
    api.create_repo(f"{member}/own-one")
    assert not api.model_info(f"{member}/own-one").private
    # A form of another session, somebody else, nobody.
    assert (
        http("POST", action, user=member, headers={"Origin": "https://x.example"}).status_code
        == 403
    )
    form = {"private": "no"}
    outsiders = {*demo.users} - {one.username for one in ada.list_organization_members(owner)}
    for user in sorted(outsiders):
        assert http("POST", action, user=user, data=form).status_code == 403
        assert action not in Browser(demo).sign_in(user).open(f"/{owner}").answer.text
    assert httpx.post(demo.endpoint + action, data=form).status_code in (401, 403)
    assert browser.client.post(action, data=form).status_code == 403
    browser.send(browser.open(f"/{owner}").form(action), form)
    assert not is_private("d")
