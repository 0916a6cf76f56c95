"""What a notebook sees: the magic, the panel, and how records show themselves."""

from __future__ import annotations

__all__: list[str] = []
