"""What makes a record show itself as a card in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Displayed:
    """A value that Jupyter shows as text/plain, text/markdown and text/html.

    How a record looks is decided in `hubdoi.jupyter.display`, which is imported only when a
    notebook asks for it: records stay values, and know nothing of HTML.
    """

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        display = import_module("hubdoi.jupyter.display")
        bundle: dict[str, str] = display.mimebundle(self)
        return bundle
