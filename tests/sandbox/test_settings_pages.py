"""The settings page and the agreement, as a browser without scripts uses them."""

from __future__ import annotations

import re

import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox import Sandbox
from tests.sandbox.plain_browser import HOSTILE, TINY_BERT, Browser, assert_harmless, push, values


def test_r02_settings_are_for_who_can_write(browser: Browser, demo: Sandbox) -> None:
    page = browser.open("/ada/tiny-bert/settings")
    assert page.answer.url.path == "/login"
    assert page.form("/login")["fields"][0][1] == "/ada/tiny-bert/settings"
    grace = Browser(demo).sign_in("grace")
    refused = grace.open("/ada/tiny-bert/settings", status=403)
    assert "Only a person with write access" in refused.text
    assert "Settings" not in grace.open("/ada/tiny-bert").text


def test_r03_the_terms_are_shown_and_the_box_is_not_ticked(adas: Browser, demo: Sandbox) -> None:
    page = adas.open("/ada/tiny-bert/settings")
    start = page.form("/ada/tiny-bert/settings/doi")
    assert start["method"] == "get"
    agreement = adas.open(start["action"])
    terms = demo.world.registrar.terms
    assert " ".join(terms.text.split()) in agreement.text
    form = agreement.form("/ada/tiny-bert/settings/doi")
    box = next(given for name, _, given in form["fields"] if name == "agree")
    assert "checked" not in box and "required" in box
    refused = adas.send(form, {"do": "generate"}, status=400)
    assert "Nothing is generated without consent" in refused.text
    assert demo.world.service.status(TINY_BERT, None).state == "unregistered"
    again = next(g for n, _, g in refused.form(form["action"])["fields"] if n == "agree")
    assert "checked" not in again


def test_r03_terms_that_changed_are_shown_anew(adas: Browser, demo: Sandbox) -> None:
    form = adas.open("/ada/tiny-bert/settings/doi").form("/ada/tiny-bert/settings/doi")
    (demo.world.data / "terms.txt").write_text("Other terms altogether.", "utf-8")
    page = adas.send(form, {"agree": "yes", "do": "generate"}, status=409)
    assert "The terms have changed" in page.text and "Other terms altogether." in page.text
    done = adas.send(page.form(form["action"]), {"agree": "yes", "do": "generate"})
    assert "The DOI 10.5072/hf/0001 is generated" in done.text


