"""The side panel "Models & data" beside a real notebook: it follows what is written, and acts on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab
from tests.browser.conftest import SCREENSHOTS
from tests.browser.side_panel import Analysis, ada

BERT, NOTES = "ada/tiny-bert", "datasets/ada/notes"
MODEL = "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('ada/tiny-bert')"
DATA = "from datasets import load_dataset\nnotes = load_dataset('ada/notes')"


@pytest.fixture(scope="module")
def author(lab: Lab) -> Client:
    """Ada, whose model has a DOI in the sandbox of this Jupyter server; her dataset has none."""
    client = ada(lab)
    if client.status(BERT).doi is None:
        client.mint(BERT, agree=client.terms(BERT))
    return client


@pytest.fixture
def analysis(
    lab: Lab, context: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Analysis]:
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    analysis = Analysis(lab, context, f"{name}.ipynb")
    analysis.page.set_viewport_size({"width": 1300, "height": 900})
    yield analysis
    analysis.screenshot(SCREENSHOTS)
    assert analysis.dialogs == []
    lab.shut_down_kernels()


def test_it_follows_what_is_written_without_a_kernel(analysis: Analysis, author: Client) -> None:
    analysis.write("# Title", MODEL, "x = 1").open()
    row = analysis.shows(BERT, "Not pinned")
    expect(row).to_contain_text(str(author.status(BERT).doi))
    expect(row).to_contain_text("cell 2, line 2")
    # Another loading call, as a person types it; the notebook is not saved.
    analysis.cell(2).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+End")
    analysis.page.keyboard.insert_text(f"\n{DATA}")
    expect(analysis.row(NOTES)).to_be_visible(timeout=5 * SECONDS)
    analysis.shows(NOTES, "No DOI")
    assert "load_dataset" not in analysis.file.read_text()
    # The row leads to its line.
    analysis.row(BERT).get_by_role("button", name="cell 2, line 2").click()
    expect(analysis.cell(1)).to_have_class(re.compile("jp-mod-active"))
    assert analysis.selected() == MODEL.splitlines()[1]


def test_a_pin_is_one_step_to_undo(analysis: Analysis, author: Client) -> None:
    second = MODEL.splitlines()[1].replace("model", "again", 1)
    analysis.write(MODEL, f"x = 1\n{second}  # é 😀").open()
    revision = author.status(BERT).revision
    analysis.shows(BERT, "Not pinned")
    analysis.row(BERT).get_by_role("button", name="Pin:").first.click()
    analysis.shows(BERT, "Matches its DOI")
    pinned = f"from_pretrained('ada/tiny-bert', revision=\"{revision}\")"
    assert pinned in analysis.text(0)
    assert pinned in analysis.text(1)
    assert analysis.text(1).endswith("# é 😀")
    analysis.cell(0).locator(".jp-InputPrompt").click()
    analysis.page.keyboard.press("z")
    analysis.shows(BERT, "Not pinned")
    assert analysis.text(0) == MODEL
    assert analysis.text(1) == f"x = 1\n{second}  # é 😀"
