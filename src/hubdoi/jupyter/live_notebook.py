"""Changes of the notebook that is open in a front end: there, not in the file under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from comm import create_comm
from IPython.display import display, update_display

from ..records import Message
from ..records.errors import HubdoiError
from .front_end import is_interactive, kernel

TARGET = "hubdoi.notebook"
"""The name of the comm that this opens; `labextension/src/liveNotebook.ts` answers."""

_ASKED = (
    "hubdoi asked this notebook's page to make the change. If the page is closed, open the "
    "notebook and run this cell again."
)
_DONE = "The open notebook is changed; save it to keep that."


class Shown(Message):
    """A sentence that is on the screen already."""

    __slots__ = ()

    def _ipython_display_(self) -> None:
        """Not a second time."""


def edit(change: Mapping[str, Any], otherwise: Callable[[], Message]) -> Message:
    """Let the front end make `change` as one edit to undo, or do `otherwise`.

    ``{"bibliography": TEXT, "metadata": {…}}``: the text of the bibliography cell, and what is kept
    under ``hubdoi`` in the notebook's metadata. JupyterLab and what is made of its parts close a
    comm that none of their extensions knows: `otherwise` follows then, and at once where nobody
    watches. The answer comes after the cell has run, and its output changes then.
    """
    cell = _cell()
    if cell is None:
        return otherwise()
    display_id = uuid4().hex
    answer = Shown(_ASKED)
    display(Message(_ASKED), display_id=display_id)  # type: ignore[no-untyped-call]
    comm = create_comm(target_name=TARGET, primary=False)

    def say(message: Message) -> None:
        update_display(message, display_id=display_id)  # type: ignore[no-untyped-call]

    def refused(_: object) -> None:
        try:
            say(otherwise())
        except HubdoiError as error:
            say(Message(error.message))

    comm.on_msg(lambda _: say(Message(_DONE)))
    comm.on_close(refused)
    comm.open(data={"cell": cell, **change})
    return answer


def _cell() -> str | None:
    """The id of the cell that is running, in a front end that says it and that a person looks at."""
    if not is_interactive():
        return None
    found = kernel().get_parent("shell").get("metadata", {}).get("cellId")
    return found if isinstance(found, str) and found else None
