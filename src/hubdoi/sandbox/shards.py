"""Shards: the lists of files, each made of chunks of xorbs, that end an upload (Xet protocol)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .refusal import Refusal

_TAG = b"HFRepoMetaData"
_HEADER_BYTES = 48
_ENTRY = struct.Struct("<32sIIII")
_LAST = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_METADATA = 1 << 30


@dataclass(frozen=True, slots=True)
class Term:
    """Some chunks of a xorb, from `start` to before `stop`, with `size` bytes in all."""

    xorb: str
    start: int
    stop: int
    size: int


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file: `name` is its Xet hash."""

    name: str
    terms: tuple[Term, ...]
    sha256: str | None

    @property
    def size(self) -> int:
        return sum(term.size for term in self.terms)


def files_of(shard: bytes) -> list[ShardFile]:
    """The files that a shard describes.

    Raises:
        Refusal: it is none, or is cut off.
    """
    if not shard.startswith(_TAG):
        raise Refusal(400, "The shard cannot be read; send it again.")
    try:
        return list(_files(_ENTRY.iter_unpack(_entries(shard))))
    except (StopIteration, RuntimeError, struct.error):
        raise Refusal(400, "The shard is cut off; send it again.") from None


def _entries(shard: bytes) -> bytes:
    """All entries have the same length; what follows them, at the end, is not needed."""
    count = (len(shard) - _HEADER_BYTES) // _ENTRY.size
    return shard[_HEADER_BYTES : _HEADER_BYTES + count * _ENTRY.size]


def _files(entries: Iterator[tuple[bytes, int, int, int, int]]) -> Iterator[ShardFile]:
    for name, flags, count, _, _ in entries:
        if name == _LAST:
            return
        terms = []
        for _ in range(count):
            xorb, _, size, start, stop = next(entries)
            terms.append(Term(_hexadecimal(xorb), start, stop, size))
        if flags & _HAS_VERIFICATION:
            for _ in range(count):
                next(entries)
        sha256 = _hexadecimal(next(entries)[0]) if flags & _HAS_METADATA else None
        yield ShardFile(_hexadecimal(name), tuple(terms), sha256)
    raise RuntimeError("the list of files has no end")


def _hexadecimal(digest: bytes) -> str:
    """A hash as Xet writes it: four little-endian numbers of 64 bits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))
