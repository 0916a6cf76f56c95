"""A real JupyterLab with a real kernel, in Debian's Chromium.

Every test leaves a screenshot in ``tests/browser/screenshots`` (git ignores it); with
``HUBDOI_PICTURES=docs/pictures`` the pictures of README and docs are written as well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.browser_lab import SECONDS, WINDOW, Desk, Lab, Notebook

SCREENSHOTS = Path(__file__).parent / "screenshots"

# The unit tests run beside these on two cores: an expectation waits longer than playwright's five
# seconds. What is as expected takes no longer for that.
expect.set_options(timeout=30 * SECONDS)

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
    """Where Debian's Chromium is; None when playwright has its own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).exists():
            return None
    pytest.fail(
        "There is no Chromium for the browser tests; install it with: apt-get install chromium, "
        "or: playwright install chromium."
    )


@pytest.fixture(scope="session")
def browser(chromium: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, with directories of its own and one token."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    settings = home / "config" / "lab" / "user-settings"
    for plugin, values in {
        "@jupyterlab/apputils-extension/notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        },
        "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
        "@jupyterlab/completer-extension/manager": {"autoCompletion": False},
        "hubdoi/plugin": {"hub": "sandbox"},
    }.items():
        file = settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    environ = {
        k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "HUBDOI", "HF_"))
    }
    environ |= {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # The configured Hub of this server is one that does not answer.
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        "--IdentityProvider.token=of-the-tests", f"--ServerApp.root_dir={home / 'notebooks'}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environ, cwd=home, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield Lab(_address(process, home, log), home / "notebooks", "of-the-tests")
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


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


def _address(process: subprocess.Popen[bytes], home: Path, log: Path) -> str:
    file = home / "runtime" / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = str(json.loads(file.read_text())["url"])
            urllib.request.urlopen(f"{url}api", timeout=5).close()
            return url
        except (OSError, ValueError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")
