"""Which backends there are. A new one is a file beside this one, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from ...config import Config
from ...records.errors import InvalidInput
from .base import Backend
from .resources import Resources

# Name -> the class, or the module and name of the class, so that it is imported when it is used.
BACKENDS: dict[str, type[Backend] | str] = {
    "auto": "auto.AutoBackend",
    "hub": "hub.HubBackend",
    "datacite": "datacite.DataCiteBackend",
    "handoff": "handoff.HandOffBackend",
}


def check(name: str) -> None:
    """Refuse a name that no backend has.

    Raises:
        InvalidInput: there is none of that name.
    """
    if name not in BACKENDS:
        raise InvalidInput(f"{name!r} is not a registrar; choose one of {', '.join(BACKENDS)}.")


def backend_class(name: str) -> type[Backend]:
    """The class of the backend `name`. Raises as `check`."""
    check(name)
    found = BACKENDS[name]
    if isinstance(found, str):
        module, _, class_name = found.rpartition(".")
        found = getattr(import_module(f"{__package__}.{module}"), class_name)
    return cast("type[Backend]", found)


def open_backend(resources: Resources, name: str | None = None) -> Backend:
    """The backend that the settings choose, or `name`.

    Raises:
        InvalidInput: there is none of that name, or a setting that it needs is missing.
        LedgerError: its ledger cannot be used.
    """
    return backend_class(name or resources.config.registrar).opened(resources)


def describe(config: Config) -> str:
    """What registers a DOI with these settings, in a few words."""
    return backend_class(config.registrar).describe(config)
