"""Text made of constants: interpolation, `%`, `format` and the harmless methods of `str`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .target import address_in_beginning
from .values import CUT, GAP, LOCAL, OPAQUE, UNKNOWN, Beginning, Marker, Partial

_MAX = 2000
_PLAIN = (str, int, float, bool)


def interpolated(parts: Sequence[Any]) -> Any:
    """The parts as one text; a path of this machine, or unknown, when a part is."""
    text = ""
    whole = True
    for part in parts:
        if isinstance(part, Partial):
            whole = False
            text += part.text
        elif isinstance(part, Marker) or not isinstance(part, _PLAIN):
            if part is CUT:
                return CUT
            if part is LOCAL and not text.strip():
                return LOCAL
            if isinstance(part, Beginning) and not text:
                return part
            if whole and (begun := _begun(text)) is not UNKNOWN:
                return begun
            whole = False
            text += GAP
        else:
            text += str(part)
        if len(text) > _MAX:
            return CUT
    if whole:
        return text
    return Partial(text) if " " in text else UNKNOWN


def _begun(beginning: str) -> Marker:
    """What a text is of which only the beginning is known."""
    if beginning.startswith(("./", "../", "/", "~")):
        return LOCAL
    address = address_in_beginning(beginning)
    return UNKNOWN if address is None else Beginning(address)


def formatted(text: Any, parts: Sequence[Any]) -> Any:
    """``text % parts`` with plain ``%s`` and ``%d``."""
    if not isinstance(text, str) or text.count("%") != len(parts):
        return _begun(text.partition("%")[0]) if isinstance(text, str) else UNKNOWN
    pieces = text.split("%")
    if any(isinstance(part, Marker) or not isinstance(part, _PLAIN) for part in parts):
        known = pieces[0]
        for piece, part in zip(pieces[1:], parts, strict=True):
            if not isinstance(part, _PLAIN) or piece[:1] != "s":
                break
            known += str(part) + piece[1:]
        return _begun(known)
    made = pieces[0]
    for piece, part in zip(pieces[1:], parts, strict=True):
        if piece[:1] not in ("s", "d") or (piece[0] == "d" and not isinstance(part, int)):
            return UNKNOWN
        made += str(part) + piece[1:]
    return made if len(made) <= _MAX else CUT


def _format(text: str, given: list[Any], named: Mapping[str, Any]) -> Any:
    # it compiles a pattern of its own
    import string

    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError:
        return UNKNOWN
    made = ""
    place = 0
    for literal, name, spec, conversion in pieces:
        made += literal
        if name is None:
            continue
        if spec or conversion not in (None, "", "s"):
            return _begun(made)
        key: Any = name
        if name == "":
            key, place = place, place + 1
        elif name.isdigit():
            key = int(name)
        value = named.get(key) if isinstance(key, str) else None
        if isinstance(key, int) and key < len(given):
            value = given[key]
        if not isinstance(value, _PLAIN):
            return _begun(made)
        made += str(value)
        if len(made) > _MAX:
            return CUT
    return made


def _safe(method: Callable[..., Any]) -> Callable[[str, list[Any], Mapping[str, Any]], Any]:
    def call(text: Any, given: list[Any], named: Mapping[str, Any]) -> Any:
        if text is CUT or CUT in given:
            return CUT
        if not isinstance(text, str) or any(isinstance(value, Marker) for value in given):
            return UNKNOWN
        try:
            made = method(text, *given, **named)
        except (TypeError, ValueError, AttributeError, LookupError, OverflowError, MemoryError):
            return UNKNOWN
        return CUT if isinstance(made, str) and len(made) > _MAX else made

    return call


def _format_safely(text: Any, given: list[Any], named: Mapping[str, Any]) -> Any:
    return _format(text, given, named) if isinstance(text, str) else UNKNOWN


def _join(text: str, parts: list[Any]) -> Any:
    return text.join(parts) if all(type(part) is str for part in parts) else OPAQUE


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    # an empty `old` would multiply the text
    return text.replace(old, new, count) if old else text


STRING_METHODS: dict[str, Callable[[Any, list[Any], Mapping[str, Any]], Any]] = {
    "format": _format_safely,
    "join": _safe(_join),
    "replace": _safe(_replace),
    **{
        name: _safe(getattr(str, name))
        for name in (
            "strip lstrip rstrip lower upper title capitalize casefold removeprefix removesuffix "
            "split rsplit partition rpartition"
        ).split()
    },
}
