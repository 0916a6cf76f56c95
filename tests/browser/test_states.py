"""What the panel shows when it is not simply one's own repository: each state."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import SECONDS, Notebook, PanelOnPage
from tests.browser.relay import Relay

BERT = "ada/tiny-bert"


def test_what_is_not_mine_has_status_and_citation_but_no_form(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    ada = Client(sandbox.endpoint, sandbox.users["ada"])
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["grace"])
    panel.is_state("No DOI")
    panel.shows("Only a person with write access to ada/tiny-bert can generate its DOI")
    _has_no_form(panel)
    ada.mint(BERT, agree=ada.terms(BERT))
    panel.button("Try again").click()
    panel.is_state("Up to date")
    _has_no_form(panel)
    expect(panel.root).not_to_contain_text("accepted the terms")
    assert panel.copy("BibTeX") == str(ada.cite(BERT))


def test_one_sentence_and_the_way_out(notebook: Notebook, sandbox: Sandbox) -> None:
    ada, grace = sandbox.users["ada"], sandbox.users["grace"]
    for token, repo, sentence, helps in (
        (grace, "grace/secret-model", "private; make it public first", True),
        (ada, "grace/secret-model", "grace/secret-model", True),
        (ada, "ada/nothing-here", "ada/nothing-here", True),
        (ada, "spaces/ada/demo", "is a Space; only models and datasets can get a DOI", False),
        (ada, "not a repository", "is not a repository", False),
        ("hf_wrong", BERT, "token", True),
    ):
        panel = notebook.open_panel(sandbox.endpoint, token, repo)
        panel.shows(sentence)
        again = panel.button("Try again")
        expect(again).to_be_visible() if helps else expect(again).to_be_hidden()
        _has_no_form(panel)
        expect(panel.notice).to_contain_text(re.compile(r"\.$"))


def test_the_panel_goes_on_when_the_repository_was_made_public(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["grace"], "grace/secret-model")
    panel.shows("make it public first")
    sandbox.hf_api("grace").update_repo_settings("grace/secret-model", visibility="public")
    panel.button("Try again").click()
    expect(panel.agree).to_be_visible(timeout=60 * SECONDS)
    expect(panel.root).not_to_contain_text("make it public first")


def test_no_network_and_then_there_is_one(notebook: Notebook, sandbox: Sandbox) -> None:
    with Relay(sandbox.endpoint) as relay:
        relay.hold("GET")
        panel = notebook.open_panel(relay.url, sandbox.users["ada"])
        panel.shows(f"Loading {BERT}")
        relay.down = True
        relay.let_go()
        expect(panel.button("Try again")).to_be_visible(timeout=60 * SECONDS)
        relay.down = False
        panel.button("Try again").click()
        panel.is_state("No DOI")
        expect(panel.agree).to_be_visible()


def test_a_panel_without_a_repository_asks_which(notebook: Notebook, sandbox: Sandbox) -> None:
    notebook.run("%load_ext hubdoi\n%doi use sandbox")
    notebook.run("%doi panel")
    panel = PanelOnPage(notebook)
    panel.root.get_by_label("Repository", exact=True).fill("datasets/ada/notes")
    notebook.page.keyboard.press("Enter")
    panel.is_state("No DOI")
    panel.shows("datasets/ada/notes")
    # All notebooks of this Jupyter server see the same sandbox.
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    other = notebook.lab.new_notebook(notebook.page.context.new_page(), "another notebook")
    answer = other.run(
        "%load_ext hubdoi\n%doi use sandbox\nstatus = %doi status datasets/ada/notes\nstatus"
    )
    expect(answer.last).to_contain_text("10.5072/hf/")


def test_the_authors(notebook: Notebook, sandbox: Sandbox) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    panel.tick()
    orcid = panel.field("ORCID iD")
    orcid.fill("0000-0002-1825")
    panel.shows("An ORCID iD has 16 digits.")
    orcid.fill("0000-0002-1825-0098")
    panel.shows("has a typing error")
    expect(orcid).to_have_attribute("aria-invalid", "true")
    expect(panel.generate).to_be_disabled()
    panel.shows(re.compile("Author 1: This ORCID iD .* typing error"))
    orcid.fill("0000-0002-1825-0097")
    expect(panel.root.get_by_role("link", name="orcid.org/0000-0002-1825-0097")).to_be_visible()
    panel.shows("chosen by you")
    expect(panel.generate).to_be_enabled()
    panel.button("Add an author").click()
    name = panel.field("Name", 1)
    expect(name).to_be_focused()
    name.fill("Analytical Engine Society")
    panel.field("Type", 1).select_option("Organisation")
    expect(panel.author(1).get_by_label("ORCID iD")).to_have_count(0)
    panel.field("ROR ID", 1).fill("https://ror.org/05a28rw58")
    panel.button("Add an author").click()
    panel.field("Name", 2).fill("Babbage, Charles")
    rows = panel.root.locator(".hubdoi-author")
    rows.nth(2).get_by_role("button", name="Move up").click()
    expect(rows.nth(1)).to_contain_text("Babbage, Charles")
    expect(rows.nth(1).get_by_role("button", name="Move up")).to_be_focused()
    rows.nth(0).get_by_role("button", name="Remove").click()
    expect(rows).to_have_count(2)
    panel.button("Add myself").click()
    expect(rows.nth(2)).to_contain_text("Lovelace, Ada")
    expect(panel.agree).to_be_checked()
    panel.generate.click()
    panel.is_state("Up to date")
    version = Client(sandbox.endpoint).status(BERT).version
    assert version is not None
    assert [(author.name, author.type, author.ror) for author in version.authors] == [
        ("Babbage, Charles", "person", None),
        ("Analytical Engine Society", "organization", "05a28rw58"),
        ("Lovelace, Ada", "person", None),
    ]


def _has_no_form(panel: PanelOnPage) -> None:
    expect(panel.agree).to_be_hidden()
    expect(panel.generate).to_be_hidden()
