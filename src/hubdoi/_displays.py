"""Which module shows records: it stands above them, so that they know nothing of HTML."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_shown_by = ""


def register(module: str) -> None:
    """Let `module` show records; it is imported when the first one is to be shown."""
    global _shown_by
    _shown_by = module


def mimebundle(record: Any) -> dict[str, str]:
    """`record` as text/plain, text/markdown and text/html."""
    bundle: dict[str, str] = import_module(_shown_by).mimebundle(record)
    return bundle


def plain(record: Any) -> str:
    """`record` for a terminal."""
    text: str = import_module(_shown_by).plain(record)
    return text
