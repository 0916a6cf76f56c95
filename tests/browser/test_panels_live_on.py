"""A panel after a reload, a restart, in a notebook that is opened again, and beside another one."""

from __future__ import annotations

import nbformat
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import SECONDS, Notebook, PanelOnPage

BERT = "ada/tiny-bert"


def test_the_panel_is_there_again_when_the_page_is_loaded_again(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    panel.field("Name").fill("Lovelace, Augusta Ada")
    # The kernel has heard of it: it writes the citation.
    panel.shows("Lovelace, Augusta Ada (")
    notebook.saved()
    notebook.reload()
    panel.is_state("No DOI")
    expect(panel.author()).to_contain_text("Lovelace, Augusta Ada")
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    notebook.saved()
    notebook.reload()
    panel.is_state("Up to date")
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    assert panel.copy("RIS") == str(client.cite(BERT, format="ris"))


def test_after_a_restart_the_last_state_stays_and_reconnects(notebook: Notebook) -> None:
    notebook.run("%load_ext hubdoi\n%doi use sandbox")
    # The sandbox of the Jupyter server outlives the kernel, and is that of the other tests too.
    notebook.run(
        "import hubdoi\napi = hubdoi.hf_api()\n"
        "api.create_repo('ada/tides', repo_type='dataset', exist_ok=True)\n"
        "api.upload_file(path_or_fileobj=b'1', path_in_repo='a.csv', repo_id='ada/tides', repo_type='dataset');"
    )
    notebook.run("%doi panel datasets/ada/tides")
    panel = PanelOnPage(notebook)
    panel.is_state("No DOI")
    panel.field("ORCID iD").fill("0000-0002-1825-0097")
    notebook.page.wait_for_timeout(2 * SECONDS)
    notebook.restart_kernel()
    panel.shows("It is not connected to a kernel.")
    panel.shows("datasets/ada/tides")
    expect(panel.generate).to_be_disabled()
    expect(notebook.page.locator(".jupyter-widgets-disconnected")).to_have_count(0)
    panel.button("Reconnect").click()
    panel.is_state("No DOI")
    expect(panel.author()).to_contain_text("0000-0002-1825-0097")
    expect(panel.agree).not_to_be_checked()
    expect(panel.agree).to_be_enabled()


def test_a_restart_after_the_mint_reconnects_without_a_form(notebook: Notebook) -> None:
    notebook.run("%load_ext hubdoi\n%doi use sandbox --fresh")
    notebook.run("%doi panel datasets/ada/notes")
    panel = PanelOnPage(notebook)
    panel.is_state("No DOI")
    panel.tick()
    panel.generate.click()
    panel.is_state("Up to date")
    expect(panel.agree).to_have_count(0)
    notebook.restart_kernel()
    panel.button("Reconnect").click()
    expect(panel.button("Reconnect")).to_have_count(0, timeout=60 * SECONDS)
    expect(panel.root.locator("[role=alert]")).to_have_count(0)


def test_a_hub_of_another_client_is_not_guessed_after_a_restart(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("No DOI")
    notebook.restart_kernel()
    panel.button("Reconnect").click()
    panel.shows("Run this cell again, after the one that chooses the Hub.")


def test_a_notebook_that_is_opened_again_reads_without_its_kernel(
    notebook: Notebook, sandbox: Sandbox
) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    panel = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Up to date")
    panel.shows("@misc{")
    saved = notebook.saved()
    notebook.lab.shut_down_kernels()
    notebook.open()
    panel.shows("Up to date")
    panel.shows("@misc{")
    expect(panel.button("Reconnect")).to_be_visible()
    expect(notebook.page.locator("body")).not_to_contain_text("model not found")
    html, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(saved))
    page = notebook.page.context.new_page()
    # What nbconvert takes from elsewhere would be waited for.
    page.route("https://**", lambda route: route.abort())
    page.set_content(html)
    expect(page.locator("body")).to_contain_text("The latest DOI matches the current revision.")
    expect(page.locator("body")).to_contain_text("@misc{")


def test_every_panel_follows_the_magic_and_python(notebook: Notebook) -> None:
    notebook.run("%load_ext hubdoi\n%doi use sandbox --fresh")
    notebook.run("%doi panel ada/tiny-bert")
    notebook.run("import hubdoi\nhubdoi.panel('ada/tiny-bert')")
    both = [PanelOnPage(notebook, number) for number in (0, 1)]
    for panel in both:
        panel.is_state("No DOI")
    notebook.run(
        "client = hubdoi.Client()\nclient.mint('ada/tiny-bert', agree=client.terms('ada/tiny-bert')).doi"
    )
    for panel in both:
        panel.is_state("Up to date")
    notebook.run(
        "client.hf_api().upload_file(path_or_fileobj=b'new', path_in_repo='new.txt', repo_id='ada/tiny-bert').oid"
    )
    for panel in both:
        panel.is_state("Changed since DOI")
