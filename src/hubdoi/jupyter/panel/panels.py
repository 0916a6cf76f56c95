"""The panels of this process, and what makes all panels of a repository look again.

A mint is announced by the client. A push is seen in the requests of huggingface_hub's client, whose
own hooks are used, as the recorder does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, Protocol
from urllib.parse import unquote
from weakref import WeakValueDictionary

from IPython.core.getipython import get_ipython

from ...minting.announced import announce, listen
from ...records import Repo
from ...records.errors import HubdoiError
from .work import PanelWork

Send = Callable[[Mapping[str, Any]], None]


class Shown(Protocol):
    """A panel as others find it."""

    panel_id: str
    work: PanelWork

    def shows(self, repo: Repo) -> bool: ...

    def connect(self, send: Send) -> None: ...

    def disconnect(self, send: Send) -> None: ...


_WRITES = re.compile(
    r"^/api/(models|datasets)/([^/]+(?:/[^/]+)?)/(?:commit/.+|settings|branch/main|tag/.+)$"
)
_panels: WeakValueDictionary[str, Shown] = WeakValueDictionary()
_lock = Lock()


def register(panel: Shown) -> None:
    """Let `panel` be found by its id, and look again when its repository changes."""
    with _lock:
        _panels[panel.panel_id] = panel
    listen(_look_again)
    attach()
    shell = get_ipython()
    if shell is not None and after_cell not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", after_cell)


def forget(panel: Shown) -> None:
    """Let `panel` be found no more: it has been closed."""
    with _lock:
        _panels.pop(panel.panel_id, None)


def find(panel_id: str) -> Shown | None:
    with _lock:
        return _panels.get(panel_id)


def attach() -> bool:
    """Watch the requests of huggingface_hub's client, once it is imported; whether that is new."""
    library = sys.modules.get("huggingface_hub.utils._http")
    if library is None:
        return False
    client: Any = library.get_session()
    hooks = getattr(client, "event_hooks", None)
    if hooks is None or _answered in hooks["response"]:
        return False
    client.event_hooks = {**hooks, "response": [*hooks["response"], _answered]}
    return True


def after_cell(*_: Any) -> None:
    """A cell has run: what it pushed before anybody watched is looked for."""
    if attach():
        with _lock:
            shown = list(_panels.values())
        for panel in shown:
            panel.work.revalidate()


def _look_again(repo: Repo) -> None:
    with _lock:
        shown = list(_panels.values())
    for panel in shown:
        if panel.shows(repo):
            panel.work.revalidate()


def _answered(response: Any) -> None:
    # Nothing that goes wrong here may reach the code that is watched.
    with suppress(Exception):
        if response.status_code < 400 and response.request.method in ("POST", "PUT"):
            _note(response.request.url.path)


def _note(path: str) -> None:
    found = _WRITES.match(path)
    if found:
        with suppress(HubdoiError):
            announce(Repo("dataset" if found[1] == "datasets" else "model", unquote(found[2])))
