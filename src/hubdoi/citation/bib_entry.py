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
    return f"@{kind}{{{key},\n{_template(tuple(fields)) % tuple(fields.values())}\n}}"


@lru_cache(maxsize=256)
def _template(names: tuple[str, ...]) -> str:
    """The lines of the fields `names`, with a place for each value."""
    width = max(map(len, names), default=0)
    return ",\n".join([f"  {name.replace('%', '%%'):<{width}} = %s" for name in names])


def bib_names(authors: tuple[Author, ...], escape: Callable[[str], str]) -> str:
    """The value of ``author``: the names with "and" between them."""
    return " and ".join([bib_name(author, escape) for author in authors])


def bib_name(author: Author, escape: Callable[[str], str]) -> str:
    """A person as ``Family, Given`` or ``Family, Jr., Given``; anything else in braces, never split."""
    if author.type == "person" and author.family and author.given:
        return _person(author.family, author.given, escape)
    return f"{{{escape(author.family or author.name)}}}"


# The same people write many works.
@lru_cache(maxsize=16384)
def _person(family: str, given: str, escape: Callable[[str], str]) -> str:
    family, suffix = split_suffix(family)
    parts = (family, suffix, given) if suffix else (family, given)
    return ", ".join([_words(part, escape) for part in parts])


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
