"""How a saved output finds its panel in the kernel again, or gets a new one after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...records import HUGGING_FACE
from ...records.errors import HubdoiError
from ..front_end import kernel
from . import panels
from .actions import act
from .form import Form

if TYPE_CHECKING:
    from ...client import Client
TARGET = "hubdoi.panel"
"""The name of the comm that the JupyterLab extension opens: ``{id}`` or ``{id, reopen: {…}}``."""


def listen() -> None:
    """Take connections, where this process is a kernel."""
    running = kernel()
    if running is not None:
        running.comm_manager.register_target(TARGET, _opened)


def _opened(comm: Any, message: Mapping[str, Any]) -> None:
    data = message.get("content", {}).get("data")
    data = data if isinstance(data, Mapping) else {}
    name = str(data.get("id") or "")[:64]
    panel = panels.find(name)
    if panel is None and isinstance(data.get("reopen"), Mapping):
        try:
            panel = _reopen(name, data["reopen"])
        except HubdoiError as error:
            comm.send({"refused": error.message})
            return
    if panel is None:
        comm.close()
        return
    found = panel
    comm.on_msg(
        lambda said: act(
            found.work,
            said.get("content", {}).get("data"),
            lambda reply: comm.send({"reply": dict(reply)}),
        )
    )
    comm.on_close(lambda _: found.disconnect(comm.send))
    found.connect(comm.send)


def _reopen(name: str, saved: Mapping[str, Any]) -> panels.Shown:
    """A panel of the repository of a saved state, with what was written into its form.

    The state may come from somebody else's notebook. No credentials follow it to a Hub that this
    kernel does not use, and nothing in it is agreed to (R3).

    Raises:
        InvalidInput: this kernel is not connected to the Hub of the state.
    """
    from .widget import Panel

    repo = str(saved.get("repo") or "")[:500]
    client = _client_of(str(saved.get("endpoint") or "")[:500])
    form = Form.from_json(saved["form"]) if saved.get("form") else None
    return Panel(client, repo or None, panel_id=name or None, form=form)


def _client_of(endpoint: str) -> Client:
    from ...client import Client
    from ...commands.session import current
    from ...records.errors import InvalidInput
    from ..server_sandbox import find

    session = current()
    if not endpoint or endpoint == session.client.endpoint:
        return session.client
    if endpoint == HUGGING_FACE:
        return Client(endpoint)
    shared = find()
    if shared and shared["endpoint"].rstrip("/") == endpoint:
        token = next(iter(shared["users"].values()), None)
        return Client(endpoint, token, datacite_api=shared["datacite"])
    raise InvalidInput(
        f"This panel used the Hub at {endpoint}, which this kernel is not connected to. Run this cell again, after the one that chooses the Hub."
    )
