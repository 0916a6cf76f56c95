"""``panel``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..errors import UsageError
from .context import Context

__all__ = ["panel"]


def panel(arguments: Namespace, context: Context) -> Any:
    """The widget for a repository."""
    if not context.lasting:
        raise UsageError(
            'The panel is a widget; open it in a notebook: import hubdoi; hubdoi.panel("ada/tiny-bert")'
        )
    from ..notebook.panel import panel as make

    return make(arguments.repo, client=context.session.client)
