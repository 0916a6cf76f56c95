"""The side panel "Models & data" beside real documents: it follows what is written, and acts on it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab, choose_theme
from tests.browser.conftest import SCREENSHOTS
from tests.browser.side_panel import Analysis, ada, new_repository
from tests.browser.test_looks import CONTRAST

ENGINE, TABLES, EVIL = "ada/engine", "datasets/ada/tables", "ada/evil"
MODEL = "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('ada/engine')"
DATA = "from datasets import load_dataset\ntables = load_dataset('ada/tables')"
EVIL_TITLE = '<img src=x onerror=alert(1)> [x](javascript:alert(2)) "><script>alert(3)</script> $x$'


@pytest.fixture(scope="module")
def author(lab: Lab) -> Client:
    """Ada, in the sandbox of this Jupyter server: a model with a DOI, a dataset without one."""
    client = ada(lab)
    if client.hf_api().repo_exists(ENGINE):
        return client
    new_repository(client, ENGINE)
    new_repository(client, "ada/tables", type="dataset")
    new_repository(client, EVIL)
    client.mint(ENGINE, agree=client.terms(ENGINE))
    client.mint(EVIL, agree=client.terms(EVIL), title=EVIL_TITLE)
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


@contextmanager
def opened(analysis: Analysis) -> Iterator[list[Page]]:
    """The page that is opened meanwhile; it is closed again."""
    found: list[Page] = []
    with analysis.page.context.expect_page() as page:
        yield found
    page.value.wait_for_load_state()
    found.append(page.value)


def test_it_follows_what_is_written_without_a_kernel(analysis: Analysis, author: Client) -> None:
    analysis.write("# Title", MODEL, "x = 1").open()
    row = analysis.shows(ENGINE, "Not pinned")
    expect(row).to_contain_text(str(author.status(ENGINE).doi))
    expect(row).to_contain_text("cell 2, line 2")
    # Another loading call, as a person types it; the notebook is not saved.
    analysis.cell(2).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+End")
    analysis.page.keyboard.insert_text(f"\n{DATA}")
    analysis.shows(TABLES, "No DOI")
    assert "load_dataset" not in analysis.file.read_text()
    # A broken cell hides no other.
    analysis.page.keyboard.insert_text("\ndef broken(")
    analysis.shows(ENGINE, "Not pinned")
    # The row leads to its line.
    analysis.row(ENGINE).get_by_role("button", name="cell 2, line 2").click()
    expect(analysis.cell(1)).to_have_class(re.compile("jp-mod-active"))
    assert analysis.selected() == MODEL.splitlines()[1]
    # Filters.
    for name, shown in (
        ("Models 1", [ENGINE]),
        ("Datasets 1", [TABLES]),
        ("All 2", [ENGINE, TABLES]),
    ):
        analysis.panel.get_by_role("button", name=name).click()
        for repo in (ENGINE, TABLES):
            expect(analysis.row(repo)).to_have_count(int(repo in shown))
    analysis.panel.get_by_role("searchbox").fill("tab")
    expect(analysis.row(ENGINE)).to_have_count(0)
    analysis.panel.get_by_role("searchbox").fill("nothing")
    expect(analysis.panel).to_contain_text("Nothing matches this filter.")
    # The page again: the panel is where it was.
    analysis.save()
    analysis.page.reload()
    analysis.without_kernel()
    analysis.shows(ENGINE, "Not pinned")
    # The server does not answer: one sentence, and what was known stays.
    analysis.page.context.set_offline(True)
    analysis.panel.get_by_role("button", name="Ask the Hub again").click()
    expect(analysis.panel.get_by_role("alert")).to_contain_text(
        "The Jupyter server does not answer."
    )
    analysis.shows(ENGINE, "Not pinned")
    analysis.page.context.set_offline(False)
    analysis.panel.get_by_role("button", name="Ask the Hub again").click()
    expect(analysis.panel.get_by_role("alert")).to_have_count(0, timeout=30 * SECONDS)


def test_a_pin_is_one_step_to_undo(analysis: Analysis, author: Client) -> None:
    second = MODEL.splitlines()[1].replace("model", "again", 1)
    analysis.write(MODEL, f"x = 1\n{second}  # é 😀", DATA).open()
    revision = author.status(ENGINE).revision
    analysis.shows(ENGINE, "Not pinned")
    analysis.row(ENGINE).get_by_role("button", name="Pin:").click()
    analysis.shows(ENGINE, "Matches its DOI")
    pinned = f"from_pretrained('ada/engine', revision=\"{revision}\")"
    assert pinned in analysis.text(0)
    assert pinned in analysis.text(1)
    assert analysis.text(1).endswith("# é 😀")
    assert analysis.text(2) == DATA
    analysis.undo()
    analysis.shows(ENGINE, "Not pinned")
    assert analysis.text(0) == MODEL
    assert analysis.text(1) == f"x = 1\n{second}  # é 😀"
    # Everything: the dataset has no DOI, so its latest commit is pinned.
    analysis.panel.get_by_role("button", name="Pin all").click()
    analysis.shows(ENGINE, "Matches its DOI")
    expect(analysis.cell(2)).to_contain_text("revision=")
    assert pinned in analysis.text(0)
    analysis.undo()
    analysis.shows(ENGINE, "Not pinned")
    assert [analysis.text(n) for n in (0, 2)] == [MODEL, DATA]


def test_every_action_of_a_row(analysis: Analysis, author: Client) -> None:
    analysis.write("# Title", MODEL, DATA, f"AutoModel.from_pretrained('{EVIL}')").open()
    analysis.shows(ENGINE, "Not pinned")
    analysis.shows(EVIL, "Not pinned")
    analysis.row(ENGINE).get_by_role("button", name="Cite: Copy the citation").click()
    analysis.says("Copied.")
    assert analysis.clipboard() == str(author.cite(ENGINE))
    analysis.action(ENGINE, "Copy Citation as Text")
    analysis.says("Copied.")
    assert analysis.clipboard() == str(author.cite(ENGINE, format="text", style="apa"))
    # A title that would be markup is text, in the panel and in the notebook.
    analysis.cell(0).click()
    for repo in (EVIL, ENGINE):
        analysis.action(repo, "Insert Citation at the Cursor")
    doi = author.status(ENGINE).doi
    link = f"[engine]({author.endpoint}/doi/{doi})"
    expect(analysis.cell(0)).to_contain_text(link)
    analysis.page.keyboard.press("Shift+Enter")
    expect(analysis.cell(0).locator(".jp-RenderedMarkdown")).to_contain_text("<img src=x")
    expect(analysis.cell(0).get_by_role("link", name="engine")).to_be_visible()
    assert analysis.cell(0).locator("img, script, [href^=javascript]").count() == 0
    expect(analysis.row(EVIL).locator("img, script")).to_have_count(0)
    # The entry goes into a file beside the notebook.
    analysis.action(ENGINE, "Add to a .bib File…")
    analysis.page.locator(".jp-Dialog input").fill("made-here.bib")
    analysis.page.get_by_role("button", name="Ok", exact=True).click()
    analysis.says("Written to made-here.bib.")
    assert str(doi) in (analysis.lab.directory / "made-here.bib").read_text()
    # Pages of the Hub.
    for repo, name, url in (
        (ENGINE, "Open the Repository", f"{author.endpoint}/ada/engine"),
        (ENGINE, "Open the DOI", f"{author.endpoint}/ada/engine"),
        (
            TABLES,
            "Ask the Owner for a DOI…",
            f"{author.endpoint}/datasets/ada/tables/discussions/new",
        ),
    ):
        with opened(analysis) as pages:
            analysis.action(repo, name)
        assert pages[0].url.startswith(url)
        pages[0].close()
    (analysis.lab.directory / "made-here.bib").unlink()


def test_the_notebook_as_a_whole(analysis: Analysis, author: Client) -> None:
    analysis.write(MODEL, DATA).open()
    analysis.shows(TABLES, "No DOI")
    button = analysis.page.locator(".hubdoi-lab-toolbar")
    expect(button).to_have_attribute("data-count", "4")
    expect(analysis.page.locator(".hubdoi-lab-status")).to_have_text("1 model, 1 dataset")
    # The bibliography cell, in the palette and again in the menu: it is refreshed.
    analysis.run("Cite What This Notebook Uses")
    analysis.says("The bibliography cell is up to date.")
    bibliography = analysis.cell(2).locator(".jp-RenderedMarkdown")
    expect(bibliography).to_contain_text(str(author.status(ENGINE).doi))
    analysis.page.locator(".lm-MenuBar-itemLabel").get_by_text("DOI", exact=True).click()
    analysis.page.locator(".lm-Menu-itemLabel").get_by_text("Cite What This Notebook Uses").click()
    analysis.says("The bibliography cell is up to date.")
    expect(analysis.page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)
    # Cited now, but not pinned.
    expect(button).to_have_attribute("data-count", "2")
    button.click()
    analysis.says("2 findings.")
    expect(analysis.panel.get_by_role("button", name="To fix 2")).to_have_attribute(
        "aria-pressed", "true"
    )
    # The palette finds everything by three letters.
    analysis.page.keyboard.press("Control+Shift+c")
    analysis.page.locator(".lm-CommandPalette-input").fill("doi")
    labels = analysis.page.locator(".lm-CommandPalette-itemLabel")
    for label in (
        "Check Citations",
        "Mint a DOI…",
        "Open the DOI Sandbox",
        "Cite What This Notebook Uses",
    ):
        expect(labels.get_by_text(label, exact=True)).to_be_visible()


def test_other_documents_and_two_notebooks(analysis: Analysis, author: Client) -> None:
    folder = analysis.lab.directory
    (folder / "script.py").write_text(f"{MODEL}\n")
    (folder / "page.md").write_text(f"# T\n\n```{{code-cell}} python\n:tags: [a]\n{DATA}\n```\n")
    (folder / "page.qmd").write_text(f"# T\n\n```{{python}}\n{DATA}\n```\n")
    other = Analysis(analysis.lab, analysis.page.context, "other.ipynb")
    other.page.close()
    other.write(DATA)
    analysis.write(MODEL).open()
    analysis.shows(ENGINE, "Not pinned")
    analysis.tab("script.py")
    expect(analysis.shows(ENGINE, "Not pinned")).to_contain_text("line 2")
    analysis.row(ENGINE).get_by_role("button", name="line 2").click()
    assert analysis.selected() == MODEL.splitlines()[1]
    # A text is pinned in its editor, and one step takes it back.
    for name in ("page.md", "page.qmd"):
        analysis.tab(name)
        analysis.shows(TABLES, "No DOI")
        editor = analysis.page.locator(".jp-FileEditor .cm-content:visible")
        analysis.row(TABLES).get_by_role("button", name="Pin:").click()
        expect(editor).to_contain_text("load_dataset('ada/tables', revision=\"")
        editor.click()
        analysis.page.keyboard.press("Control+z")
        expect(editor).not_to_contain_text("revision=")
    analysis.tab("other.ipynb")
    analysis.page.locator(".jp-Dialog").wait_for()
    analysis.page.keyboard.press("Escape")
    analysis.shows(TABLES, "No DOI")
    expect(analysis.row(ENGINE)).to_have_count(0)
    analysis.tab(analysis.name)
    analysis.shows(ENGINE, "Not pinned")
    expect(analysis.row(TABLES)).to_have_count(0)


def test_a_kernel_adds_what_was_loaded_and_the_mint_panel(
    analysis: Analysis, author: Client
) -> None:
    revision = str(author.status(ENGINE).revision)
    load = (
        "%load_ext hubdoi\nfrom huggingface_hub import snapshot_download\n"
        f"_ = snapshot_download('ada/engine', endpoint={author.endpoint!r})"
    )
    analysis.write(load, DATA, kernel="python3").open()
    analysis.shows(ENGINE, "Not pinned")
    expect(analysis.row(ENGINE)).not_to_contain_text("loaded")
    idle = analysis.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
    idle.wait_for(timeout=60 * SECONDS)
    analysis.cell(0).locator(".cm-content").click()
    analysis.page.keyboard.press("Shift+Enter")
    expect(analysis.row(ENGINE)).to_contain_text(f"loaded{revision[:7]}", timeout=60 * SECONDS)
    # The mint panel, in a tab beside the notebook; the menu has it in a new cell too.
    analysis.row(TABLES).get_by_role("button", name="Mint").click()
    mint = analysis.page.locator(".hubdoi-lab-mint")
    expect(mint).to_contain_text("ada/tables", timeout=60 * SECONDS)
    expect(mint.get_by_role("checkbox")).to_be_visible(timeout=60 * SECONDS)
    analysis.tab(analysis.name)
    analysis.page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    analysis.page.locator(".lm-Menu-itemLabel").get_by_text("Restart Kernel…", exact=True).click()
    analysis.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(analysis.row(ENGINE)).not_to_contain_text("loaded", timeout=60 * SECONDS)


def test_in_the_editor(analysis: Analysis, author: Client) -> None:
    analysis.write(
        MODEL, "load_dataset('ada/tab", "AutoModel.from_pretrained('ada/engine', revision='"
    ).open()
    analysis.shows(ENGINE, "Not pinned")
    name = analysis.cell(0).locator(".cm-line span", has_text="ada/engine").last
    name.hover()
    tooltip = analysis.page.locator(".hubdoi-lab-tooltip")
    expect(tooltip).to_contain_text(str(author.status(ENGINE).doi), timeout=20 * SECONDS)
    for number, found in ((1, "ada/tables"), (2, str(author.status(ENGINE).revision))):
        analysis.cell(number).locator(".cm-content").click()
        analysis.page.keyboard.press("Control+End")
        analysis.page.keyboard.press("Tab")
        expect(analysis.cell(number)).to_contain_text(found, timeout=20 * SECONDS)
    marks = analysis.page.locator(".hubdoi-lab-unpinned")
    expect(marks).to_have_count(0)
    analysis.setting("Mark loads that are not pinned", True)
    expect(marks.first).to_have_text("ada/engine")
    analysis.setting("Insert citations as", "myst")
    analysis.cell(0).click()
    analysis.action(ENGINE, "Insert Citation at the Cursor")
    expect(analysis.cell(1)).to_contain_text(re.compile(r"\[@\w+-\w+\]"))
    analysis.setting("Insert citations as", "link")
    analysis.setting("Mark loads that are not pinned", False)
    expect(marks).to_have_count(0)


LONG_TASKS = """() => {
  window.longTasks = [];
  const note = (list) => list.getEntries().forEach((one) => window.longTasks.push(Math.round(one.duration)));
  new PerformanceObserver(note).observe({ type: "longtask" });
}"""


def test_a_notebook_of_2000_cells(
    analysis: Analysis, author: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [f"x{n} = {n}\ny{n} = x{n} + 1" for n in range(2000)]
    sources[1990] = MODEL
    analysis.write(*sources).open()
    analysis.shows(ENGINE, "Not pinned")
    analysis.row(ENGINE).get_by_role("button", name="cell 1991, line 2").click()
    expect(analysis.page.locator(".jp-Notebook .jp-mod-active")).to_contain_text("ada/engine")
    assert analysis.selected() == MODEL.splitlines()[1]
    analysis.page.evaluate(LONG_TASKS)
    # An edited cell is sent alone: all others by their ids.
    with analysis.page.expect_request("**/hubdoi/api/document") as asked:
        analysis.page.keyboard.press("ArrowRight")
        analysis.page.keyboard.insert_text(f"\n{DATA}")
    analysis.shows(TABLES, "No DOI")
    cells = asked.value.post_data_json["cells"]
    assert (len(cells), [cell for cell in cells if "source" in cell]) == (
        2000,
        [{"id": cells[1990]["id"], "type": "code", "source": f"{MODEL}\n{DATA}", "cited": ""}],
    )
    # Reported, not asserted: how long a task takes depends on the machine and on JupyterLab itself.
    tasks = analysis.page.evaluate("window.longTasks")
    with capsys.disabled():
        print(f"\n2,000 cells, one edited: tasks over 50 ms in the page: {tasks or 'none'} (ms)")


def test_notebook_7(analysis: Analysis, author: Client) -> None:
    analysis.write(MODEL, DATA).open(app="notebook")
    analysis.shows(ENGINE, "Not pinned")
    analysis.row(ENGINE).get_by_role("button", name="Pin:").click()
    analysis.shows(ENGINE, "Matches its DOI")
    assert str(author.status(ENGINE).revision) in analysis.text(0)
    analysis.row(TABLES).get_by_role("button", name="cell 2, line 2").click()
    assert analysis.selected() == DATA.splitlines()[1]
    # Without a kernel, the mint panel has one of its own.
    analysis.row(TABLES).get_by_role("button", name="Mint").click()
    mint = analysis.page.locator(".hubdoi-lab-mint")
    expect(mint.get_by_role("checkbox")).to_be_visible(timeout=60 * SECONDS)


def test_pictures_of_the_side_panel(analysis: Analysis, author: Client) -> None:
    model, encoder, sea, gauges = (
        "ada/tide-predictor",
        "ada/tide-encoder",
        "ada/sea-level",
        "tide-gauges",
    )
    for name in (model, encoder, sea):
        new_repository(author, name)
        author.mint(name, agree=author.terms(name))
    new_repository(author, f"ada/{gauges}", type="dataset")
    author.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="weights.bin", repo_id=encoder)
    analysis.write(
        "# Tides at Southampton\n\nWhich harbours does the model predict within ten centimetres?",
        f'from datasets import load_dataset\n\ngauges = load_dataset("ada/{gauges}", split="test")',
        "from transformers import AutoModel\n\n"
        f'encoder = AutoModel.from_pretrained("{encoder}", revision="{author.status(encoder).head}")\n'
        f'model = AutoModel.from_pretrained("{model}", revision="{author.status(model).revision}")',
        f'baseline = AutoModel.from_pretrained("{sea}")',
        "errors = [abs(model(encoder(row)) - row.level) for row in gauges]",
    ).open()
    analysis.shows(model, "Matches its DOI")
    analysis.shows(encoder, "Changed since DOI")
    page = analysis.page
    page.set_viewport_size({"width": 1240, "height": 700})
    page.locator('.lm-TabBar-tab[data-id="filebrowser"]').click()
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    directory = Path(os.environ.get("HUBDOI_PICTURES") or SCREENSHOTS)
    directory.mkdir(parents=True, exist_ok=True)
    for theme in ("Dark", "Light"):
        choose_theme(page, f"JupyterLab {theme}")
        page.mouse.move(600, 600)
        for part in (analysis.panel, page.locator(".hubdoi-lab-status")):
            assert [pair for pair in part.evaluate(CONTRAST) if pair[1] < 4.5] == []
        page.screenshot(path=directory / f"side-panel-{theme.lower()}.png", animations="disabled")
    # The narrowest panel: nothing is cut off.
    wide = analysis.panel.evaluate(
        """root => [...root.querySelectorAll("button, a, p, span, code")]
          .filter(node => node.checkVisibility() && !node.closest(".hubdoi-lab-heard"))
          .filter(node => node.getBoundingClientRect().right > root.getBoundingClientRect().right)
          .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    analysis.row(f"datasets/ada/{gauges}").get_by_role("button", name="More actions").click()
    page.locator(".lm-Menu").wait_for()
    clip = {"x": 840.0, "y": 30.0, "width": 400.0, "height": 520.0}
    page.screenshot(path=directory / "side-panel-menu.png", clip=clip, animations="disabled")  # type: ignore[arg-type]
    page.keyboard.press("Escape")
    analysis.cell(2).locator(".cm-line span", has_text=model).last.hover()
    page.locator(".hubdoi-lab-tooltip").wait_for()
    box = analysis.cell(2).bounding_box()
    assert box is not None
    clip = {"x": box["x"], "y": box["y"] - 60, "width": box["width"], "height": box["height"] + 60}
    page.screenshot(path=directory / "side-panel-tooltip.png", clip=clip, animations="disabled")  # type: ignore[arg-type]
