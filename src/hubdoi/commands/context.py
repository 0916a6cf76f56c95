"""What a command may use of the place that it was called from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .session import Session, current

if TYPE_CHECKING:
    from ..client import Client
    from ..records import Message


def _nothing(_: object) -> None:
    """Show nothing."""


@dataclass(slots=True)
class Context:
    """The session, how to show something before the result is there, and the notebook around it.

    `cells` are the sources of the cells that were run, `namespace` holds the user's variables; both
    are None outside a kernel. `interactive` says that a person is watching, `lasting` that the session
    goes on after this command, as a notebook's does and a command line's does not. `panel` opens a
    panel, where widgets can be shown. `edit` changes the notebook that is open in a front end; it
    is given the change, and what to do instead where nobody can make it there.
    """

    session: Session = field(default_factory=current)
    show: Callable[[object], None] = _nothing
    cells: Callable[[], Sequence[str]] | None = None
    namespace: Callable[[], Mapping[str, Any]] | None = None
    notebook_path: str | None = None
    interactive: bool = False
    lasting: bool = True
    panel: Callable[[str | None, Client], Any] | None = None
    edit: Callable[[Mapping[str, Any], Callable[[], Message]], Message] | None = None
