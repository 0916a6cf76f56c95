"""The panel: one anywidget that shows a `PanelState` and tells `PanelWork` what a person does."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anywidget
import traitlets

from ...records import Repo
from ..front_end import add_display, is_interactive, show
from . import panels
from .actions import act
from .form import Form
from .saved import saved
from .state import PanelState
from .view import to_json
from .work import PanelWork

if TYPE_CHECKING:
    from ...client import Client

MIME_TYPE = "application/vnd.hubdoi.panel+json"
"""The panel with its last state inside, which hubdoi's JupyterLab extension draws."""

_STATIC = Path(__file__).parent / "static"
_LONGEST_WAIT = 15.0
"""Seconds that a display waits for the status where nobody would see it arrive later."""


class Panel(anywidget.AnyWidget):
    """Status, consent, mint and citation of one repository.

    `state` is what the front end draws, as JSON; everything that a person does comes as a message.
    `work` holds the `PanelState` that it follows from. `panel_id` is the name under which a saved
    output finds the panel again in this kernel.
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"
    state = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        client: Client,
        repo: str | None = None,
        *,
        panel_id: str | None = None,
        form: Form | None = None,
    ) -> None:
        self.panel_id = panel_id or uuid4().hex
        self._connections: list[panels.Send] = []
        self._display_id: str | None = None
        self._settled = Event()
        kept = form.replace(agreed=False) if form else Form()
        first = PanelState(repo=repo or "", phase="loading" if repo else "asking", form=kept)
        self.work = PanelWork(client, first, self._changed)
        super().__init__(state=self._json(first))
        self.on_msg(self._received)
        panels.register(self)
        if repo:
            self.work.load()
        else:
            self._settled.set()

    def __repr__(self) -> str:
        return f"Panel({self.work.state.repo!r})"

    def close(self) -> None:
        """Remove it from all front ends; it asks for nothing any more."""
        # Disposal closes once more, also what could not be made in the first place.
        if self.comm is not None:
            panels.forget(self)
            self.work.stop_watching()
        super().close()

    def shows(self, repo: Repo) -> bool:
        status = self.work.state.status
        return (status.repo if status else self.work.state.repo) in (repo, str(repo))

    # In an output

    def _ipython_display_(self, **_: Any) -> None:
        """Show it; the output is brought up to date for as long as the kernel lives."""
        if not is_interactive():
            self._settled.wait(_LONGEST_WAIT)
        self._display_id = self._display_id or uuid4().hex
        add_display(self.bundle(), self._display_id)

    def bundle(self) -> dict[str, Any]:
        """What an output holds: our own type, the widget, and a card that reads without either."""
        data = self.saved()
        if is_interactive():
            view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
            data["application/vnd.jupyter.widget-view+json"] = view
        return data

    def saved(self) -> dict[str, Any]:
        """What a saved notebook holds: the state for our extension, and the card for all others."""
        state = self.work.state
        kept = self._json(state) | {"busy": "", "steps": []}
        if "form" in kept:
            # A consent is never kept (R3).
            kept["form"] = {**kept["form"], "agreed": False}
        return {MIME_TYPE: {"id": self.panel_id, "state": kept}, **saved(state)}

    # Connections of saved outputs

    def connect(self, send: panels.Send) -> None:
        """Send everything to one more front end, beginning with the present state."""
        with self.work.lock:
            self._connections.append(send)
            send({"state": self.state})
            if self._settled.is_set():
                send({"saved": self.saved()})

    def disconnect(self, send: panels.Send) -> None:
        with self.work.lock:
            if send in self._connections:
                self._connections.remove(send)

    def _received(self, _widget: Any, content: Any, _buffers: Any) -> None:
        act(self.work, content, self.send)

    # What is shown

    def _json(self, state: PanelState) -> dict[str, Any]:
        return to_json(state, self.work.client.config, lookup=self.work.names.is_on)

    def _changed(self, before: PanelState, state: PanelState) -> None:
        self.state = shown = self._json(state)
        for send in tuple(self._connections):
            send({"state": shown})
        if state.phase not in ("open", "failed", "watching"):
            return
        self._settled.set()
        if _is_kept(before) == _is_kept(state):
            return
        if self._connections:
            for send in tuple(self._connections):
                send({"saved": self.saved()})
        elif self._display_id:
            show(self.bundle(), self._display_id)


def _is_kept(state: PanelState) -> tuple[Any, ...]:
    """What of a state is worth a change of the saved output; not every key that is pressed is."""
    return (
        state.phase,
        state.repo,
        state.status,
        state.changes,
        state.terms,
        state.cited,
        state.notice,
        state.preview,
    )
