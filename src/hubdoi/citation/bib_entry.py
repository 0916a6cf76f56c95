"""The layout of an entry of a .bib file."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BRACED = re.compile(r"\{[^{}]*\}")


def bib_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """``@misc{key, …}``, one field a line, the equals signs in one column.

    The values of `fields` carry their delimiters.
    """
    width = max(map(len, fields), default=0)
    lines = ",\n".join([f"  {name:<{width}} = {value}" for name, value in fields.items()])
    return f"@{kind}{{{key},\n{lines}\n}}"


def name_word(word: str, written: str) -> str:
    """`written`, the escaped form of one word of a person's name, in braces where it needs them.

    Commas and the word "and" have a meaning between names, and a command would be split; in braces
    they are letters like any others.
    """
    if word.isalpha() and word.isascii() and word.lower() != "and":
        return written
    special = (
        "," in word or word.lower() == "and" or "\\" in _BRACED.sub("", _BRACED.sub("", written))
    )
    return f"{{{written}}}" if special else written
