"""``hubdoi.panel(repo)``: the widget with which a DOI is generated and cited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connection import listen
from .widget import Panel

if TYPE_CHECKING:
    from ...client import Client

__all__ = ["Panel", "panel"]


def panel(repo: str | None = None, client: Client | None = None) -> Panel:
    """The panel of `repo`, or one that asks which; `client` is that of ``%doi use`` unless given.

    Nothing is raised: what is wrong is shown in the panel itself.

    >>> hubdoi.panel("ada/tiny-bert")                                 # doctest: +SKIP
    """
    if client is None:
        from ...commands.session import current

        client = current().client
    return Panel(client, repo)


# Saved outputs import this package to find their panels again.
listen()
