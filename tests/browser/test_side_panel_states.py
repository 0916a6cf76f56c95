"""Each state of the side panel: accessible in both themes, and photographed."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab
from tests.browser.panel_alone import violations
from tests.browser.picture import take
from tests.browser.side_panel import Analysis, ada, new_repository

REPO = "ada/difference"
CODE = f"from transformers import AutoModel\nmodel = AutoModel.from_pretrained('{REPO}')"
THEME = (
    "async theme => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme}) }"
)


@pytest.fixture(scope="module")
def author(lab: Lab) -> Client:
    client = ada(lab)
    new_repository(client, REPO)
    return client


def choose(page: Page, theme: str) -> None:
    page.evaluate(THEME, f"JupyterLab {theme.title()}")
    light = str(theme == "light").lower()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0, timeout=60 * SECONDS)


def photograph(analysis: Analysis, name: str) -> None:
    analysis.page.set_viewport_size({"width": 1300, "height": 700})
    for theme in ("light", "dark"):
        choose(analysis.page, theme)
        assert violations(analysis.panel) == [], (name, theme)
        take(analysis.panel, f"side-panel-{name}-{theme}")


def test_pictures_of_reading_and_of_a_hub_that_does_not_answer(
    analysis: Analysis, author: Client
) -> None:
    waiting: list[Route] = []
    refuses = False

    def refuse(route: Route) -> None:
        route.fulfill(status=502, body=json.dumps({"message": "The Hub did not answer in time."}))

    def hold(route: Route) -> None:
        """The question about the code alone is answered, the one that asks the Hub waits."""
        if refuses:
            refuse(route)
        elif (route.request.post_data_json or {}).get("ask"):
            waiting.append(route)
        else:
            route.continue_()

    analysis.page.route("**/hubdoi/api/document*", hold)
    analysis.write(CODE).open()
    analysis.shows(REPO, "Loading …")
    photograph(analysis, "loading")
    refuses = True
    for route in waiting:
        refuse(route)
    expect(analysis.panel.get_by_role("alert")).to_have_text("The Hub did not answer in time.")
    # The Hub will not answer any more: nothing is said to be loading.
    analysis.shows(REPO, "Not known")
    photograph(analysis, "offline")


def test_pictures_of_what_is_empty(analysis: Analysis, author: Client) -> None:
    analysis.write(CODE).open()
    analysis.shows(REPO, "No DOI")
    analysis.panel.get_by_role("searchbox").fill("nothing like it")
    expect(analysis.panel).to_contain_text("Nothing matches this filter.")
    photograph(analysis, "no-hit")
    analysis.panel.get_by_role("searchbox").fill("")
    analysis.cell(0).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+a")
    analysis.page.keyboard.insert_text("x = 1")
    expect(analysis.panel).to_contain_text("This document loads no model or dataset from a Hub.")
    photograph(analysis, "empty")
    analysis.page.evaluate(
        """() => {
          const one = [...window.jupyterapp.shell.widgets("main")].find(({ context }) => context);
          one.context.model.dirty = false;
          one.dispose();
        }"""
    )
    expect(analysis.panel).to_contain_text("Open a notebook, or a .py, .md or .qmd file")
    expect(analysis.panel.get_by_role("searchbox")).to_be_hidden()
    expect(analysis.panel.get_by_role("button", name="Cite all")).to_be_hidden()
    photograph(analysis, "no-document")


def test_pictures_of_what_was_loaded(analysis: Analysis, author: Client) -> None:
    commit = author.hf_api().model_info(REPO).sha
    analysis.write(
        "%load_ext hubdoi\nfrom huggingface_hub import hf_hub_download\n"
        f"path = hf_hub_download('{REPO}', 'config.json', endpoint='{author.endpoint}')",
        kernel="python3",
    ).open()
    row = analysis.shows(REPO, "No DOI")
    expect(row).not_to_contain_text("loaded")
    analysis.cell(0).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+Enter")
    expect(row).to_contain_text(f"loaded{str(commit)[:7]}", timeout=60 * SECONDS)
    photograph(analysis, "loaded")
    # While nothing happens, nothing is asked: not the server, and so not the kernel either.
    asked: list[str] = []
    analysis.page.on("request", lambda request: asked.append(request.url))
    analysis.page.wait_for_timeout(3 * SECONDS)
    assert [url for url in asked if "hubdoi/api/" in url] == []
