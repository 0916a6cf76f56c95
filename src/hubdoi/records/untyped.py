"""Values of an answer whose types cannot be relied on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# XML 1.0 and terminals cannot take them; tabs and line ends stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def text_of(value: Any) -> str:
    """`value` as text without control characters; empty when it is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return _CONTROL.sub(" ", str(value)).strip()
    except ValueError:  # an integer too long to print
        return ""


# DataCite's codes for a value that is not there (appendix 3 of its documentation), as they are met.
_NO_VALUE = re.compile(r"\(?:\(?(?:unac|unal|unap|unas|unav|unkn|none|null|tba)\)?", re.IGNORECASE)


def known(text: str) -> str:
    """`text`, or nothing where it is DataCite's code for a value that is not there: ``(:unav)``."""
    return "" if _NO_VALUE.fullmatch(text.strip()) else text


def members(value: Any) -> list[Any]:
    """The members of a list; a lone mapping or text stands for a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    return [value] if isinstance(value, Mapping | str) and value else []


def first(values: Iterable[T | None]) -> T | None:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)
