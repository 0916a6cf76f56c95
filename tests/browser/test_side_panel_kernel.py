"""What the side panel says was loaded, in two notebooks with a kernel each, and when one ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Request, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab
from tests.browser.side_panel import Analysis, ada, new_repository

REPO, OTHER = "ada/analysis", "datasets/ada/numbers"
BESIDE = """async path => {
  await window.jupyterapp.commands.execute(
    "docmanager:open", { path, options: { mode: "split-right" } });
}"""


@pytest.fixture(scope="module")
def author(lab: Lab) -> Client:
    client = ada(lab)
    new_repository(client, REPO)
    return client


def document(analysis: Analysis, name: str) -> Locator:
    """The notebook `name`, which becomes the active one."""
    tab = analysis.page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=name)
    tab.click()
    found = analysis.page.locator(f"#{tab.get_attribute('data-id')}")
    expect(found).to_be_visible()
    expect(analysis.panel.locator(".hubdoi-lab-document")).to_have_text(name)
    return found


def execute(notebook: Locator, cell: int) -> None:
    editor = notebook.locator(".jp-CodeCell").nth(cell).locator(".cm-content")
    editor.click()
    notebook.page.keyboard.press("Control+Enter")


def in_kernel_menu(analysis: Analysis, item: str, confirm: str = "") -> None:
    analysis.page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    analysis.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()
    if confirm:
        analysis.page.get_by_role("button", name=confirm).click()


def kernel_is(analysis: Analysis, status: str) -> None:
    """The kernel of the active notebook, as the status bar has it."""
    shown = analysis.page.locator("#jp-main-statusbar").get_by_text(f"| {status}")
    expect(shown).to_be_visible(timeout=60 * SECONDS)


def test_only_what_this_kernel_has_loaded_is_called_loaded(
    analysis: Analysis, author: Client
) -> None:
    loading = (
        "%load_ext hubdoi\nfrom huggingface_hub import hf_hub_download\n"
        f"path = hf_hub_download('{REPO}', 'config.json', endpoint='{author.endpoint}')"
    )
    waiting = "import time\nwhile True: time.sleep(0.1)"
    analysis.write(loading, waiting, "", kernel="python3").open()
    first, second = analysis.name, "second-kernel.ipynb"
    analysis.page.set_viewport_size({"width": 1500, "height": 800})
    row = analysis.shows(REPO, "No DOI")
    loaded = f"loaded{str(author.hf_api().model_info(REPO).sha)[:7]}"
    analysis.name = second
    analysis.write(loading, kernel="python3")
    analysis.page.evaluate(BESIDE, second)
    for name in (first, second):
        notebook = document(analysis, name)
        kernel_is(analysis, "Idle")
        expect(row).not_to_contain_text("loaded")
        execute(notebook, 0)
        expect(row).to_contain_text(loaded, timeout=60 * SECONDS)
    # Another kernel in this notebook: the restarted one has loaded nothing.
    restart = ("Restart Kernel…", "Confirm Kernel Restart")
    in_kernel_menu(analysis, *restart)
    expect(row).not_to_contain_text("loaded")
    notebook = document(analysis, first)
    expect(row).to_contain_text(loaded)
    # While a cell runs, the kernel cannot be asked: what is known of it stays.
    execute(notebook, 1)
    kernel_is(analysis, "Busy")
    notebook.locator(".jp-CodeCell").nth(2).locator(".cm-content").click()
    analysis.page.keyboard.insert_text(
        f"from datasets import load_dataset\nload_dataset('{OTHER.removeprefix('datasets/')}')"
    )
    analysis.shows(OTHER, "Not found")
    expect(row).to_contain_text(loaded)
    notebook = document(analysis, second)
    kernel_is(analysis, "Idle")
    expect(row).not_to_contain_text("loaded")
    execute(notebook, 0)
    expect(row).to_contain_text(loaded, timeout=60 * SECONDS)
    # Back at the busy one; it ends without a word.
    document(analysis, first)
    expect(row).to_contain_text(loaded)
    in_kernel_menu(analysis, "Shut Down Kernel")
    expect(row).not_to_contain_text("loaded")
    document(analysis, second)
    expect(row).to_contain_text(loaded)


def test_a_kernel_at_rest_is_not_asked_again_and_again(analysis: Analysis, author: Client) -> None:
    analysis.write("x = 1", f"AutoModel.from_pretrained('{REPO}')", kernel="python3").open()
    analysis.shows(REPO, "No DOI")
    notebook = document(analysis, analysis.name)
    kernel_is(analysis, "Idle")
    # A second window hears what the first one asks.
    second = Analysis(analysis.lab, analysis.page.context.new_page(), analysis.name)
    second.kernel = analysis.kernel
    second.open()
    second.shows(REPO, "No DOI")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/hubdoi/api/document" in request.url:
            asked.append(request.url)

    for page in (analysis.page, second.page):
        page.on("request", note)
    with second.page.expect_response("**/hubdoi/api/document*"):
        execute(notebook, 0)
    # An absence has no event to wait for; a question that repeats itself does so within a second.
    analysis.page.wait_for_timeout(4 * SECONDS)
    assert len(asked) <= 8
    assert second.dialogs == []
