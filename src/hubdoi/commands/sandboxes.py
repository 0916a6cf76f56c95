"""The sandbox, started by name: it is a whole program of its own, with libraries of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..records.errors import MissingLibrary


def sandbox_module(name: str = "") -> Any:
    """A module of the sandbox.

    Raises:
        MissingLibrary: the sandbox's libraries are not installed.
    """
    try:
        return import_module(f"hubdoi.sandbox.{name}".rstrip("."))
    except ImportError as error:
        raise MissingLibrary(
            "The sandbox requires extra packages; install them with: pip install 'hubdoi[sandbox]'"
        ) from error
