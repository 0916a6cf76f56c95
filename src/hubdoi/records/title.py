"""A title besides the main one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Title:
    """DataCite's `title` with a titleType (``Subtitle``, ``TranslatedTitle`` …) or a language."""

    text: str
    type: str = ""
    language: str = ""
