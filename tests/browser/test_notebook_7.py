"""Notebook 7 has the same extension: the panel in an output and the side panel."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab, Notebook, PanelOnPage
from tests.browser.panel_alone import violations
from tests.browser.side_panel import Analysis, ada, new_repository

REPO = "ada/in-notebook-7"


def test_the_panel_and_the_side_panel_in_notebook_7(lab: Lab, context: BrowserContext) -> None:
    client: Client = ada(lab)
    new_repository(client, REPO)
    analysis = Analysis(lab, context.new_page(), "notebook-7.ipynb")
    analysis.write(
        f"%load_ext hubdoi\n%doi use sandbox\n%doi panel {REPO}",
        f"from transformers import AutoModel\nmodel = AutoModel.from_pretrained('{REPO}')",
        kernel="python3",
    ).open(app="notebooks")
    analysis.shows(REPO, "No DOI")
    assert violations(analysis.panel) == []
    analysis.cell(0).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+Enter")
    panel = PanelOnPage(Notebook(lab, analysis.page, analysis.name))
    panel.is_state("No DOI")
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    assert violations(panel.root) == []
    # After a restart the last state stays, and goes on.
    analysis.page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    analysis.page.locator(".lm-Menu-itemLabel").get_by_text("Restart Kernel…", exact=True).click()
    analysis.page.get_by_role("button", name="Confirm Kernel Restart").click()
    panel.shows("It is not connected to a kernel.")
    panel.button("Reconnect").click()
    panel.is_state("Up to date")
    expect(panel.root.locator("[role=alert]")).to_have_count(0)
    analysis.panel.get_by_role("button", name="Ask the Hub again").click()
    expect(analysis.row(REPO)).to_contain_text(str(client.status(REPO).doi), timeout=60 * SECONDS)
