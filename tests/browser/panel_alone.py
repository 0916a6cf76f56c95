"""The panel in a bare page with JupyterLab's themes: any state at once, without a kernel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from hubdoi.jupyter import panel

__all__ = ["PanelAlone", "violations"]

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
STATIC = Path(panel.__file__).parent / "static"
THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
SHOW = """([state, live, reconnects]) => {
  window.shown?.destroy();
  window.sent = [];
  window.shown = window.mountPanel(document.querySelector("#here"), {
    state, live, send: message => window.sent.push(message),
    onState: changed => { window.changed = changed; return () => {}; },
    onReply: answered => { window.answered = answered; return () => {}; },
    ...(reconnects ? { reconnect: async () => {} } : {}),
  });
}"""
RUN_AXE = """async root => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = await window.axe.run(root, { runOnly: { type: "tag", values: tags } });
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`));
}"""


class PanelAlone:
    """A page in which one panel is mounted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_content(
            "<!doctype html><title>hubdoi</title><style id=theme></style>"
            f"<style>{(STATIC / 'panel.css').read_text()}"
            "body { background: var(--jp-layout-color0); margin: 8px }</style>"
            "<div id=here class=hubdoi-host></div>"
        )
        script = (STATIC / "panel.js").read_text()
        page.add_script_tag(type="module", content=f"{script}\nwindow.mountPanel = mount;")
        page.wait_for_function("Boolean(window.mountPanel)")

    @property
    def root(self) -> Locator:
        return self.page.locator(".hubdoi-panel")

    def theme(self, name: str) -> None:
        css = (THEMES / f"theme-{name}-extension" / "index.css").read_text()
        self.page.evaluate(
            """([css, light]) => {
              document.querySelector("#theme").textContent = css;
              document.body.dataset.jpThemeLight = light;
            }""",
            [css, str(name == "light").lower()],
        )

    def width(self, pixels: int) -> None:
        self.page.evaluate("width => { here.style.width = `${width}px`; }", pixels)

    def show(
        self, state: Mapping[str, Any], *, live: bool = True, reconnects: bool = False
    ) -> None:
        self.page.evaluate(SHOW, [state, live, reconnects])

    def update(self, state: Mapping[str, Any]) -> None:
        """The next state, as Python sends it to a panel that is on the screen."""
        self.page.evaluate("state => window.changed(state)", state)

    def answer(self, find: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Answer the next question of the panel."""
        self.page.wait_for_function("window.sent.some(message => message.n)")
        (message,) = self.page.evaluate("window.sent.filter(message => message.n)")
        self.page.evaluate("reply => window.answered(reply)", find(message))

    def tags(self) -> list[str]:
        """The elements, in their order."""
        found: list[str] = self.root.evaluate(
            "root => [...root.querySelectorAll('*')].map(node => node.localName)"
        )
        return found


def violations(root: Locator) -> list[str]:
    """What axe-core finds in an element against WCAG 2.2, level AA."""
    if not root.page.evaluate("'axe' in window"):
        # Not as an element of the page, which its content policy would refuse.
        root.page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found: list[str] = root.evaluate(RUN_AXE)
    return found
