"""A person at JupyterLab: opens a notebook, writes a cell, runs it, looks at what comes out."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, Request, ViewportSize, expect

__all__ = [
    "SECONDS",
    "WINDOW",
    "Desk",
    "Lab",
    "Notebook",
    "PanelOnPage",
    "choose_theme",
    "hide_file_browser",
    "open_document",
    "ready",
]

SECONDS = 1000
WINDOW: ViewportSize = {"width": 1100, "height": 1400}
SETTLED_WIDTH = """async (node, window) => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  let before;
  do {
    before = node.clientWidth;
    for (let n = 0; n < 5; n++) await frame();
  } while (innerWidth !== window || node.clientWidth !== before);
  return before;
}"""


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    directory: Path
    token: str

    def new_notebook(self, page: Page, name: str) -> Notebook:
        """An empty notebook in `page`, when its kernel is ready."""
        name = re.sub(r"\W+", "-", name).strip("-") + ".ipynb"
        notebook = Notebook(self, page, name)
        nbformat.write(
            nbformat.v4.new_notebook(
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                cells=[nbformat.v4.new_code_cell("")],
            ),
            self.directory / name,
        )
        if page.url.startswith(self.url):
            open_document(page, name)
            notebook.ready()
        else:
            notebook.open()
        return notebook

    def shut_down_kernels(self) -> None:
        for session in self._api("sessions"):
            self.end_session(session["id"])

    def end_session(self, session: str) -> None:
        """End a session and its kernel. One that is ending already, because a page shut it down,
        may be gone before the server comes to this."""
        try:
            self._api(f"sessions/{session}", "DELETE")
        except HTTPError as error:
            if error.code not in (404, 410):
                raise

    def _api(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")


class Desk:
    """A page with JupyterLab that stays open from one notebook to the next, as a person has it:
    to load it anew takes longer than most tests."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page | None = None

    def take(self) -> Page:
        """The page, as wide as every test finds it."""
        if self.page is None or self.page.is_closed():
            self.page = self.context.new_page()
        self.page.set_viewport_size(WINDOW)
        self.page.bring_to_front()
        return self.page

    def clear(self, *, keep: bool) -> None:
        """Close every document without saving it and every other page; the page itself too
        unless it is to be kept."""
        for page in self.context.pages:
            if page is not self.page or not keep:
                page.close()
        if keep and self.page is not None and not self.page.is_closed():
            self.page.unroute_all()
            self.page.evaluate(
                """async () => {
                  const app = window.jupyterapp;
                  for (const widget of [...app.shell.widgets("main")]) {
                    if (widget.context?.model) widget.context.model.dirty = false;
                    widget.dispose();
                  }
                  app.shell.collapseRight?.();
                  app.shell.expandLeft?.();
                  app.shell.activateById("filebrowser");
                  if (document.body.dataset.jpThemeLight !== "true")
                    await app.commands.execute("apputils:change-theme", { theme: "JupyterLab Light" });
                }"""
            )


