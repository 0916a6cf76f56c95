"""A notebook of 2,000 cells: typing is not delayed by what the side panel does meanwhile.

With ``HUBDOI_MEASURE=1`` a page without the extension opens as many, for comparison.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.browser_lab import SECONDS, Lab
from tests.browser.profile import draws, measured
from tests.browser.side_panel import Analysis, ada, new_repository

CELLS = 2000
# What a page without the extension takes is a measure alone; in every other run a short notebook shows
# that nothing in it is taken for the extension's.
CELLS_WITHOUT = CELLS if os.environ.get("HUBDOI_MEASURE") else 20
MODEL = "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('ada/long-engine')"
DATA = "from datasets import load_dataset\ntables = load_dataset('ada/long-tables')"
SCRIPT = "/lab/extensions/hubdoi/"
OPEN = "async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}) }"
AFTER = 4 * SECONDS


def test_reading_and_typing_in_a_notebook_of_2000_cells(
    lab: Lab, context: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    client = ada(lab)
    new_repository(client, "ada/long-engine")
    new_repository(client, "ada/long-tables", type="dataset")
    for has_panel in (False, True):
        others = (CELLS if has_panel else CELLS_WITHOUT) - 1
        cells = [MODEL, *(f"x{n} = {n}\ny{n} = x{n} + 1" for n in range(others))]
        analysis = Analysis(lab, context.new_page(), f"short-{has_panel}.ipynb").write("x = 1")
        if not has_panel:
            analysis.page.route("**/lab/**", _switched_off)
        sent = _documents(analysis.page)
        analysis.open(panel=has_panel)
        analysis.name = f"{len(cells)}-cells-{has_panel}.ipynb"
        analysis.write(*cells)
        with measured(analysis.page, SCRIPT) as reading:
            analysis.page.evaluate(OPEN, analysis.name)
            analysis.without_kernel()
            if has_panel:
                expect(analysis.row("ada/long-engine")).to_be_visible(timeout=60 * SECONDS)
            analysis.page.wait_for_timeout(AFTER)
        if has_panel:
            # The first reading is whole; the next ones are of the cell that is edited.
            assert max(map(_read, sent)) == CELLS
            sent.clear()
        analysis.page.locator(".jp-Notebook:visible .jp-Cell").first.locator(".cm-content").click()
        analysis.page.keyboard.press("Control+End")
        with measured(analysis.page, SCRIPT) as typing:
            analysis.page.keyboard.type(f"\n{DATA}\n", delay=20)
            analysis.page.wait_for_timeout(AFTER)
        if has_panel:
            expect(analysis.row("datasets/ada/long-tables")).to_be_visible(timeout=60 * SECONDS)
            assert sent
            assert all(_read(body) <= 1 for body in sent)
            bytes_sent = max(len(json.dumps(body)) for body in sent)
            assert bytes_sent < 1000
        assert bool(reading.ours and typing.ours) is has_panel
        # Measures, not conditions: this machine may have other things to do.
        how = "with" if has_panel else "without"
        for what, measure in (("opening", reading), ("typing", typing)):
            record_property(f"{what} {how} the extension", str(measure))
            print(f"{what} {how} the extension: {measure}")
        if has_panel:
            # Drawn alone, and painted too: a frame of more than 50 ms would be noted.
            with measured(analysis.page, SCRIPT) as drawing:
                times = draws(analysis.page)
            shown = f"{max(times):.1f} ms with style and layout; {drawing}"
            record_property("drawing the side panel", shown)
            print(f"drawing the side panel: {shown}")
        analysis.page.close()


def _switched_off(route: Route) -> None:
    """JupyterLab's page as a server gives it on which the extension is disabled."""
    answer = route.fetch()
    text = answer.text()
    start = '<script id="jupyter-config-data" type="application/json">'
    if start in text:
        before, _, rest = text.partition(start)
        config, end, after = rest.partition("</script>")
        page = json.loads(config)
        page["disabledExtensions"] = ["hubdoi"]
        text = f"{before}{start}{json.dumps(page)}{end}{after}"
    route.fulfill(response=answer, body=text)


def _documents(page: Page) -> list[dict[str, Any]]:
    """The documents that the page sends, as they come."""
    found: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if "/hubdoi/api/document" in request.url:
            found.append(request.post_data_json)

    page.on("request", note)
    return found


def _read(body: dict[str, Any]) -> int:
    """How many cells of a document were read and sent, not only named."""
    return sum("source" in cell for cell in body["cells"])
