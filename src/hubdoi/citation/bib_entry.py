"""The layout of an entry of a .bib file."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["bib_entry"]


def bib_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """``@misc{key, …}``, one field a line, the equals signs in one column.

    The values of `fields` carry their delimiters.
    """
    width = max(map(len, fields), default=0)
    lines = ",\n".join([f"  {name:<{width}} = {value}" for name, value in fields.items()])
    return f"@{kind}{{{key},\n{lines}\n}}"
