"""What notebooks load, in the formats of other tools: RO-Crate, CycloneDX, Croissant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ...provenance.use import Uses
from ...records.errors import InvalidInput
from .export import Export
from .material import materials_of

if TYPE_CHECKING:
    from ...client import Client
    from ...hub.repositories import HuggingFaceHub
    from .material import Materials

_FORMATS = {"ro-crate": ".ro_crate", "cyclonedx": ".cyclonedx", "croissant": ".croissant"}

FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""The names of the formats, in the order in which they are offered."""

_Writer: TypeAlias = Callable[["Materials", datetime, "HuggingFaceHub"], Export]


def export(
    found: Uses,
    format: str,
    *,
    client: Client,
    notebooks: Sequence[Path] = (),
    license: str | None = None,
    at: datetime | None = None,
) -> Export:
    """Everything that is used, with its commit, DOI, licence and files, in a format of other tools.

    `notebooks` are the files that use it. A revision stands in the result only where it was
    recorded or is pinned in the code (R13), and a DOI as that of the repository only where it names
    that revision. `license` is the licence of the notebooks, an SPDX identifier. `at` is the time
    that the result carries, by default now.

    Raises:
        InvalidInput: `format` is not one of `FORMATS`.
        MissingLibrary: the format needs a library that is not installed.
        ServiceError: the Hub cannot be used now.
    """
    if format not in _FORMATS:
        raise InvalidInput(
            f"{format[:40]!r} is not a format of export; choose from {', '.join(FORMATS)}."
        )
    write: _Writer = import_module(_FORMATS[format], __package__).write
    materials = materials_of(found, client=client, notebooks=notebooks, license=license)
    return write(materials, at or datetime.now(UTC), client.hub)
