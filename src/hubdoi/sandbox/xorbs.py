"""Xorbs: the blocks of chunks in which `hf_xet` sends what large files hold (Xet protocol)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lz4.frame import LZ4FrameDecompressor

from .large import Incoming
from .refusal import Refusal

MAX_XORB_BYTES = 72 * 1024**2
"""A xorb holds at most 64 MiB of chunks, each with a header, and a footer."""

_MAX_CHUNK_BYTES = 128 * 1024
_HEADER_BYTES = 8
_FOOTER = b"XETBLOB"
_NAME = re.compile(r"[0-9a-f]{64}")
_PLAIN, _LZ4, _GROUPED_LZ4 = range(3)


class Xorbs:
    """The xorbs that people sent since the sandbox started, under `directory`, by person.

    A client skips the chunks that it has sent before, so they stay until the sandbox stops.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._index = lru_cache(maxsize=256)(_offsets)
        self.clear()

    def clear(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, username: str, name: str) -> Path:
        """Where a xorb is.

        Raises:
            Refusal: `name` cannot be that of a xorb.
        """
        if _NAME.fullmatch(name) is None:
            raise Refusal(400, "The name of a xorb has 64 hexadecimal digits.")
        return self._directory / username / name

    def keep(self, username: str, name: str, received: Incoming) -> bool:
        """Take a xorb in; False when it was there.

        Raises:
            Refusal: it cannot be read.
        """
        target = self.path(username, name)
        if target.exists():
            return False
        target.parent.mkdir(mode=0o700, exist_ok=True)
        received.move_to(target)
        try:
            self._index(target)
        except Refusal:
            target.unlink(missing_ok=True)
            raise
        return True

    def chunks(self, username: str, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The contents of the chunks from `start` to before `stop`.

        Raises:
            Refusal: there is no such xorb or chunk, or it cannot be read.
        """
        path = self.path(username, name)
        if not path.exists():
            raise Refusal(400, f"The xorb {name} was not uploaded; send it again.")
        offsets = self._index(path)
        if not 0 <= start < stop < len(offsets):
            raise Refusal(400, f"The xorb {name} has {len(offsets) - 1} chunks, not {stop}.")
        with path.open("rb") as file:
            file.seek(offsets[start])
            for _ in range(start, stop):
                yield _chunk(file.read(_HEADER_BYTES), file.read)


def _offsets(path: Path) -> list[int]:
    """Where each chunk begins, and where the last one ends."""
    offsets, end = [0], path.stat().st_size
    with path.open("rb") as file:
        while offsets[-1] < end:
            header = file.read(_HEADER_BYTES)
            if header.startswith(_FOOTER):
                break
            _, packed, _, _ = _header(header)
            offsets.append(offsets[-1] + _HEADER_BYTES + packed)
            file.seek(packed, 1)
    if offsets[-1] > end or len(offsets) == 1:
        raise _unreadable()
    return offsets


def _header(header: bytes) -> tuple[int, int, int, int]:
    """The version, the packed length, the scheme and the length of a chunk."""
    if len(header) != _HEADER_BYTES or header[0] != 0:
        raise _unreadable()
    packed, length = int.from_bytes(header[1:4], "little"), int.from_bytes(header[5:8], "little")
    if packed > 2 * _MAX_CHUNK_BYTES or length > _MAX_CHUNK_BYTES:
        raise _unreadable()
    return header[0], packed, header[4], length


def _chunk(header: bytes, read: object) -> bytes:
    _, packed, scheme, length = _header(header)
    content: bytes = read(packed)  # type: ignore[operator]
    if scheme in (_LZ4, _GROUPED_LZ4):
        try:
            # Never more than was announced, whatever the frame would grow to.
            content = LZ4FrameDecompressor().decompress(content, max_length=length + 1)
        except RuntimeError:
            raise _unreadable() from None
        if scheme == _GROUPED_LZ4:
            content = _ungrouped(content)
    elif scheme != _PLAIN:
        raise _unreadable()
    if len(content) != length:
        raise _unreadable()
    return content


def _ungrouped(content: bytes) -> bytes:
    """Every fourth byte is in one of four groups, one after the other."""
    whole, start = bytearray(len(content)), 0
    for group in range(4):
        count = len(range(group, len(content), 4))
        whole[group::4] = content[start : start + count]
        start += count
    return bytes(whole)


def _unreadable() -> Refusal:
    return Refusal(400, "The xorb cannot be read; send it again.")
