"""Contents with a range of their bytes, from memory or from disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from .refusal import Refusal

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PART_BYTES = 1024 * 1024


def on_disk(
    request: Request,
    path: Path,
    size: int,
    headers: dict[str, str],
    media_type: str = "application/octet-stream",
) -> Response:
    """The file at `path`, or the range of it that was asked for, read as it is sent.

    Raises:
        Refusal: the range is not in it (416).
    """
    start, stop, status, headers = asked_range(request, size, headers)
    if request.method == "HEAD":
        return Response(b"", status, headers, media_type=media_type)
    return StreamingResponse(_read(path, start, stop), status, headers, media_type=media_type)


def in_memory(
    request: Request, content: bytes, headers: dict[str, str], media_type: str
) -> Response:
    """`content`, or the range of it that was asked for.

    Raises:
        Refusal: the range is not in it (416).
    """
    start, stop, status, headers = asked_range(request, len(content), headers)
    body = b"" if request.method == "HEAD" else content[start:stop]
    return Response(body, status, headers, media_type=media_type)


def asked_range(
    request: Request, size: int, headers: dict[str, str]
) -> tuple[int, int, int, dict[str, str]]:
    """The first byte, the one after the last, the status, and `headers` with those of the range."""
    start, stop = _range(request, size)
    headers = headers | {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if (start, stop) == (0, size):
        return start, stop, 200, headers
    return start, stop, 206, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}


def _range(request: Request, size: int) -> tuple[int, int]:
    asked = request.headers.get("range")
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or match.group(0) == "bytes=-":
        return 0, size
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= stop:
        raise Refusal(416, f"The file has {size} bytes; that range is not in it.")
    return start, stop


def _read(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop and (part := file.read(min(_PART_BYTES, stop - start))):
            start += len(part)
            yield part
