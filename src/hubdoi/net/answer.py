"""What a server answered, read within a bound."""

from __future__ import annotations

import json
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

MOST_VALUES = 3_000_000
"""Values in the JSON of an answer: each takes up to a hundred times the memory of its bytes."""
_PART = 64 * 1024
_LONGEST_NUMBER = 19
# Every digit as 0, to find a long number: a regular expression takes longer than reading the JSON.
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * (_LONGEST_NUMBER + 1)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BadEncoding(Exception):
    """The body is not compressed as the headers say, or in a way that was not asked for."""


class TooLarge(Exception):
    """The body, decoded, is larger than the bound."""


class TooManyValues(Exception):
    """The JSON of the body has more than MOST_VALUES values."""


class Headers(Mapping[str, str]):
    """The headers of an answer, whatever the case of a name; what is repeated is joined by commas."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            before = self._values.get(name)
            self._values[name] = value if before is None else f"{before}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Answer:
    """An HTTP answer: its status, headers, body, and the JSON in it (None if it has none)."""

    __slots__ = ("content", "headers", "json", "status", "url")

    def __init__(
        self, status: int, headers: Mapping[str, str], content: bytes, json_body: Any, url: str
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.json = json_body
        self.url = url


def decoded(
    parts: Iterable[bytes], encoding: str, *, largest: int, first: int | None = None
) -> bytes:
    """The body in `parts`; `encoding` is its Content-Encoding, `largest` a number of bytes.

    With `first`, no more than so many bytes of it are read.

    Only gzip is asked for, once: a body that is compressed twice is not unpacked, and none is
    unpacked beyond `largest`.

    Raises:
        BadEncoding, TooLarge.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        unpacked: Iterable[bytes] = parts
    elif encoding in ("gzip", "x-gzip"):
        unpacked = _unzipped(parts)
    else:
        raise BadEncoding
    found = bytearray()
    for part in unpacked:
        found += part
        if first is not None and len(found) >= first:
            return bytes(found[:first])
        if len(found) > largest:
            raise TooLarge
    return bytes(found)


def read_json(content: bytes) -> Any:
    """The value of a body of JSON in UTF-8, which can be kept and written everywhere.

    Neither NaN nor a number of more digits than a database has is one; half of a surrogate pair
    is replaced.

    Raises:
        TooManyValues.
        ValueError: it is not JSON, or is nested too deeply.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise TooManyValues
    decoder = _SHORT_NUMBERS if _LONG_NUMBER in content.translate(_DIGITS) else _ANY_NUMBERS
    try:
        value = decoder.decode(content.removeprefix(BOM_UTF8).decode())
        if _SURROGATE.search(content):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError from None
    return value


def _not_json(_: str) -> NoReturn:
    raise ValueError


def _number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError
    return int(text)


# `json.loads` with these arguments would make one for every answer.
_ANY_NUMBERS = json.JSONDecoder(parse_constant=_not_json)
_SHORT_NUMBERS = json.JSONDecoder(parse_constant=_not_json, parse_int=_number)


def _unzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    empty = True
    try:
        for part in parts:
            empty = empty and not part
            while part and not unzip.eof:
                yield unzip.decompress(part, _PART)
                part = unzip.unconsumed_tail
        yield unzip.flush(_PART)
    except zlib.error:
        raise BadEncoding from None
    if not unzip.eof and not empty:
        raise BadEncoding
