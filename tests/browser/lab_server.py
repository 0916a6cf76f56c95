"""A JupyterLab of the tests: its own process, home and settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import JUPYTER_CONFIG, free_ports

__all__ = ["running"]

NOBODY = "http://127.0.0.1:9"
"""The URL of a Hub that does not answer."""


@contextmanager
def running(
    home: Path, *options: str, hub: str = "configured", endpoint: str = NOBODY
) -> Iterator[str]:
    """JupyterLab on a free port, with directories of its own in `home`; its URL.

    `hub` is the setting of the side panel, `endpoint` the Hub that the server is configured for.
    """
    (home / "notebooks").mkdir()
    settings = home / "config" / "lab" / "user-settings"
    for plugin, values in {
        "@jupyterlab/apputils-extension/notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        },
        "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
        "@jupyterlab/completer-extension/manager": {"autoCompletion": False},
        "hubdoi/plugin": {"hub": hub},
    }.items():
        file = settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    (home / "config" / "jupyter_server_config.py").write_text(JUPYTER_CONFIG)
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
        "HF_ENDPOINT": endpoint,
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={free_ports(1)[0]}",
        f"--ServerApp.root_dir={home / 'notebooks'}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        # Else jupyter_lsp starts npm, to look for language servers that no test asks for.
        "--LanguageServerManager.autodetect=False",
        "--LabApp.expose_app_in_browser=True", *options,
    ]  # fmt: skip
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environ, cwd=home, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield _address(process, home, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
