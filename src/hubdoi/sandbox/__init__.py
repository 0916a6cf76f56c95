"""A whole Hub in one process: repositories, pages, the DOI API, a DataCite-compatible API.

To serve it from the command line's process, see `hubdoi.sandbox.serve`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .serve import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the server needs libraries that the rest of hubdoi does not.
    if name != "Sandbox":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(".serve", __name__)
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "jinja2", "markdown_it", "starlette", "uvicorn"):
            raise
        from ..records.errors import MissingLibrary

        raise MissingLibrary(
            f"The sandbox needs {error.name}; install it with: pip install 'hubdoi[sandbox]'."
        ) from None
    globals()[name] = home.Sandbox
    return home.Sandbox
