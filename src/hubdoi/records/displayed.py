"""What makes a record show itself as a card in a notebook."""

from __future__ import annotations

from typing import Any

from .. import _displays


class Displayed:
    """A value that Jupyter shows as text/plain, text/markdown and text/html."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _displays.mimebundle(self)
