"""Regular expressions that are compiled when they are first used: most files need few of them."""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    """Stands for a compiled pattern; what is asked of it once is kept."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def lazily(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern of `text`, as `re.compile` gives it."""
    return cast("re.Pattern[str]", _Lazy(text, flags))