def test_r05_authors_can_be_added_moved_and_removed(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    page = adas.open(path)
    assert ("author_name", "Lovelace, Ada") in values(page.form(path))
    page = adas.send(page.form(path), {"do": "add"})
    form = page.form(path)
    names = [i for i, field in enumerate(form["fields"]) if field[0] == "author_name"]
    assert len(names) == 2
    form["fields"][names[1]] = ("author_name", "Hopper, Grace", {})
    orcids = [i for i, field in enumerate(form["fields"]) if field[0] == "author_orcid"]
    form["fields"][orcids[1]] = ("author_orcid", "0000-0002-1825-0097", {})
    page = adas.send(form, {"do": "up-1"})
    found = [value for name, value in values(page.form(path)) if name == "author_name"]
    assert found == ["Hopper, Grace", "Lovelace, Ada"]
    page = adas.send(page.form(path), {"do": "add"})
    page = adas.send(page.form(path), {"do": "remove-2"})
    adas.send(page.form(path), {"agree": "yes", "do": "generate"})
    authors = demo.world.service.status(TINY_BERT, None).version.authors
    assert [(a.name, a.orcid) for a in authors] == [
        ("Hopper, Grace", "0000-0002-1825-0097"),
        ("Lovelace, Ada", None),
    ]


def test_a_wrong_orcid_is_named_and_nothing_typed_is_lost(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    page = adas.send(
        form,
        {
            "author_orcid": "0000-0002-1825-0098",
            "author_affiliation": HOSTILE[:39],
            "agree": "yes",
            "do": "generate",
        },
        status=422,
    )
    assert "typing error" in page.text
    assert ("author_orcid", "0000-0002-1825-0098") in values(page.form(path))
    assert ("author_affiliation", HOSTILE[:39]) in values(page.form(path))
    assert demo.world.service.status(TINY_BERT, None).state == "unregistered"


def test_enter_in_a_field_generates_nothing(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    # A browser presses the first submit button of the form.
    assert form["buttons"][0]["value"] == "keep"
    adas.send(form, {"agree": "yes", "do": "keep"})
    assert demo.world.service.status(TINY_BERT, None).state == "unregistered"


def test_r07_generating_anew_lists_both_versions(adas: Browser, ada: HfApi) -> None:
    assert "Generate DOI" in adas.open("/ada/tiny-bert/settings").text
    first = adas.generate()
    assert "It names revision" in first.text
    assert "Generate new DOI" not in first.text
    push(ada)
    behind = adas.open("/ada/tiny-bert/settings")
    assert "Generate new DOI" in behind.text
    assert "Changed since DOI" in adas.open("/ada/tiny-bert").text
    second = adas.generate()
    rows = re.findall(r"10\.5072/hf/000\d (?:CURRENT|outdated)", second.text)
    assert rows == ["10.5072/hf/0002 CURRENT", "10.5072/hf/0001 outdated"]


def test_r08_a_second_click_meets_the_first_answer(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    for _ in range(2):
        page = adas.send(form, {"agree": "yes", "do": "generate"})
        assert "The DOI 10.5072/hf/0001 is generated" in page.text
    other = adas.open("/ada/tiny-bert/settings/doi", status=409)
    assert "already" in other.text
    assert len(demo.world.service.history(TINY_BERT, None)) == 1


def test_r08_another_tab_is_told_of_the_doi_there_is(adas: Browser) -> None:
    path = "/ada/tiny-bert/settings/doi"
    one, other = adas.open(path).form(path), adas.open(path).form(path)
    adas.send(one, {"agree": "yes", "do": "generate"})
    page = adas.send(other, {"agree": "yes", "do": "generate"}, status=409)
    assert "already has the DOI 10.5072/hf/0001" in page.text


def test_r01_an_empty_or_private_repository_gets_no_button(demo: Sandbox, ada: HfApi) -> None:
    ada.create_repo("ada/empty")
    adas = Browser(demo).sign_in("ada")
    page = adas.open("/ada/empty/settings")
    assert "has no files yet" in page.text and "Generate DOI" not in page.text
    assert "has no files yet" in adas.open("/ada/empty").text
    grace = Browser(demo).sign_in("grace").open("/grace/secret-model/settings")
    assert "is private" in grace.text and "Generate DOI" not in grace.text


def test_r09_locked_actions_say_so_and_r10_go_to_support(adas: Browser, demo: Sandbox) -> None:
    before = adas.open("/ada/tiny-bert/settings")
    assert "locked by DOI" not in before.text
    page = adas.generate()
    assert page.text.count("locked by DOI") == 3
    form = page.form("/ada/tiny-bert/settings/requests")
    refused = adas.send(form, {"action": "move", "reason": "A better name", "to": ""}, status=422)
    assert refused.form(form["action"])["action"]
    done = adas.send(form, {"action": "move", "reason": HOSTILE, "to": "ada/small-bert"})
    assert "Request 1 is filed" in done.text and HOSTILE.split("\u202e")[0] in done.text
    assert_harmless(done)
    demo.world.support.grant(1)
    moved = adas.client.get("/ada/tiny-bert/tree/main?x=1")
    assert moved.status_code == 307
    assert moved.headers["location"] == "/ada/small-bert/tree/main?x=1"
    assert "small-bert" in adas.open("/ada/tiny-bert/settings").text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ada/tiny-bert/settings/doi", {"do": "generate", "agree": "yes", "csrf": "0" * 64}),
        ("/ada/tiny-bert/settings/doi", {"do": "generate", "agree": "yes"}),
        ("/ada/tiny-bert/settings/requests", {"action": "delete", "reason": "x"}),
        ("/logout", {}),
    ],
)
def test_a_form_without_the_sessions_token_is_refused(
    adas: Browser, demo: Sandbox, path: str, body: dict[str, str]
) -> None:
    terms = demo.world.registrar.terms.digest
    answer = adas.client.post(path, data={"terms": terms, "csrf": "", **body})
    assert answer.status_code == 403
    assert "reload the page" in answer.text
    assert demo.world.service.status(TINY_BERT, None).state == "unregistered"
    assert "Signed in" in adas.open("/").text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])  # fmt: skip
def test_another_site_cannot_post(adas: Browser, demo: Sandbox, headers: dict[str, str]) -> None:
    form = adas.open("/ada/tiny-bert/settings/doi").form("/ada/tiny-bert/settings/doi")
    data = dict(values(form)) | {"agree": "yes", "do": "generate"}
    assert adas.client.post(form["action"], data=data, headers=headers).status_code == 403
    assert demo.world.service.status(TINY_BERT, None).state == "unregistered"


def test_bodies_that_are_no_form_are_refused(adas: Browser) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert adas.client.post(path, json={}).status_code == 415
    assert adas.client.post(path, content=b"a" * 600_000, headers=form).status_code == 413
    assert adas.client.post(path, content=b"a=%ff&b=\xff", headers=form).status_code == 400
    assert adas.client.post(path, content=b"a=1&" * 9000, headers=form).status_code == 400
    assert adas.client.post(path, content=b"", headers=form).status_code == 403


def test_without_the_doi_api_a_person_generates_on_the_page() -> None:
    with Sandbox(without_doi_api=True) as sandbox:
        adas = Browser(sandbox).sign_in("ada")
        assert adas.client.get("/api/models/ada/tiny-bert/doi").status_code == 404
        assert "is generated" in adas.generate().text
        assert "doi:10.5072/hf/0001" in sandbox.hf_api().model_info("ada/tiny-bert").tags
