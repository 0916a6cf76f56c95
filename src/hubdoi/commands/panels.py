"""``panel``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..records.errors import UsageError
from .context import Context


def panel(arguments: Namespace, context: Context) -> Any:
    if context.panel is None:
        raise UsageError(
            'The panel is a widget; open it in a notebook: import hubdoi; hubdoi.panel("ada/tiny-bert")'
        )
    return context.panel(arguments.repo, context.session.client)
