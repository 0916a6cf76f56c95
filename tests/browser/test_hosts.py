"""The widget's module in pages like those of VS Code and Colab: their classes and variables, and
anywidget's own way of calling it. Each page is read on a system of the opposite colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from hubdoi.sandbox import Sandbox
from tests.browser.panel_alone import STATIC, violations
from tests.browser.picture import take
from tests.jupyter.panel.page import open_page

VSCODE = (
    "--vscode-foreground: {0}; --vscode-editor-background: {1}; --vscode-textCodeBlock-background: {2};"
    "--vscode-panel-border: {3}; --vscode-font-family: sans-serif; background: {1}; color: {0}"
)
COLAB = (
    "--colab-primary-text-color: {0}; --colab-primary-surface-color: {1};"
    "--colab-secondary-surface-color: {2}; --colab-border-color: {3}; background: {1}; color: {0}"
)
HOSTS = {
    "vscode-light": ("<html><body class='vscode-body vscode-light'>", VSCODE, ("#3b3b3b", "#ffffff", "#f3f3f3", "#e5e5e5")),
    "vscode-dark": ("<html><body class='vscode-body vscode-dark'>", VSCODE, ("#cccccc", "#1f1f1f", "#2b2b2b", "#2b2b2b")),
    "vscode-contrast": ("<html><body class='vscode-body vscode-high-contrast'>", VSCODE, ("#ffffff", "#000000", "#000000", "#6fc3df")),
    "colab-light": ("<html><body>", COLAB, ("#212121", "#ffffff", "#f7f7f7", "#dadada")),
    "colab-dark": ("<html theme='dark'><body>", COLAB, ("#e3e3e3", "#1e1e1e", "#2d2d2d", "#5a5a5a")),
}  # fmt: skip
RENDER = """async ([source, state]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const listeners = {};
  window.sent = [];
  const model = {
    get: name => ({ state })[name],
    on: (name, listener) => { listeners[name] = listener; },
    off: name => { delete listeners[name]; },
    send: message => window.sent.push(message),
  };
  const end = await module.default.render({ model, el: document.querySelector("#here") });
  window.end = () => { end(); return Object.keys(listeners).length; };
}"""


@pytest.fixture(scope="module")
def state() -> Iterator[Mapping[str, Any]]:
    with Sandbox(clock="2026-11-23T09:00:00Z") as sandbox:
        page = open_page(sandbox)
        page.until(lambda state: state["preview"].get("files"))
        yield page.state


@pytest.fixture(params=HOSTS)
def host(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of the host that the parameter names."""
    name = str(request.param)
    start, variables, colours = HOSTS[name]
    scheme: Any = "dark" if name.endswith("light") else "light"
    context = browser.new_context(viewport={"width": 800, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    style = f":root {{ {variables.format(*colours)} }} {(STATIC / 'panel.css').read_text()}"
    page.set_content(
        f"<!doctype html>{start.replace('<html', '<html lang=en')}<title>{name}</title>"
        f"<style>{style}</style><div id=here></div>"
    )
    yield page
    context.close()


def test_pictures_of_the_widget_in_vs_code_and_colab(host: Page, state: Mapping[str, Any]) -> None:
    host.evaluate(RENDER, [(STATIC / "panel.js").read_text(), state])
    panel = host.locator(".hubdoi-panel")
    assert violations(panel) == []
    name = host.title()
    back, text = HOSTS[name][2][1], HOSTS[name][2][0]
    # The host's own colours, not the system's.
    box = panel.locator(".hubdoi-box")
    expect(box).to_have_css("background-color", _rgb(back))
    expect(panel).to_have_css("color", _rgb(text))
    expected = "light" if name.endswith("light") else "dark"
    expect(panel).to_have_css("color-scheme", expected)
    take(panel, f"host-{name}")
    panel.get_by_role("button", name="Refresh").click()
    (sent,) = host.evaluate("window.sent")
    assert sent["do"] == "load"
    # What was listened to is let go.
    assert host.evaluate("window.end()") == 0
    expect(panel).to_have_count(0)


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"
