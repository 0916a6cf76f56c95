"""Reading the attributes of a DataCite record, however uneven it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .version import Version

__all__ = ["version_from_datacite"]


def version_from_datacite(attributes: Mapping[str, Any]) -> Version:
    """The version in `attributes` (DataCite metadata schema 4, JSON form of the REST API)."""
    raise NotImplementedError
