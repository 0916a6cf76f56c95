"""The layout of an entry of a .bib file, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from ..records import Author
from ..records.names import split_suffix

_BRACED = re.compile(r"\{[^{}]*\}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z -]*")


def bib_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """``@misc{key, …}``, one field a line, the equals signs in one column.

    The values of `fields` carry their delimiters.
    """
    width = max(map(len, fields), default=0)
    lines = ",\n".join([f"  {name:<{width}} = {value}" for name, value in fields.items()])
    return f"@{kind}{{{key},\n{lines}\n}}"


@lru_cache(maxsize=4096)
def bib_name(author: Author, escape: Callable[[str], str]) -> str:
    """A person as ``Family, Given`` or ``Family, Jr., Given``; anything else in braces, never split."""
    if author.type == "person" and author.family and author.given:
        family, suffix = split_suffix(author.family)
        parts = (family, suffix, author.given) if suffix else (family, author.given)
        return ", ".join([_words(part, escape) for part in parts])
    return f"{{{escape(author.family or author.name)}}}"


def _words(text: str, escape: Callable[[str], str]) -> str:
    if _PLAIN.fullmatch(text) and " and" not in text.lower() and text.lower() != "and":
        return " ".join(text.split())
    return " ".join([_word(word, escape(word)) for word in text.split()])


def _word(word: str, written: str) -> str:
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
