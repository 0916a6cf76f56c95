"""A person at the side panel "Models & data" of JupyterLab or Notebook."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Dialog, Error, Locator, Page, TimeoutError, expect

from hubdoi.client import Client
from tests.browser.browser_lab import SECONDS, Lab, open_document, ready


class Analysis:
    """A document in a page, without a kernel, and the side panel beside it; `errors` are exceptions
    that no script of the page has caught."""

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.lab = lab
        self.name = name
        self.kernel = ""
        self.page = page
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        page.on("dialog", self._dismiss)
        page.on("pageerror", self._note)

    def leave(self) -> None:
        """Listen to the page no more."""
        self.page.remove_listener("dialog", self._dismiss)
        self.page.remove_listener("pageerror", self._note)

    def _note(self, error: Error) -> None:
        self.errors.append(error.message)

    def _dismiss(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
            return
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def file(self) -> Path:
        return self.lab.directory / self.name

    def write(self, *sources: str, kernel: str = "") -> Analysis:
        """The notebook on the disk; a source that begins with # and a space is Markdown.

        Without a `kernel` it names one that does not exist, and none is chosen for it.
        """
        self.kernel = kernel
        cells = [
            nbformat.v4.new_markdown_cell(source)
            if source.startswith("# ")
            else nbformat.v4.new_code_cell(source)
            for source in sources
        ]
        named = {"name": kernel or "none-here", "display_name": "Python 3", "language": "python"}
        nbformat.write(
            nbformat.v4.new_notebook(metadata={"kernelspec": named}, cells=cells), self.file
        )
        return self

    def open(self, *, app: str = "lab", panel: bool = True) -> Analysis:
        """Open it, in JupyterLab or Notebook, and the side panel with it unless there is none."""
        token = f"token={self.lab.token}"
        if app != "lab":
            self.page.goto(f"{self.lab.url}notebooks/{self.name}?{token}")
        elif self.page.url.startswith(f"{self.lab.url}lab"):
            open_document(self.page, self.name)
        else:
            workspace = Path(self.name).stem
            self.page.goto(
                f"{self.lab.url}lab/workspaces/{workspace}/tree/{self.name}?{token}&reset"
            )
        self.page.wait_for_selector(".jp-Notebook .jp-Cell, .jp-FileEditor", timeout=60 * SECONDS)
        if self.kernel:
            # A key that is pressed before the kernel is connected is lost.
            ready(self.page)
        else:
            self.without_kernel()
        if not panel:
            return self
        show = "Show the Models and Datasets of This Notebook"
        if app == "lab":
            self.run(show)
        else:
            self.page.locator(".lm-MenuBar-itemLabel").get_by_text("DOI", exact=True).click()
            self.page.locator(".lm-Menu-itemLabel").get_by_text(show, exact=True).click()
        expect(self.panel).to_be_visible(timeout=60 * SECONDS)
        return self

    @property
    def panel(self) -> Locator:
        return self.page.locator(".hubdoi-lab")

    def row(self, repo: str) -> Locator:
        return self.panel.locator(f'.hubdoi-lab-row[data-repo="{repo}"]')

    def shows(self, repo: str, words: str | re.Pattern[str]) -> Locator:
        """The row of `repo` has a badge with these words."""
        row = self.row(repo)
        expect(row.locator(".hubdoi-lab-badge")).to_have_text(words, timeout=60 * SECONDS)
        return row

    def action(self, repo: str, name: str) -> None:
        """An action in the menu of a row."""
        self.row(repo).get_by_role("button", name="More actions").click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()

    def without_kernel(self) -> None:
        """Choose none when the application asks for a kernel."""
        asked = self.page.locator(".jp-Dialog")
        asked.wait_for(timeout=60 * SECONDS)
        self.page.keyboard.press("Escape")
        expect(asked).to_have_count(0)

    def undo(self) -> None:
        """Undo one step of the notebook, in command mode."""
        self.cell(0).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("z")

    def setting(self, name: str, value: bool | str) -> None:
        """Change a setting of the extension, as the settings editor does."""
        self.page.evaluate(
            """async ([name, value]) => {
              const app = window.jupyterapp;
              const tokens = [...app.pluginRegistry._services.keys()];
              const token = tokens.find(one => one.name === "@jupyterlab/coreutils:ISettingRegistry");
              await (await app.resolveRequiredService(token)).set("hubdoi:plugin", name, value);
            }""",
            [name, value],
        )

    def run(self, command: str) -> None:
        """A command of the palette."""
        palette = self.page.locator(".lm-CommandPalette-input")
        items = self.page.locator(".lm-CommandPalette-itemLabel")
        for _ in range(20):
            self.page.keyboard.press("Escape")
            self.page.keyboard.press("Control+Shift+c")
            try:
                palette.fill(command, timeout=2 * SECONDS)
                items.get_by_text(command, exact=True).click(timeout=2 * SECONDS)
                return
            except TimeoutError:
                # The key came before the application could hear it, or a notebook that was still
                # opening took the focus, and the palette closed.
                continue
        raise AssertionError(f"the palette does not stay open for {command!r}")

    def tab(self, name: str) -> None:
        """Open another file in a tab, in the file browser, or go to its tab."""
        tab = self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel").get_by_text(
            name, exact=True
        )
        if tab.count():
            tab.click()
        else:
            self.page.locator(".jp-DirListing-itemName").get_by_text(name, exact=True).dblclick()
        expect(self.panel.locator(".hubdoi-lab-document")).to_have_text(name, timeout=60 * SECONDS)

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def text(self, number: int) -> str:
        """The source of a cell as the editor has it."""
        lines = self.cell(number).locator(".cm-line").all_inner_texts()
        return "\n".join(line.rstrip("\n") for line in lines)

    def says(self, words: str | re.Pattern[str]) -> None:
        """A notification with these words."""
        toast = self.page.locator(".Toastify__toast", has_text=words)
        expect(toast.first).to_be_visible(timeout=60 * SECONDS)
        # The next one with these words is another one. It may go by itself before it is closed here.
        toast.locator(".jp-Notification-Toast-Close").evaluate_all(
            "buttons => buttons.forEach(button => button.click())"
        )
        expect(toast).to_have_count(0, timeout=60 * SECONDS)

    def selects(self, text: str) -> None:
        """This text is selected in the page."""
        self.page.wait_for_function("text => getSelection().toString() === text", arg=text)

    def hover(self, number: int, text: str) -> None:
        """Rest the mouse on `text` in a cell."""
        x, y = self.cell(number).evaluate(
            """(cell, text) => {
                 const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
                 while (walker.nextNode()) {
                   const at = walker.currentNode.data.indexOf(text);
                   if (at < 0) continue;
                   const range = document.createRange();
                   range.setStart(walker.currentNode, at);
                   range.setEnd(walker.currentNode, at + text.length);
                   const box = range.getBoundingClientRect();
                   return [box.x + box.width / 2, box.y + box.height / 2];
                 }
               }""",
            text,
        )
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)

    def clipboard(self) -> str:
        return str(self.page.evaluate("navigator.clipboard.readText()"))


def server_sandbox(lab: Lab) -> dict[str, Any]:
    """The sandbox of the Jupyter server: ``endpoint``, and ``users`` with their tokens."""
    request = urllib.request.Request(
        f"{lab.url}hubdoi/sandbox", method="POST", headers={"Authorization": f"token {lab.token}"}
    )
    with urllib.request.urlopen(request, timeout=240) as answer:
        return dict(json.loads(answer.read()))


def new_repository(client: Client, name: str, *, type: str = "model") -> None:
    """A repository in the sandbox, with a file in it, unless it is there already."""
    api = client.hf_api()
    api.create_repo(name, repo_type=type, exist_ok=True)
    for path in ("README.md", "config.json"):
        api.upload_file(path_or_fileobj=b"{}", path_in_repo=path, repo_id=name, repo_type=type)


def ada(lab: Lab) -> Client:
    found = server_sandbox(lab)
    return Client(found["endpoint"], found["users"]["ada"])
