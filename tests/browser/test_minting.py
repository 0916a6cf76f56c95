"""Minting with the panel, by mouse and by keyboard, when all goes well and when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import SECONDS, Notebook
from tests.browser.panel_alone import violations
from tests.browser.relay import Relay
from tests.gateway.conftest import environment, serve_here

__all__ = ["serve_here"]

BERT = "ada/tiny-bert"


def _client(sandbox: Sandbox, user: str = "ada") -> Client:
    return Client(sandbox.endpoint, sandbox.users[user])


def _push(sandbox: Sandbox, path: str, content: bytes, user: str = "ada") -> None:
    sandbox.hf_api(user).upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=BERT)


def test_mint_by_mouse_and_copy_to_the_clipboard(notebook: Notebook, sandbox: Sandbox) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    panel.shows(_client(sandbox).terms(BERT).text.splitlines()[-1])
    expect(panel.agree).not_to_be_checked()
    expect(panel.generate).to_be_disabled()
    expect(panel.author()).to_contain_text("Lovelace, Ada")
    panel.tick()
    expect(panel.generate).to_be_enabled()
    # Changing the authors keeps the tick: the terms are the same.
    panel.field("ORCID iD").fill("0000-0002-1825-0097")
    expect(panel.agree).to_be_checked()
    panel.generate.dblclick()
    panel.is_state("Up to date")
    version = _client(sandbox).status(BERT).version
    assert version is not None and version.doi is not None
    assert len(_client(sandbox).history(BERT)) == 1
    assert [author.orcid for author in version.authors] == ["0000-0002-1825-0097"]
    panel.shows(f"Generated: {version.doi}.")
    panel.shows("Locked by DOI")
    panel.shows(re.compile(r"ada accepted the terms on \d{4}-\d\d-\d\d \d\d:\d\d UTC"))
    link = panel.root.get_by_role("link", name=version.doi.name).first
    expect(link).to_have_attribute("href", f"{sandbox.endpoint}/doi/{version.doi}")
    client = _client(sandbox)
    for tab, format in (
        ("BibTeX", "bibtex"),
        ("Text", "text"),
        ("RIS", "ris"),
        ("CSL JSON", "csl-json"),
    ):
        assert panel.copy(tab) == str(client.cite(version, format=format))


def test_the_style_chooser_writes_the_text_in_that_style(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = _client(sandbox)
    version = client.mint(BERT, agree=client.terms(BERT))
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Up to date")
    panel.root.get_by_role("tab", name="Text", exact=True).click()
    panel.root.get_by_label("Style", exact=True).select_option(label="APA")
    wanted = str(client.cite(version, format="text", style="apa"))
    panel.shows(wanted)
    expect(panel.root.locator(".hubdoi-prose i")).to_contain_text("tiny-bert")
    assert panel.copy("Text") == wanted
    panel.root.get_by_label("Style", exact=True).select_option(label="Another CSL style …")
    name = panel.root.get_by_label("Name of the style")
    name.fill("natur")
    name.press("Enter")
    panel.shows("nature")
    name.fill("ieee")
    name.press("Enter")
    panel.shows(str(client.cite(version, format="text", style="ieee")))


def test_mint_by_keyboard_alone(notebook: Notebook, sandbox: Sandbox) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    expect(panel.generate).to_be_visible()
    keyboard = notebook.page.keyboard
    panel.root.get_by_role("link", name=BERT).focus()
    passed = []
    for _ in range(40):
        keyboard.press("Tab")
        name = _focused(notebook)
        passed.append(name)
        if name.startswith("I have read"):
            break
    reading_order = ["Refresh", "Add an author", "Add myself", "Import", "Edit (Lovelace, Ada)",
                     "Remove (Lovelace, Ada)", "Edit details", "Terms",
                     "I have read these terms and agree to them"]  # fmt: skip
    assert [name for name in passed if name in reading_order] == reading_order
    assert all(passed), "every control has a name that a screen reader reads"
    keyboard.press("Space")
    expect(panel.agree).to_be_checked()
    expect(panel.generate).to_be_enabled()
    keyboard.press("Tab")
    assert _focused(notebook) == "Generate DOI"
    keyboard.press("Enter")
    panel.is_state("Up to date")
    expect(panel.button("Refresh")).to_be_focused()
    panel.shows(str(_client(sandbox).cite(BERT)))
    for _ in range(12):
        keyboard.press("Tab")
        if _focused(notebook) == "Copy the citation as BibTeX":
            break
    keyboard.press("Enter")
    expect(panel.root.locator(".hubdoi-copied")).to_have_text("Copied")
    assert notebook.clipboard() == str(_client(sandbox).cite(BERT))


def test_r11_the_record_is_corrected_by_keyboard_and_the_doi_stays(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = _client(sandbox)
    version = client.mint(BERT, agree=client.terms(BERT))
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Up to date")
    press = notebook.page.keyboard.press
    panel.button("Correct the record …").focus()
    press("Enter")
    expect(panel.root.get_by_role("button", name="Edit (Lovelace, Ada)")).to_be_focused()
    expect(panel.agree).to_have_count(0)
    panel.button("Review the correction").click()
    panel.shows("Nothing has changed yet.")
    panel.root.get_by_label("Title", exact=True).fill("Tiny BERT")
    panel.button("Review the correction").focus()
    press("Enter")
    difference = panel.root.get_by_role("region", name="What will change")
    expect(difference).to_be_focused()
    expect(difference).to_contain_text("Tiny BERT")
    assert violations(panel.root) == []
    correct = panel.button("Correct the record")
    expect(correct).to_be_disabled()
    panel.agree.check()
    # What is written now was not shown.
    panel.root.get_by_label("Description", exact=True).fill("Small.")
    expect(panel.agree).to_have_count(0)
    panel.button("Review the correction").click()
    expect(difference).to_contain_text("Small.")
    expect(panel.agree).not_to_be_checked()
    panel.agree.check()
    correct.click()
    panel.shows(f"Corrected: {version.doi}.")
    panel.shows("record corrected on")
    panel.button("Correct the record …").click()
    panel.button("Cancel").click()
    expect(panel.button("Correct the record …")).to_be_focused()
    now = client.status(BERT).version
    assert now is not None
    assert (now.doi, now.revision, now.name) == (version.doi, version.revision, "Tiny BERT")


def test_r07_regenerate_when_the_weights_changed_and_not_when_only_the_card_did(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = _client(sandbox)
    first = client.mint(BERT, agree=client.terms(BERT))
    _push(sandbox, "README.md", b"# tiny-bert\n\nAnother word.\n")
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Changed since DOI")
    panel.shows("Only the repository card changed")
    panel.shows("a new DOI is rarely needed")
    _push(sandbox, "model.safetensors", b"\0" * 2_500_000)
    panel.button("Refresh").click()
    panel.shows("2 files changed since the DOI's revision: the card and the weights.")
    panel.root.locator(".hubdoi-fold", has_text="2 files changed").locator("summary").click()
    panel.shows("2.5 MB")
    expect(panel.generate).to_have_text("Generate new DOI")
    # Consent is never remembered from one DOI to the next (R3).
    expect(panel.agree).not_to_be_checked()
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    newest, oldest = client.history(BERT)
    assert oldest.doi == first.doi
    panel.shows(f"Generated: {newest.doi}.")
    rows = panel.root.locator("table", has_text="Latest").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Latest")
    expect(rows.nth(1)).to_contain_text("Outdated")
    _push(sandbox, "model.safetensors", b"\1" * 10)
    panel.button("Refresh").click()
    panel.is_state("Changed since DOI")
    expect(panel.agree).not_to_be_checked()
    expect(panel.generate).to_be_disabled()


def test_r03_changed_terms_bring_the_new_text_and_an_unticked_box(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    panel.tick()
    (sandbox.world.data / "terms.txt").write_text("The terms of tomorrow.\n\nAll is public.")
    panel.generate.click()
    panel.shows("The terms of tomorrow.")
    panel.shows("have changed")
    expect(panel.agree).not_to_be_checked()
    expect(panel.generate).to_be_disabled()
    assert len(_client(sandbox).history(BERT)) == 0
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")


def test_r08_two_panels_on_one_repository_end_with_one_doi(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    first = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    second = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    for panel in (first, second):
        panel.is_state("No DOI")
        panel.tick()
    first.generate.click()
    first.is_state("Up to date")
    # The second one follows by itself.
    second.is_state("Up to date")
    expect(second.generate).to_be_hidden()
    assert len(_client(sandbox).history(BERT)) == 1


def test_the_kernel_stays_free_while_a_mint_takes_long(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    with Relay(sandbox.endpoint) as relay:
        panel = notebook.open_panel(relay.url, sandbox.users["ada"])
        panel.is_state("No DOI")
        panel.tick()
        relay.hold("POST")
        panel.generate.click()
        panel.shows("Sending your consent and the authors")
        expect(panel.generate).to_be_disabled()
        expect(panel.agree).to_be_disabled()
        answer = notebook.run("21 * 2")
        expect(answer).to_contain_text("42")
        panel.shows("Sending your consent and the authors")
        assert len(_client(sandbox).history(BERT)) == 0
        relay.let_go()
        expect(panel.root).to_contain_text("Generated", timeout=60 * SECONDS)
        panel.is_state("Up to date")


def test_r12_a_kernel_that_restarts_in_mid_mint_leaves_one_doi(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    with Relay(sandbox.endpoint) as relay:
        panel = notebook.open_panel(relay.url, sandbox.users["ada"])
        panel.is_state("No DOI")
        panel.tick()
        relay.hold("POST")
        panel.generate.click()
        panel.shows("Sending your consent")
        relay.wait_for_one()
        notebook.restart_kernel()
        relay.let_go()
        again = notebook.open_panel(relay.url, sandbox.users["ada"])
        again.is_state("Up to date")
        assert len(_client(sandbox).history(BERT)) == 1


def test_r12_try_again_after_a_lost_connection_mints_once(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    with Relay(sandbox.endpoint) as relay:
        panel = notebook.open_panel(relay.url, sandbox.users["ada"])
        panel.is_state("No DOI")
        panel.tick()
        # The Hub mints, and no answer of any of the attempts arrives.
        relay.lose = 100
        panel.generate.click()
        expect(panel.button("Try again")).to_be_visible(timeout=60 * SECONDS)
        assert len(_client(sandbox).history(BERT)) == 1
        relay.lose = 0
        panel.button("Try again").click()
        panel.is_state("Up to date")
        panel.shows("Generated: 10.5072/hf/0001.")
        assert len(_client(sandbox).history(BERT)) == 1


def test_a_request_that_an_institution_has_not_decided_is_withdrawn(
    notebook: Notebook,
    sandbox: Sandbox,
    serve_here: Callable[[Mapping[str, str]], str],
    tmp_path: Path,
) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    gateway = serve_here(
        environment(
            sandbox,
            database,
            HUBDOI_GATEWAY_REVIEW="1",
            HUBDOI_GATEWAY_INSTITUTION="Library of Our University",
        )
    )
    panel = notebook.open_panel(gateway, sandbox.users["ada"])
    panel.tick()
    panel.generate.click()
    panel.shows("was sent to Library of Our University on")
    panel.shows("This panel continues by itself.")
    expect(panel.generate).to_be_disabled()
    panel.root.get_by_text("Withdraw the request …").click()
    panel.button("Withdraw").click()
    panel.shows("was withdrawn. Nothing is registered.")
    expect(panel.button("Refresh")).to_be_focused()
    expect(panel.root.get_by_text("Withdraw the request …")).to_have_count(0)
    expect(panel.agree).not_to_be_checked()
    panel.tick()
    expect(panel.generate).to_be_enabled()
    found = Client(gateway, sandbox.users["ada"]).status(BERT)
    assert (found.waiting, found.versions, found.can_mint) == ((), (), True)
    assert violations(panel.root) == []


def test_a_hub_without_a_doi_api_hands_over_to_the_settings_page_and_the_panel_goes_on(
    notebook: Notebook, context: BrowserContext
) -> None:
    with Sandbox(without_doi_api=True) as sandbox:
        more = f", datacite_api={sandbox.datacite_url!r}"
        panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"], more=more)
        panel.is_state("No DOI")
        panel.shows("This Hub has no DOI API")
        link = panel.root.get_by_role("link", name="Open the settings page")
        expect(link).not_to_have_attribute("href", re.compile("."))
        panel.agree.check()
        expect(link).to_have_attribute("href", f"{sandbox.endpoint}/{BERT}/settings")
        with context.expect_page() as opened:
            link.click()
        panel.shows("Watching for the DOI")
        settings = opened.value
        settings.goto(f"{sandbox.endpoint}/login")
        settings.locator("input[type=password], input[name=token]").first.fill(sandbox.users["ada"])
        settings.get_by_role("button", name=re.compile("Sign in|Log in", re.IGNORECASE)).click()
        settings.goto(f"{sandbox.endpoint}/{BERT}/settings")
        settings.get_by_role("button", name="Generate DOI").click()
        settings.get_by_role("checkbox", name=re.compile("I have read")).check()
        settings.get_by_role("button", name="Generate DOI").click()
        expect(settings.locator("body")).to_contain_text("10.5072/hf/0001")
        notebook.page.bring_to_front()
        expect(panel.root).to_contain_text("Generated: 10.5072/hf/0001.", timeout=60 * SECONDS)
        panel.is_state("Up to date")


def _focused(notebook: Notebook) -> str:
    """The name that a screen reader reads for what has the focus."""
    return str(
        notebook.page.evaluate(
            """() => {
              const at = document.activeElement;
              if (at.getAttribute("aria-label")) return at.getAttribute("aria-label");
              if (at.labels?.length) return at.labels[0].textContent.trim();
              const label = at.getAttribute("aria-labelledby");
              if (label) return document.getElementById(label).textContent.trim();
              return at.textContent.trim();
            }"""
        )
    )
