"""The side panel "Models & data" beside real documents: it follows what is written, and acts on it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab, choose_theme, hide_file_browser
from tests.browser.panel_alone import violations
from tests.browser.picture import take
from tests.browser.side_panel import Analysis, ada, new_repository

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
    client.mint(
        EVIL,
        agree=client.terms(EVIL),
        title=EVIL_TITLE,
        description=EVIL_TITLE,
        authors=[{"name": EVIL_TITLE, "type": "organization"}],
    )
    return client


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
    analysis.selects(MODEL.splitlines()[1])
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
    analysis.panel.get_by_role("searchbox").fill("")


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
    expect(analysis.cell(0).locator("img, script, [href^=javascript]")).to_have_count(0)
    expect(analysis.panel.locator("img, script, [href^=javascript]")).to_have_count(0)
    analysis.hover(3, EVIL)
    tooltip = analysis.page.locator(".hubdoi-lab-tooltip")
    expect(tooltip).to_contain_text("<img src=x", timeout=60 * SECONDS)
    expect(tooltip.locator("img, script, [href^=javascript]")).to_have_count(0)
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
        with analysis.page.context.expect_page() as page:
            analysis.action(repo, name)
        expect(page.value).to_have_url(re.compile(f"^{re.escape(url)}"))
        page.value.close()
    (analysis.lab.directory / "made-here.bib").unlink()


def test_other_documents_and_two_notebooks(analysis: Analysis, author: Client) -> None:
    folder = analysis.lab.directory
    (folder / "script.py").write_text(f"{MODEL}\n")
    (folder / "page.md").write_text(f"# T\n\n```{{code-cell}} python\n:tags: [a]\n{DATA}\n```\n")
    (folder / "page.qmd").write_text(f"# T\n\n```{{python}}\n{DATA}\n```\n")
    Analysis(analysis.lab, analysis.page, "other.ipynb").write(DATA)
    analysis.write(MODEL).open()
    analysis.shows(ENGINE, "Not pinned")
    analysis.tab("script.py")
    expect(analysis.shows(ENGINE, "Not pinned")).to_contain_text("line 2")
    analysis.row(ENGINE).get_by_role("button", name="line 2").click()
    analysis.selects(MODEL.splitlines()[1])
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


def test_pictures_of_the_side_panel_which_is_accessible(analysis: Analysis, author: Client) -> None:
    revision = author.status(ENGINE).revision
    analysis.name = "tables-of-1843.ipynb"
    analysis.write(
        "# Which tables does the engine read?\n\nThe model of Lovelace on the tables of 1843.",
        "import pandas as pd\nfrom datasets import load_dataset\nfrom transformers import AutoModel, AutoTokenizer",
        f'tokenizer = AutoTokenizer.from_pretrained("{ENGINE}", revision="{revision}")\n'
        f'model = AutoModel.from_pretrained("{ENGINE}")',
        'tables = load_dataset("ada/tables", split="train")\nframe = tables.to_pandas()\nframe.head()',
        'reader = AutoModel.from_pretrained("ada/not-there")\nbest = AutoModel.from_pretrained(input())',
        "# What follows\n\nEvery number can be read again from the revision that is cited.",
    ).open()
    analysis.shows(TABLES, "No DOI")
    analysis.shows("ada/not-there", "Not found")
    expect(analysis.panel).to_contain_text("Could not be resolved")
    hide_file_browser(analysis.page)
    for theme in ("light", "dark"):
        choose_theme(analysis.page, f"JupyterLab {theme.title()}")
        assert violations(analysis.panel) == []
        take(analysis.page, f"side-panel-{theme}")
    analysis.panel.get_by_role("searchbox").fill("nothing")
    assert violations(analysis.panel) == []
    analysis.panel.get_by_role("searchbox").fill("")


def test_a_hub_that_does_not_answer(lab: Lab, context: BrowserContext) -> None:
    folder = lab.directory.parent / "config" / "lab" / "user-settings" / "hubdoi"
    settings = folder / "plugin.jupyterlab-settings"
    before = settings.read_text()
    settings.write_text('{"hub": "configured"}')
    try:
        # A page of its own, which reads the settings anew.
        analysis = Analysis(lab, context.new_page(), "unanswered.ipynb").write(MODEL).open()
        # What the code says stays; one sentence says what is missing.
        expect(analysis.panel.get_by_role("alert")).to_be_visible(timeout=60 * SECONDS)
        expect(analysis.row(ENGINE)).to_contain_text("cell 1, line 2")
        assert violations(analysis.panel) == []
    finally:
        settings.write_text(before)
