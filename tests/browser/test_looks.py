"""Both themes, a narrow column and the saved notebook."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from hubdoi.bibliography import check, review, uses
from hubdoi.client import Client
from hubdoi.records import Displayed
from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import Notebook

BERT = "ada/tiny-bert"
CONTRAST = """root => {
  const channel = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const seen = new Map();
  const read = text => {
    if (!seen.has(text)) seen.set(text, measure(text));
    return seen.get(text);
  };
  const measure = text => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r / 255, g / 255, b / 255, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = node => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.unshift(read(getComputedStyle(at).backgroundColor));
    return layers.reduce((below, top) => over(top, below), [1, 1, 1, 1]);
  };
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (!text || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (["STYLE", "SCRIPT", "OPTION"].includes(node.tagName)) continue;
    if (node.closest(":disabled, [aria-disabled=true], .hubdoi-heard")) continue;
    const back = behind(node);
    const fore = over(read(getComputedStyle(node).color), back);
    const [high, low] = [light(fore), light(back)].sort((a, b) => b - a);
    found.push([text.slice(0, 40), (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""


def _behind(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"\0" * 1_400_000, path_in_repo="model.safetensors", repo_id=BERT
    )


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_contrast_in_both_themes(notebook: Notebook, sandbox: Sandbox, theme: str) -> None:
    _behind(sandbox)
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Changed since DOI")
    panel.shows("the weights")
    panel.shows("@misc")
    panel.field("ORCID iD").fill("0000-0002-1825-0098")
    panel.shows("typing error")
    notebook.run("%load_ext hubdoi\nclient.status('ada/tiny-bert')")
    notebook.run("client.cite('ada/tiny-bert')")
    notebook.theme(theme)
    outputs = [panel.root, *notebook.page.locator(".jp-RenderedHTML .hubdoi").all()]
    assert len(outputs) == 3
    measured = [pair for output in outputs for pair in output.evaluate(CONTRAST)]
    assert len(measured) > 60
    assert [pair for pair in measured if pair[1] < 4.5] == []
    notebook.theme("JupyterLab Light")


def test_a_column_of_400_pixels(notebook: Notebook, sandbox: Sandbox) -> None:
    _behind(sandbox)
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Changed since DOI")
    panel.shows("@misc")
    notebook.run("client.history('ada/tiny-bert')")
    notebook.width(400)
    for output in (panel.root, notebook.page.locator(".jp-RenderedHTML .hubdoi")):
        wide = output.evaluate(
            """root => [...root.querySelectorAll("*")]
              .filter(node => node.checkVisibility() && !node.closest(".hubdoi-scroll, pre, .hubdoi-heard"))
              .filter(node => node.getBoundingClientRect().right > root.getBoundingClientRect().right + 4)
              .map(node => node.outerHTML.slice(0, 120))"""
        )
        assert wide == []
    assert panel.root.evaluate("root => root.clientWidth") <= 400
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")


@pytest.mark.parametrize("width", [400, 560, 760])
def test_no_table_is_wider_than_its_output(
    browser: Browser, sandbox: Sandbox, tmp_path: Path, width: int
) -> None:
    """What to do stands in the last column, which had to be scrolled to."""
    _behind(sandbox)
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    file = tmp_path / "analysis.ipynb"
    loads = [f"AutoModel.from_pretrained('{name}')" for name in (BERT, "grace/none")]
    source = "\n".join([*loads, "load_dataset('ada/notes')"])
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), file)
    shown: list[Displayed] = [
        client.history(BERT),
        client.changes(BERT),
        review(uses(file), client=client),
        check(file, client=client),
    ]
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content("".join(one._repr_mimebundle_()["text/html"] for one in shown))
    widths = page.evaluate(
        "() => [...document.querySelectorAll('.hubdoi-scroll')].map(node => [node.scrollWidth, node.clientWidth, node.textContent.slice(0, 40)])"
    )
    page.close()
    assert len(widths) == 4
    assert [pair for pair in widths if pair[0] > pair[1]] == []


def test_paper_shows_the_whole_text_and_no_button(browser: Browser, sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    shown = client.cite(BERT, format="datacite-json")._repr_mimebundle_()["text/html"]
    page = browser.new_page()
    # As JupyterLab and nbconvert have it.
    page.set_content(f"<style>pre {{ word-break: break-all; }}</style>{shown}")
    text, button = page.locator("pre"), page.get_by_role("button")
    cut = "node => node.scrollHeight > node.clientHeight"
    assert text.evaluate(cut)
    expect(button).to_be_visible()
    page.emulate_media(media="print")
    assert not text.evaluate(cut)
    expect(button).to_be_hidden()
    assert text.evaluate("node => getComputedStyle(node).wordBreak") == "normal"
    page.close()


def test_a_saved_notebook_reads_well_without_a_kernel(notebook: Notebook, sandbox: Sandbox) -> None:
    _behind(sandbox)
    notebook.open_panel(sandbox.endpoint, sandbox.users["ada"]).is_state("Changed since DOI")
    for source in ("client.status('ada/tiny-bert')", "client.cite('ada/tiny-bert')"):
        notebook.run(source)
    saved = notebook.saved()
    bundles = [output["data"] for cell in saved.cells for output in cell.get("outputs", ())]
    assert len(bundles) == 3
    for bundle in bundles:
        assert {"text/plain", "text/markdown", "text/html"} <= bundle.keys()
    # Without the widget, which is an error once its kernel is gone.
    assert "application/vnd.jupyter.widget-view+json" not in bundles[0]
    assert "Run this cell again" in bundles[0]["text/plain"]
    for bundle in bundles[:2]:
        assert "Changed since DOI" in bundle["text/plain"]
    assert "@misc{" in bundles[2]["text/markdown"]
    assert sandbox.users["ada"] not in str(bundles)


def test_the_copy_button_of_a_card(notebook: Notebook, sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    notebook.run(
        f"import hubdoi\nhubdoi.Client({sandbox.endpoint!r}).cite('ada/tiny-bert', format='csl-json')"
    )
    button = notebook.page.get_by_role("button", name="Copy the citation as CSL JSON")
    button.click()
    expect(button).to_have_text("Copied")
    assert notebook.clipboard() == str(client.cite(BERT, format="csl-json"))
    expect(button).to_have_text("Copy")


def test_the_copy_button_where_the_clipboard_is_not_to_be_had(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.shows("@misc")
    # As in a page that is not a secure context; the clipboard itself is read by Ctrl+V.
    notebook.page.evaluate(
        "() => Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })"
    )
    button = panel.root.get_by_role("button", name="Copy the citation as BibTeX")
    button.click()
    expect(panel.root.locator(".hubdoi-copied")).to_have_text("Copied")
    expect(button).to_be_focused()
    editor = notebook.page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content")
    editor.click()
    notebook.page.keyboard.press("Control+v")
    expect(editor).to_contain_text("@misc{lovelace2026tinybert-")
    # The page goes on to other tests.
    notebook.page.evaluate("() => delete navigator.clipboard")


def test_an_output_that_is_not_trusted_can_still_be_read(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    notebook.run(f"import hubdoi\nhubdoi.Client({sandbox.endpoint!r}).cite('ada/tiny-bert')")
    notebook.saved()
    notebook.distrust()
    output = notebook.page.locator(".jp-RenderedHTML")
    expect(output).to_contain_text("@misc{lovelace2026tinybert-")
    expect(output.get_by_role("button")).to_have_count(0)
    expect(output).not_to_contain_text("inline scripts")
