"""How fast the panel is: prints the figures that docs/reference/the-panel.md states.

Run it from the project's directory, after ``make test`` has installed what it needs::

    .venv/bin/python scripts/measure_panel.py

A figure is the smallest of many: what else the machine does only adds to it.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from shutil import which
from typing import Any

from jupyter_client.manager import start_new_kernel
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hubdoi.client import Client
from hubdoi.jupyter.panel.draft import Draft
from hubdoi.sandbox import Sandbox
from tests.browser.conftest import ARGUMENTS
from tests.browser.panel_alone import SHOW, PanelAlone
from tests.jupyter.panel.page import open_page

TIMES = 30
ACTIONS = {
    "a tick": "root.querySelector('[type=checkbox]').click()",
    "a tab": "root.querySelectorAll('[role=tab]')[turn % 4].click()",
    "a key in the title": (
        "const field = root.querySelector('[id$=-title]');"
        "field.value = `Title ${turn}`; field.dispatchEvent(new Event('input'))"
    ),
}
# A handler draws at once; the layout that the next frame needs belongs to the answer.
TIMED = """([action, times]) => {
  const root = document.querySelector(".hubdoi-panel");
  const act = new Function("root", "turn", action);
  window.sent = [];
  const found = [];
  for (let turn = 0; turn < times; turn++) {
    const start = performance.now();
    act(root, turn);
    root.offsetHeight;
    found.push(performance.now() - start);
  }
  return [Math.min(...found), found.sort((a, b) => a - b)[times >> 1], window.sent.length];
}"""

# What `PanelAlone.show` does, and the layout of what it made.
DRAWN = f"""([shown, times]) => {{
  const show = {SHOW};
  const found = [];
  for (let turn = 0; turn < times; turn++) {{
    const start = performance.now();
    show(shown);
    document.body.offsetHeight;
    found.push(performance.now() - start);
  }}
  return [Math.min(...found), found.sort((a, b) => a - b)[times >> 1]];
}}"""


def main() -> None:
    with Sandbox() as sandbox, socket.create_server(("127.0.0.1", 0)) as silent:
        cells = {
            "the sandbox": f"{sandbox.endpoint!r}, {sandbox.users['ada']!r}",
            "a Hub that does not answer": f"'http://127.0.0.1:{silent.getsockname()[1]}'",
        }
        for what, client in cells.items():
            least, middle = _shown(client)
            print(f"cell to panel, with {what}: {least:.0f} ms at least, {middle:.0f} ms median")
        _in_browser(sandbox)


def _shown(client: str) -> tuple[float, float]:
    """Milliseconds from the start of a cell to its panel, in a kernel that has shown one."""
    manager, kernel = start_new_kernel()
    try:
        kernel.execute_interactive(
            f"import hubdoi\nclient = hubdoi.Client({client})\nhubdoi.panel('ada/tiny-bert', client)",
            allow_stdin=True,
            output_hook=lambda _: None,
        )
        found = sorted(_once(kernel) for _ in range(TIMES))
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    return found[0], found[TIMES // 2]


def _once(kernel: Any) -> float:
    at: dict[str, Any] = {}

    def note(message: Any) -> None:
        kind = message["header"]["msg_type"]
        at.setdefault(kind, message["header"]["date"])

    kernel.execute_interactive(
        "hubdoi.panel('ada/tiny-bert', client)", allow_stdin=True, output_hook=note
    )
    return float((at["display_data"] - at["status"]).total_seconds() * 1000)


def _in_browser(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"x", path_in_repo="x.bin", repo_id="ada/tiny-bert"
    )
    page = open_page(sandbox)
    page.until(lambda state: state["preview"].get("files") and state["cite"]["texts"], 60)
    with sync_playwright() as playwright:
        found = which("chromium-headless-shell") or which("chromium")
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        for count in (1, 50):
            authors = [Draft(f"Lovelace, Ada {number}").to_json() for number in range(count)]
            state = {**page.state, "form": {**page.state["form"], "authors": authors}}
            alone = PanelAlone(browser.new_page())
            alone.theme("light")
            alone.show(state)
            least, middle = alone.page.evaluate(DRAWN, [[state, True, False], TIMES])
            print(f"drawing, {count} authors: {least:.1f} ms at least, {middle:.1f} ms median")
            alone.root.get_by_role("button", name="Edit details").click()
            for what, action in ACTIONS.items():
                least, middle, sent = alone.page.evaluate(TIMED, [action, TIMES])
                print(
                    f"{what}, {count} authors: {least:.1f} ms at least, {middle:.1f} ms median, "
                    f"{sent} messages to the kernel meanwhile"
                )
        browser.close()


if __name__ == "__main__":
    main()
