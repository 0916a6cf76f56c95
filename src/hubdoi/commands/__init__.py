"""What ``%doi`` and ``hubdoi`` do: words in, an object out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .context import Context
from .run import run

if TYPE_CHECKING:
    from .completion import complete

__all__ = ["Context", "complete", "run"]


def __getattr__(name: str) -> Any:
    # only the Tab key needs it
    if name == "complete":
        from .completion import complete

        return complete
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
