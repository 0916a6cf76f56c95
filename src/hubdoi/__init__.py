"""Give Hugging Face models and datasets a DOI, and cite them, without leaving the notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import _displays
from ._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Public name -> the module that holds it. They load on first use: `import hubdoi` stays cheap.
_HOMES = {
    **dict.fromkeys(
        (
            "Author",
            "Changes",
            "Consent",
            "Doi",
            "FileChange",
            "History",
            "Offer",
            "Repo",
            "Status",
            "Terms",
            "Version",
        ),
        "hubdoi.records",
    ),
    "HubdoiError": "hubdoi.records.errors",
    "Client": "hubdoi.client",
    "Citation": "hubdoi.citation",
    "cite": "hubdoi.citation",
    "uses": "hubdoi.bibliography",
    "check": "hubdoi.bibliography",
    "hf_api": "hubdoi.commands.session",
    "panel": "hubdoi.jupyter.panel",
}

_displays.register("hubdoi.jupyter.display")

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension", *_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext hubdoi`` calls: registers ``%doi`` and ``%%doi``."""
    from .jupyter.magic import register

    register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%unload_ext hubdoi`` calls."""
    from .jupyter.magic import unregister

    unregister(shell)
