"""What ``%doi`` and ``hubdoi`` do: words in, an object out."""

from .completion import complete
from .context import Context
from .run import run

__all__ = ["Context", "complete", "run"]
