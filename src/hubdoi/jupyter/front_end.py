"""Outputs of this process, in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display, update_display


def kernel() -> Any:
    """The kernel of this process; None in a terminal or a script."""
    return getattr(get_ipython(), "kernel", None)


def is_interactive() -> bool:
    """Whether a person looks at a notebook, so that an output can change after it was shown.

    What runs a notebook with nobody watching takes no input.
    """
    running = kernel()
    return running is not None and bool(getattr(running, "_allow_stdin", False))


def add_display(data: Mapping[str, Any], display_id: str) -> None:
    """A new output; where it was shown before under this id, that one follows."""
    display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]


def show(data: Mapping[str, Any], display_id: str) -> None:
    """Put `data` in place of what was shown; a terminal prints once, and is left alone."""
    if kernel() is not None:
        update_display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]
