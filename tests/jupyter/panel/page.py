"""A front end without a browser: sends a panel what a page sends, and reads what it would draw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from hubdoi.client import Client
from hubdoi.jupyter.panel import Panel, panel
from hubdoi.jupyter.panel.actions import act
from hubdoi.sandbox import Sandbox

BERT = "ada/tiny-bert"


class Page:
    """One view of a panel; `replies` are the answers to what it asked."""

    def __init__(self, shown: Panel) -> None:
        self.panel = shown
        self.replies: list[dict[str, Any]] = []
        self._edits = 0

    @property
    def state(self) -> dict[str, Any]:
        return self.panel.state

    @property
    def notice(self) -> str:
        return str((self.state.get("notice") or {}).get("text", ""))

    def send(self, do: str, **more: Any) -> None:
        message = {"do": do, "by": "page", **more}
        act(self.panel.work, message, lambda reply: self.replies.append(dict(reply)))

    def form(self, **changes: Any) -> dict[str, Any]:
        self._edits += 1
        return {**self.state["form"], **changes, "by": "page", "n": self._edits}

    def edit(self, **changes: Any) -> None:
        self.send("edit", form=self.form(**changes))

    def mint(self, **changes: Any) -> None:
        """Tick the box and press the button."""
        form = self.form(**{"agreed": True, **changes})
        self.send(
            "mint", form=form, terms=self.state["terms"]["digest"], revision=self.state["revision"]
        )

    def until(self, condition: Callable[[dict[str, Any]], Any], seconds: float = 60) -> Any:
        """Wait until `condition` is true of the state, and return what it returned."""
        deadline = time.monotonic() + seconds
        while True:
            with self.panel.work.lock:
                if found := condition(self.state):
                    return found
            assert time.monotonic() < deadline, f"it did not happen in time: {self.state}"
            time.sleep(0.005)

    def until_open(self) -> Page:
        self.until(lambda state: state["phase"] != "loading")
        return self

    def reply(self) -> dict[str, Any]:
        """The next answer to something that was asked."""
        self.until(lambda _: self.replies)
        return self.replies.pop(0)


def join_panels() -> None:
    """Wait until no panel of this process is at work."""
    for thread in threading.enumerate():
        if thread.name == "hubdoi-panel":
            thread.join(60)
            assert not thread.is_alive()


def open_page(sandbox: Sandbox, user: str = "ada", repo: str | None = BERT) -> Page:
    """A page with the panel of `repo`, when its status is there."""
    return Page(panel(repo, Client(sandbox.endpoint, sandbox.users[user]))).until_open()
