"""What the side panel, the palette and the editor offer, each as a person does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab, Notebook, PanelOnPage
from tests.browser.side_panel import Analysis, ada, new_repository

ENGINE, TABLES = "ada/loom", "datasets/ada/cards"
MODEL = f"from transformers import AutoModel\nmodel = AutoModel.from_pretrained('{ENGINE}')"
DATA = "from datasets import load_dataset\ncards = load_dataset('ada/cards')"
COMMANDS = """() => {
  const { commands } = window.jupyterapp;
  return commands.listCommands().filter(id => id.startsWith("hubdoi:")).map(
    id => [commands.label(id), commands.caption(id), commands.icon(id)?.name ?? ""]);
}"""


@pytest.fixture(scope="module")
def author(lab: Lab) -> Client:
    """Ada, with a model that has a DOI, and a dataset without one."""
    client = ada(lab)
    new_repository(client, ENGINE)
    new_repository(client, "ada/cards", type="dataset")
    client.mint(ENGINE, agree=client.terms(ENGINE))
    return client


def test_mint_in_a_tab_with_a_kernel_of_its_own_and_in_a_new_cell(
    analysis: Analysis, author: Client
) -> None:
    repo = "ada/minted-beside"
    new_repository(author, repo)
    analysis.write(MODEL.replace(ENGINE, repo)).open()
    row = analysis.shows(repo, "No DOI")
    row.get_by_role("button", name="Mint …").click()
    panel = PanelOnPage(Notebook(analysis.lab, analysis.page, analysis.name))
    expect(analysis.page.locator(".hubdoi-lab-mint .hubdoi-panel")).to_be_visible()
    # Until the kernel has started, nothing is said of a lost one.
    expect(panel.button("Refresh").or_(panel.button("Reconnect"))).to_be_visible(
        timeout=60 * SECONDS
    )
    expect(panel.button("Reconnect")).to_have_count(0)
    panel.is_state("No DOI")
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    # The row follows without being asked to.
    expect(row).to_contain_text(str(author.status(repo).doi))
    analysis.page.locator(".lm-TabBar-tab", has_text=f"DOI: {repo}").locator(
        ".lm-TabBar-tabCloseIcon"
    ).click()
    expect(panel.root).to_have_count(0)
    # With a kernel, the next DOI in a new cell of the notebook.
    author.hf_api().upload_file(path_or_fileobj=b"new", path_in_repo="new.bin", repo_id=repo)
    analysis.name = "mint-in-a-cell.ipynb"
    analysis.write(MODEL.replace(ENGINE, repo), "x = 1", kernel="python3")
    analysis.tab(analysis.name)
    idle = analysis.page.locator("#jp-main-statusbar").get_by_text("| Idle")
    expect(idle).to_be_visible(timeout=60 * SECONDS)
    analysis.panel.get_by_role("button", name="Ask the Hub again").click()
    row = analysis.row(repo)
    expect(row.get_by_role("button", name="Mint …")).to_be_visible()
    analysis.action(repo, "Mint in a New Cell…")
    panel = PanelOnPage(panel.notebook)
    panel.is_state("Changed since DOI")
    expect(analysis.page.locator(".jp-CodeCell .hubdoi-panel")).to_be_visible()
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    expect(row).to_contain_text(str(author.history(repo)[0].doi))
    assert len(author.history(repo)) == 2


def test_a_citation_at_the_cursor_in_each_form_is_one_step_to_undo(
    analysis: Analysis, author: Client
) -> None:
    text = "# Title\n\nSee  for the engine."
    analysis.write(text, MODEL).open()
    analysis.shows(ENGINE, "Not pinned")
    (key,) = re.findall(r"@\w+\{([^,]+),", str(author.cite(ENGINE)))
    link = f"[loom]({author.endpoint}/doi/{author.status(ENGINE).doi})"
    analysis.cell(0).dblclick()
    editor = analysis.cell(0).locator(".cm-content")
    editor.press("Control+Home")
    for key_press in ("ArrowDown", "ArrowDown", *["ArrowRight"] * 4):
        editor.press(key_press)
    try:
        for choice, citation in (
            ("link", link),
            ("myst", f"[@{key}]"),
            ("cite", f"{{cite:p}}`{key}`"),
        ):
            if choice != "link":  # which is the default
                analysis.setting("insertAs", choice)
            analysis.action(ENGINE, "Insert Citation at the Cursor")
            expect(editor).to_contain_text(f"See {citation} for the engine.")
            analysis.page.keyboard.press("Control+z")
            expect(editor).to_contain_text("See  for the engine.")
    finally:
        analysis.setting("insertAs", "link")
    assert analysis.text(0) == text
    # A citation as text has the style of the settings.
    analysis.setting("citationStyle", "ieee")
    try:
        analysis.action(ENGINE, "Copy Citation as Text")
        analysis.says("Copied.")
    finally:
        analysis.setting("citationStyle", "apa")
    assert analysis.clipboard() == str(author.cite(ENGINE, format="text", style="ieee"))
    # Without a Markdown cell it gets one, below the cell that is active.
    analysis.cell(1).locator(".cm-content").click()
    analysis.action(ENGINE, "Insert Citation at the Cursor")
    expect(analysis.cell(2).locator(".cm-content")).to_have_text(link)


def test_marks_under_unpinned_loads_and_what_tab_completes(
    analysis: Analysis, author: Client
) -> None:
    analysis.write(MODEL).open()
    analysis.shows(ENGINE, "Not pinned")
    marks = analysis.page.locator(".hubdoi-lab-unpinned")
    editor = analysis.cell(0).locator(".cm-content")
    # Off by default: long after a change nothing is marked.
    editor.click()
    analysis.page.keyboard.press("Control+End")
    analysis.page.keyboard.insert_text(f"\n{DATA}")
    analysis.shows(TABLES, "No DOI")
    expect(marks).to_have_count(0)
    try:
        analysis.setting("diagnostics", True)
        expect(marks).to_have_text([ENGINE, "ada/cards"])
        editor.click()
        analysis.page.keyboard.press("Control+End")
        analysis.page.keyboard.press("Backspace")
        analysis.page.keyboard.insert_text(", revision='main')")
        expect(marks).to_have_text([ENGINE])
    finally:
        analysis.setting("diagnostics", False)
    expect(marks).to_have_count(0)
    # Tab completes a name, and the revision that has a DOI; there is no kernel.
    editor.click()
    analysis.page.keyboard.press("Control+a")
    analysis.page.keyboard.insert_text("m = AutoModel.from_pretrained('ada/loo")
    _complete(analysis, editor, f"from_pretrained('{ENGINE}")
    analysis.page.keyboard.insert_text("', revision='")
    _complete(analysis, editor, f"revision='{author.status(ENGINE).revision}")


def _complete(analysis: Analysis, editor: Locator, wanted: str) -> None:
    """Press Tab, and choose what is offered; the only thing that fits is written at once.

    JupyterLab waits a second for what is offered; what comes later is there at the next Tab.
    """
    page = analysis.page
    done = page.locator(".jp-Completer-item").first.or_(editor.filter(has_text=wanted))
    for _ in range(10):
        page.keyboard.press("Tab")
        try:
            expect(done).to_be_visible(timeout=3 * SECONDS)
            break
        except AssertionError:
            continue
    if wanted not in editor.inner_text():
        page.keyboard.press("Enter")
    expect(editor).to_contain_text(wanted)


def test_the_palette_the_toolbar_and_the_status_bar(analysis: Analysis, author: Client) -> None:
    analysis.write("# Title", MODEL, DATA).open()
    analysis.shows(ENGINE, "Not pinned")
    analysis.shows(TABLES, "No DOI")
    commands = analysis.page.evaluate(COMMANDS)
    assert len(commands) == 16
    assert all(all(words) for words in commands)
    analysis.page.keyboard.press("Control+Shift+c")
    analysis.page.locator(".lm-CommandPalette-input").fill("doi")
    listed = analysis.page.locator('.lm-CommandPalette-item[data-command^="hubdoi:"]')
    expect(listed).to_have_count(7)
    for item in listed.all():
        expect(item.locator("svg")).to_have_count(1)
    analysis.page.keyboard.press("Escape")
    button = analysis.page.locator(".hubdoi-lab-toolbar:visible")
    expect(button).to_have_attribute("data-count", "4")
    # The status item leads to the panel, also when it was closed, and so does the shortcut.
    side = analysis.page.locator('.lm-TabBar-tab[data-id="hubdoi-models-and-data"]')
    status = analysis.page.locator("#jp-main-statusbar").get_by_text("1 model, 1 dataset")
    for show in (status.click, lambda: analysis.page.keyboard.press("Control+Shift+Alt+d")):
        side.click()
        expect(analysis.panel).to_be_hidden()
        show()
        expect(analysis.panel).to_be_visible()
    with analysis.page.context.expect_page() as opened:
        analysis.run("Open the DOI Sandbox")
    expect(opened.value).to_have_url(re.compile(f"^{re.escape(author.endpoint)}"))
    opened.value.close()
    # The bibliography cell is written once, refreshed after that, and one step takes it back.
    cell = analysis.page.locator(".jp-MarkdownCell", has_text="Bibliography")
    for _ in range(2):
        analysis.panel.get_by_role("button", name="Cite all").click()
        analysis.says("The bibliography cell is up to date.")
        expect(cell).to_have_count(1)
    expect(cell.locator(".jp-RenderedMarkdown")).to_contain_text("loom")
    # What is cited there is no finding any more: two loads without a revision are left.
    expect(button).to_have_attribute("data-count", "2")
    button.locator("jp-button, button").first.click()
    analysis.says("2 findings.")
    expect(analysis.panel.get_by_role("button", name="To fix 2")).to_have_attribute(
        "aria-pressed", "true"
    )
    analysis.panel.get_by_role("button", name=re.compile("^All")).click()
    analysis.undo()
    expect(button).to_have_attribute("data-count", "4")


def test_the_bib_file_that_is_selected_and_a_server_without_the_extension(
    analysis: Analysis, author: Client
) -> None:
    bib = analysis.lab.directory / "selected.bib"
    bib.write_text("")
    try:
        analysis.write(MODEL).open()
        analysis.shows(ENGINE, "Not pinned")
        analysis.page.locator(".jp-DirListing-itemName").get_by_text("selected.bib").click()
        analysis.action(ENGINE, "Add to a .bib File…")
        analysis.says("Written to selected.bib.")
        assert str(author.status(ENGINE).doi) in bib.read_text()
    finally:
        bib.unlink()
    # As where hubdoi is not installed: the real server's answer for a URL that it does not know.
    analysis.page.route(
        "**/hubdoi/api/*", lambda route: route.continue_(url=f"{analysis.lab.url}hubdoi/none")
    )
    analysis.cell(0).locator(".cm-content").click()
    analysis.page.keyboard.press("Control+End")
    analysis.page.keyboard.insert_text("\nmore = 1")
    expect(analysis.panel.get_by_role("alert")).to_have_text(
        "This server does not have the hubdoi extension. Install hubdoi where the server runs, "
        "and restart it."
    )
    # What was known stays, and so does the document.
    expect(analysis.row(ENGINE)).to_be_visible()
    assert analysis.text(0).endswith("more = 1")
    analysis.hover(0, ENGINE)
    analysis.panel.get_by_role("button", name="Cite all").click()
    analysis.says("This server does not have the hubdoi extension.")
    expect(analysis.page.locator(".hubdoi-lab-tooltip")).to_have_count(0)