class Notebook:
    """One notebook in one page; `foreign` are the requests that went to another host, `dialogs`
    what a page script asked."""

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.lab = lab
        self.page = page
        self.name = name
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", self._note)
        page.on("dialog", self._dismiss)

    def leave(self) -> None:
        """Listen to the page no more."""
        self.page.remove_listener("request", self._note)
        self.page.remove_listener("dialog", self._dismiss)

    def open(self) -> None:
        """Open it, or open it again, and wait until the kernel is idle."""
        self.page.goto(
            f"{self.lab.url}lab/workspaces/{Path(self.name).stem}/tree/{self.name}?token={self.lab.token}&reset"
        )
        self.ready()

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60 * SECONDS)
        ready(self.page)
        idle = self.page.locator("#jp-main-statusbar").get_by_text("| Idle")
        expect(idle).to_be_visible(timeout=60 * SECONDS)

    def width(self, pixels: int) -> None:
        """Make the window so wide that an output has `pixels`."""
        hide_file_browser(self.page)
        height = self.page.viewport_size["height"] if self.page.viewport_size else 1400
        area = self.page.locator(".jp-OutputArea-output").last
        window, found = 1000, 0
        for _ in range(20):
            self.page.set_viewport_size({"width": window, "height": height})
            # What a window decides about its parts may take more than one frame.
            found = int(area.evaluate(SETTLED_WIDTH, window))
            if found == pixels:
                return
            window += pixels - found
        raise AssertionError(f"the output has {found} pixels instead of {pixels}")

    def run(self, source: str, *, wait: bool = True) -> Locator:
        """Write `source` into the last cell, run it with Shift+Enter; the answer is its output."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        index = cells.count() - 1
        cell = cells.nth(index)
        editor = cell.locator(".cm-content")
        editor.click()
        # As pasted: typing would add brackets and indentation.
        editor.evaluate(
            "(node, text) => node.cmView?.view?.dispatch ? node.cmView.view.dispatch({changes: {from: 0, to: node.cmView.view.state.doc.length, insert: text}}) : document.execCommand('insertText', false, text)",
            source,
        )
        prompt = cell.locator(".jp-InputPrompt")
        self.page.keyboard.press("Shift+Enter")
        try:
            expect(prompt).to_have_text(re.compile(r"\[(\d+|\*)\]:"), timeout=10 * SECONDS)
        except AssertionError:
            # A key that is pressed before the kernel is connected is lost.
            editor.click()
            self.page.keyboard.press("Shift+Enter")
        if wait:
            expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=60 * SECONDS)
        return cell.locator(".jp-OutputArea-child")

    def panel(self, number: int = 0) -> Locator:
        return self.page.locator(".hubdoi-panel").nth(number)

    def open_panel(
        self, endpoint: str, token: str, repo: str = "ada/tiny-bert", *, more: str = ""
    ) -> PanelOnPage:
        """Run a cell with the panel of `repo`; it is the last one on the page."""
        before = self.page.locator(".hubdoi-panel").count()
        self.run(
            f"import hubdoi\nclient = hubdoi.Client({endpoint!r}, {token!r}{more})\n"
            f"hubdoi.panel({repo!r}, client)"
        )
        return PanelOnPage(self, before)

    def theme(self, name: str) -> None:
        choose_theme(self.page, name)

    def restart_kernel(self) -> None:
        """Restart it in the menu, and wait until it is idle."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text("Restart Kernel…", exact=True).click()
        # Until it restarts, the kernel of before is idle.
        with self.page.expect_response("**/api/kernels/*/restart*"):
            self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.ready()

    def distrust(self) -> None:
        """Open the notebook as one that came from somebody else: its signature does not fit."""
        file = self.lab.directory / self.name
        saved = nbformat.read(file, 4)
        saved.cells.append(nbformat.v4.new_markdown_cell("Changed elsewhere."))
        nbformat.write(saved, file)
        self.open()

    def clipboard(self) -> str:
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def saved(self) -> Any:
        """The notebook as it is on the disk after a click on Save."""
        file = self.lab.directory / self.name
        before = file.stat().st_mtime_ns
        self.page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="save"]').click()
        for _ in range(600):
            # The server empties the file before it writes it.
            if file.stat().st_mtime_ns != before and file.stat().st_size:
                with suppress(nbformat.reader.NotJSONError):
                    return nbformat.read(file, 4)
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.name} was not saved")

    def _dismiss(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            # "Leave the page?": a test that opens another page means it.
            dialog.accept()
            return
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.foreign.append(request.url)


def open_document(page: Page, path: str) -> None:
    """Open a document in a page that has JupyterLab already."""
    page.evaluate(
        # Without a result: the widget that the command returns cannot leave the page.
        "async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}) }",
        path,
    )


def ready(page: Page) -> None:
    """Wait until the kernel of the notebook in front is idle."""
    page.wait_for_selector(
        # In a narrow notebook it is behind the toolbar's "more".
        '.jp-Notebook-ExecutionIndicator[data-status="idle"]',
        state="attached",
        timeout=60 * SECONDS,
    )


def hide_file_browser(page: Page) -> None:
    """Give the document the place of the file browser."""
    bar = page.locator("#jp-left-stack")
    if bar.is_visible():
        page.locator('.lm-TabBar-tab[data-id="filebrowser"]').click()
        expect(bar).to_be_hidden()


def choose_theme(page: Page, name: str) -> None:
    """Choose ``JupyterLab Light`` or ``JupyterLab Dark`` in the menu, as a person would."""
    page.locator(".lm-MenuBar-itemLabel", has_text="Settings").click()
    items = page.locator(".lm-Menu-itemLabel")
    items.get_by_text("Theme", exact=True).click()
    items.get_by_text(name, exact=True).click()
    light = "true" if name.endswith("Light") else "false"
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0, timeout=60 * SECONDS)


class PanelOnPage:
    """The panel in an output, by the names that a screen reader reads."""

    def __init__(self, notebook: Notebook, number: int = 0) -> None:
        self.notebook = notebook
        self.root = notebook.panel(number)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def agree(self) -> Locator:
        return self.root.get_by_role("checkbox", name="I have read these terms and agree to them")

    @property
    def generate(self) -> Locator:
        return self.root.get_by_role("button", name=re.compile("^Generate (new )?DOI$"))

    @property
    def notice(self) -> Locator:
        return self.root.locator(".hubdoi-notice")

    def author(self, number: int = 0) -> Locator:
        return self.root.locator(".hubdoi-author").nth(number)

    def field(self, name: str, author: int = 0) -> Locator:
        """A field of an author, whose line is opened for it."""
        line = self.author(author)
        found = line.get_by_label(re.compile(rf"^{name}( \(optional\))?$"))
        if found.count() == 0:
            line.get_by_role("button", name=re.compile("^Edit")).click()
        return found

    def tick(self) -> None:
        """Agree to the terms that are shown."""
        self.agree.check()

    def shows(self, text: str | re.Pattern[str], *, seconds: float = 60) -> None:
        expect(self.root).to_contain_text(text, timeout=seconds * SECONDS)

    def is_state(self, word: str) -> None:
        """The badge beside the repository's name says `word`, and the panel is connected."""
        badge = self.root.locator(".hubdoi-name .hubdoi-badge").first
        expect(badge).to_have_text(word, timeout=60 * SECONDS)
        expect(self.button("Refresh")).to_be_enabled(timeout=60 * SECONDS)

    def copy(self, tab: str) -> str:
        """Press Copy in a tab of the citation, see that it says so, and read the clipboard."""
        self.root.get_by_role("tab", name=tab, exact=True).click()
        button = self.root.get_by_role("button", name=f"Copy the citation as {tab}")
        button.click()
        told = self.root.locator(".hubdoi-copied")
        expect(told).to_have_text("Copied")
        expect(told).to_be_hidden(timeout=60 * SECONDS)
        return self.notebook.clipboard()
