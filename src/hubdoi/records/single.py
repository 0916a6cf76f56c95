"""Formats that describe one work a document."""

from __future__ import annotations

from collections.abc import Sequence

from . import Version
from .errors import InvalidInput


def only(versions: Sequence[Version], what: str) -> Version:
    """The one version; `what` names the document that can hold no other.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    if len(versions) != 1:
        raise InvalidInput(
            f"{what} describes one work, not {len(versions)}; cite one repository at a time, or choose another format."
        )
    return versions[0]
