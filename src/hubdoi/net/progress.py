"""How far something has come that takes a while, for a person who waits."""

from __future__ import annotations

import sys
from typing import Any


def progress_bar(items: Any = None, **options: Any) -> Any:
    """tqdm's bar on standard error, which is gone at the end.

    In a notebook there is none: its widget would stay in the saved output, where no kernel can
    draw it any more.
    """
    from tqdm import tqdm

    in_notebook = type(sys.stderr).__module__.startswith("ipykernel")
    return tqdm(items, file=sys.stderr, leave=False, disable=in_notebook, **options)
