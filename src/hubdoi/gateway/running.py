"""Where the gateway of this machine is served, for the commands beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..minting.user_ledger import data_directory


def _path() -> Path:
    return data_directory() / "gateway" / "endpoint"


def note(endpoint: str) -> None:
    with suppress(OSError):
        _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _path().write_text(endpoint, "utf-8")


def served_at() -> str:
    """Where it was served last; empty when that is not known."""
    with suppress(OSError, UnicodeDecodeError):
        return _path().read_text("utf-8").strip()
    return ""
