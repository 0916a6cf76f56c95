"""What strangers write shows as text: nothing runs, no dialog opens, no request leaves."""

from __future__ import annotations

from playwright.sync_api import expect

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox
from tests.browser.browser_lab import Notebook, PanelOnPage

BERT = "ada/tiny-bert"
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><img src=https://evil.example/a.png>"
    "[click](javascript:alert(3)) ![p](https://evil.example/p.png) <a href='javascript:alert(4)'>x</a>"
    " $\\href{javascript:alert(5)}{x}$ \\input{/etc/passwd} </pre></div><svg onload=alert(6)>"
)


def test_hostile_metadata_shows_as_text(notebook: Notebook, sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"x", path_in_repo="<img src=x onerror=alert(7)>.py", repo_id=BERT
    )
    client.mint(
        BERT,
        agree=client.terms(BERT),
        authors=[{"name": EVIL, "affiliation": EVIL, "given": EVIL[:40], "family": EVIL[:400]}],
        title=EVIL,
        description=EVIL,
    )
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"y", path_in_repo="<img src=x onerror=alert(8)>.txt", repo_id=BERT
    )
    (sandbox.world.data / "terms.txt").write_text(f"Terms.\n\n{EVIL}\n\n# {EVIL}")
    panel: PanelOnPage = notebook.open_panel(sandbox.endpoint, sandbox.users["ada"])
    panel.is_state("Changed since DOI")
    panel.shows("<script>alert(1)</script>")
    panel.root.locator(".hubdoi-fold summary").first.click()
    panel.shows("onerror=alert(8)")
    expect(panel.root.locator("pre").first).to_contain_text("@misc")
    for source in (
        "client.status('ada/tiny-bert').replace(changes=client.changes('ada/tiny-bert'))",
        "client.status('ada/tiny-bert').version",
        "client.history('ada/tiny-bert')",
        "client.terms('ada/tiny-bert')",
        "client.cite('ada/tiny-bert')",
        "client.cite('ada/tiny-bert', format='markdown')",
        # As Markdown alone, which JupyterLab shows where there is no HTML.
        "from IPython.display import Markdown, display\n"
        "from hubdoi.jupyter import display as shown\n"
        "for record in (client.status('ada/tiny-bert'), client.history('ada/tiny-bert'),\n"
        "               client.status('ada/tiny-bert').version, client.terms('ada/tiny-bert'),\n"
        "               client.cite('ada/tiny-bert')):\n"
        "    display(Markdown(shown.markdown(record)))",
    ):
        output = notebook.run(source)
        expect(output.first).to_be_visible()
    notebook.page.wait_for_timeout(1500)
    bad = notebook.page.evaluate(
        """() => [...document.querySelectorAll(".jp-OutputArea-output *:not(svg.hubdoi-icon)")].filter(node =>
             ["IMG", "SVG", "IFRAME", "MJX-CONTAINER"].includes(node.tagName.toUpperCase())
             || [...node.attributes].some(a => a.name.startsWith("on"))
             || /^\\s*javascript:/i.test(node.getAttribute("href") ?? "")
             || /evil/.test(node.getAttribute("href") ?? "")).map(node => node.outerHTML.slice(0, 200))"""
    )
    assert bad == []
    assert notebook.dialogs == []
    assert notebook.foreign == []
