"""Documents that the side panel follows: side by side, never saved, below a base URL, signed out."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.security import passwd
from playwright.sync_api import Browser, Page, expect

from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import SECONDS, Lab
from tests.browser.lab_server import running
from tests.browser.side_panel import Analysis, ada, new_repository

FIRST, SECOND = "ada/side", "ada/by-side"
PASSWORD = "of-the-tests"
EXPIRED = "Your session has expired. Reload the page to sign in again."
BESIDE = """async path => {
  const options = { mode: "split-right" };
  await window.jupyterapp.commands.execute("docmanager:open", { path, options });
}"""
NEW = "async () => { await window.jupyterapp.commands.execute('notebook:create-new', {cwd: ''}) }"


def load(repo: str) -> str:
    return f"from transformers import AutoModel\nmodel = AutoModel.from_pretrained('{repo}')"


def test_two_notebooks_side_by_side_and_one_that_was_never_saved(
    lab: Lab, analysis: Analysis
) -> None:
    client = ada(lab)
    for repo in (FIRST, SECOND):
        new_repository(client, repo)
    right = Analysis(lab, analysis.page, "right.ipynb").write(load(SECOND))
    left = analysis.write(load(FIRST)).open()
    left.shows(FIRST, "No DOI")
    left.page.evaluate(BESIDE, right.name)
    left.without_kernel()
    # The panel follows the notebook in which the person works.
    left.shows(SECOND, "No DOI")
    expect(left.row(FIRST)).to_have_count(0)
    cells = left.page.locator(".jp-NotebookPanel:visible").locator(".cm-content")
    expect(cells).to_have_count(2)
    texts = {FIRST: cells.filter(has_text=FIRST), SECOND: cells.filter(has_text=SECOND)}
    texts[FIRST].click()
    left.shows(FIRST, "No DOI")
    expect(left.row(SECOND)).to_have_count(0)
    # A pin is written where the row is from.
    left.row(FIRST).get_by_role("button", name="Pin:").click()
    expect(texts[FIRST]).to_contain_text("revision=")
    expect(texts[SECOND]).not_to_contain_text("revision=")
    texts[SECOND].click()
    left.shows(SECOND, "No DOI")
    # A new notebook, which nobody saves.
    left.page.evaluate(NEW)
    left.without_kernel()
    expect(left.panel).to_contain_text("This document loads no model or dataset from a Hub.")
    new = left.page.locator(".jp-NotebookPanel:visible").last.locator(".cm-content")
    new.click()
    left.page.keyboard.insert_text(load(SECOND))
    row = left.shows(SECOND, "No DOI")
    row.get_by_role("button", name="Pin:").click()
    expect(new).to_contain_text("revision=")
    name = left.panel.locator(".hubdoi-lab-document").inner_text()
    assert "from_pretrained" not in (lab.directory / name).read_text()
    (lab.directory / name).unlink()


def test_below_a_base_url_an_expired_session_is_one_sentence_and_the_document_stays(
    browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    options = (
        "--ServerApp.base_url=/user/ada/",
        "--IdentityProvider.token=",
        f"--PasswordIdentityProvider.hashed_password={passwd(PASSWORD, 'sha256')}",
    )
    code = load("ada/tiny-bert")
    with running(tmp_path, *options, endpoint=sandbox.endpoint) as url:
        context = browser.new_context(viewport={"width": 1300, "height": 900})
        analysis = Analysis(
            Lab(url, tmp_path / "notebooks", ""), context.new_page(), "a.ipynb"
        ).write(code)
        asked: list[str] = []
        analysis.page.on("request", lambda request: asked.append(request.url))
        _sign_in(analysis.page, url)
        analysis.open()
        analysis.shows("ada/tiny-bert", "No DOI")
        routes = [one for one in asked if "hubdoi/api/" in one]
        assert routes
        assert all(one.startswith(f"{url}hubdoi/api/") for one in routes)
        assert "/user/ada/" in url
        context.clear_cookies()
        analysis.cell(0).locator(".cm-content").click()
        analysis.page.keyboard.press("Control+End")
        analysis.page.keyboard.insert_text("\nmore = 1")
        expect(analysis.panel.get_by_role("alert")).to_have_text(EXPIRED)
        # What was known stays, and so does the document; signed in again, it goes on.
        expect(analysis.row("ada/tiny-bert")).to_be_visible()
        assert analysis.text(0) == f"{code}\nmore = 1"
        page = context.new_page()
        _sign_in(page, url)
        page.close()
        analysis.panel.get_by_role("button", name="Ask the Hub again").click()
        expect(analysis.panel.get_by_role("alert")).to_have_count(0)
        analysis.shows("ada/tiny-bert", "No DOI")
        assert analysis.errors == analysis.dialogs == []
        context.close()


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}login?next=/user/ada/api")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("#login_submit").click()
    page.wait_for_url("**/user/ada/api", timeout=60 * SECONDS)
