"""``panel``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from .context import Context

__all__ = ["panel"]


def panel(arguments: Namespace, context: Context) -> Any:
    """The widget for a repository."""
    from ..notebook.panel import panel as make

    return make(arguments.repo, client=context.session.client)
