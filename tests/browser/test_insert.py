"""What commands change in the notebook that is open, and not in the file under it."""

from __future__ import annotations

from playwright.sync_api import expect

from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import Notebook
from tests.browser.side_panel import ada, new_repository

REPO = "ada/inserted"


def test_insert_changes_the_open_notebook_as_one_step_to_undo(notebook: Notebook) -> None:
    client = ada(notebook.lab)
    if not client.hf_api().repo_exists(REPO):
        new_repository(client, REPO)
        client.mint(REPO, agree=client.terms(REPO))
    notebook.run("%load_ext hubdoi\n%doi use sandbox")
    notebook.saved()
    notebook.run("kept = 'written since the notebook was saved'")
    output = notebook.run(f"%doi cite {REPO} --insert")
    expect(output.first).to_contain_text("The open notebook is changed; save it to keep that.")
    page = notebook.page
    cell = page.locator(".jp-MarkdownCell", has_text="Bibliography")
    expect(cell.locator(".jp-RenderedMarkdown")).to_contain_text("inserted")
    # One step takes the cell back, and one brings it again.
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.keyboard.press("z")
    expect(cell).to_have_count(0)
    page.keyboard.press("Shift+z")
    expect(cell).to_have_count(1)
    saved = notebook.saved()
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    sources = [one.source for one in saved.cells]
    assert "kept = 'written since the notebook was saved'" in sources
    assert [source.startswith("## Bibliography") for source in sources].count(True) == 1
    assert [one["DOI"] for one in saved.metadata["hubdoi"]["citations"]] == [
        client.status(REPO).doi.name
    ]
    assert notebook.dialogs == []


def test_a_token_is_taken_out_of_the_cell(notebook: Notebook, sandbox: Sandbox) -> None:
    token = sandbox.users["ada"]
    notebook.run("%load_ext hubdoi")
    output = notebook.run(f"%doi use {sandbox.endpoint} --token {token}")
    expect(output.last).to_contain_text("Ada Lovelace")
    cell = notebook.page.locator(".jp-CodeCell").nth(1)
    expect(cell.locator(".cm-content")).to_have_text(f"%doi use {sandbox.endpoint} --token ")
    assert token not in str(notebook.saved())
    # The second time, it is asked for.
    cell.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    field = notebook.page.locator("input.jp-Stdin-input")
    expect(field).to_have_attribute("type", "password")
    field.fill(token)
    field.press("Enter")
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[3]:")
    expect(cell).to_contain_text("Ada Lovelace")
    assert token not in str(notebook.saved())
