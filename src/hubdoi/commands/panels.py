"""``panel``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..records.errors import UsageError
from .context import Context


def panel(arguments: Namespace, context: Context) -> Any:
    """The widget for a repository."""
    if not context.lasting:
        raise UsageError(
            'The panel is a widget; open it in a notebook: import hubdoi; hubdoi.panel("ada/tiny-bert")'
        )
    from ..jupyter.panel import panel as make

    return make(arguments.repo, client=context.session.client)
