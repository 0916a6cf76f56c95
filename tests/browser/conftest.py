"""A real JupyterLab with a real kernel, in Debian's Chromium.

Every test leaves a screenshot in ``tests/browser/screenshots`` (git ignores it); with
``HUBDOI_PICTURES=docs/pictures`` the pictures of README and docs are written as well.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.browser_lab import SECONDS, WINDOW, Desk, Lab, Notebook
from tests.browser.lab_server import running
from tests.browser.side_panel import Analysis

SCREENSHOTS = Path(__file__).parent / "screenshots"

# The unit tests run beside these on two cores: an expectation waits longer than playwright's five
# seconds, and everything else longer than its thirty. What is as expected takes no longer for that.
expect.set_options(timeout=60 * SECONDS)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """Where Debian's Chromium is; None when playwright has its own.

    The headless shell draws the same pages, and needs a third less of the processor.
    """
    for name in ("chromium-headless-shell", "chromium", "chromium-browser"):
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).exists():
            return None
    pytest.fail(
        "There is no Chromium for the browser tests; install it with: apt-get install "
        "chromium-headless-shell, "
        "or: playwright install chromium."
    )


@pytest.fixture(scope="session")
def browser(chromium: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        browser.on("context", lambda context: context.set_default_timeout(60 * SECONDS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with one token; its Hub is its own sandbox, and the configured one does not answer."""
    home = tmp_path_factory.mktemp("lab")
    with running(home, "--IdentityProvider.token=of-the-tests", hub="sandbox") as url:
        yield Lab(url, home / "notebooks", "of-the-tests")


@pytest.fixture(scope="session")
def desk(browser: Browser, lab: Lab) -> Iterator[Desk]:
    """A browser that may use the clipboard, with JupyterLab open."""
    context = browser.new_context(viewport=WINDOW)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.url.rstrip("/"))
    yield Desk(context)
    context.close()


@pytest.fixture
def context(desk: Desk, lab: Lab, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """The browser; what a test leaves in it is photographed and closed."""
    failed = request.session.testsfailed
    yield desk.context
    SCREENSHOTS.mkdir(exist_ok=True)
    for number, page in enumerate(desk.context.pages):
        suffix = f"-{number}" if number else ""
        page.screenshot(path=SCREENSHOTS / f"{request.node.name}{suffix}.png")
    desk.clear(keep=request.session.testsfailed == failed)
    lab.shut_down_kernels()


@pytest.fixture
def notebook(
    lab: Lab, desk: Desk, context: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Notebook]:
    """A new notebook with a kernel that is ready; its screenshot is taken at the end."""
    notebook = lab.new_notebook(desk.take(), request.node.name)
    yield notebook
    notebook.leave()


@pytest.fixture
def analysis(
    lab: Lab, desk: Desk, context: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Analysis]:
    """A document of one's own beside the side panel; no page script asked or failed."""
    analysis = Analysis(lab, desk.take(), f"{name_of(request)}.ipynb")
    analysis.page.set_viewport_size({"width": 1300, "height": 900})
    yield analysis
    analysis.leave()
    assert analysis.errors == analysis.dialogs == []


def name_of(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", request.node.name).strip("-")
