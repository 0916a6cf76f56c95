"""The body of a commit: JSON lines with a header, contents in base64, large files, deletions."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from .bodies import parts, text_of
from .changes import Change
from .guard import MAX_FILE_BYTES
from .large import LargeFile, large_file
from .paths import check_path
from .refusal import Refusal

_MAX_MESSAGE = 65_536
# A file in base64, with its path.
_MAX_LINE = MAX_FILE_BYTES * 4 // 3 + 100_000
# Contents up to here stay in memory; what comes after them is read again when it is written.
_KEPT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A commit as it was asked for: `parent` is the commit that it must follow."""

    title: str
    message: str
    parent: str | None
    change: Change


async def _spooled(request: Request) -> AsyncIterator[IO[bytes]]:
    with SpooledTemporaryFile(max_size=1024 * 1024) as file:
        async for part in parts(request):
            await run_in_threadpool(file.write, part)
        yield file


CommitBody = Annotated[IO[bytes], Depends(_spooled)]
"""The body, on disk when it is large."""


def read_commit(body: IO[bytes]) -> Asked:
    """What a body asks for. Its contents are read from `body` as long as the commit is made.

    Raises:
        Refusal: it cannot be read, a path cannot be, or a file is too large (413).
    """
    header: dict[str, Any] | None = None
    add = _Contents(body)
    large: dict[str, LargeFile] = {}
    delete_files: list[str] = []
    delete_folders: list[str] = []
    for start, line in _lines(body):
        key, value = _parsed(line)
        if key == "header":
            header = value
        elif key == "file":
            path = check_path(value.get("path"))
            large.pop(path, None)
            add.keep(path, start, _content(path, value))
        elif key == "lfsFile":
            path = check_path(value.get("path"))
            # Who copies a file does not name its size.
            named = large_file(value.get("oid"), value.get("size", 0))
            large[path] = named if "size" in value else LargeFile(named.sha256, -1)
            add.drop(path)
        elif key in ("deletedFile", "deletedEntry"):
            delete_files.append(check_path(value.get("path")))
        elif key == "deletedFolder":
            folder = value.get("path")
            folder = folder.rstrip("/") if isinstance(folder, str) else folder
            delete_folders.append(check_path(folder))
        else:
            raise Refusal(400, f"{key[:60]!r} is not a change that a commit can make.")
    change = Change(add, tuple(delete_files), tuple(delete_folders), large)
    return _with_header(header, change)


def _with_header(header: dict[str, Any] | None, change: Change) -> Asked:
    if header is None:
        raise Refusal(400, "The commit has no header with a summary.")
    title = text_of(header, "summary", at_most=_MAX_MESSAGE).strip()
    message = text_of(header, "description", at_most=_MAX_MESSAGE, default="").strip()
    if not title:
        raise Refusal(400, "The commit has no summary.")
    parent = header.get("parentCommit")
    if parent is not None and not isinstance(parent, str):
        raise Refusal(400, "'parentCommit' is the id of a commit.")
    # The first line is the title, as in git.
    title, _, rest = title.partition("\n")
    message = "\n\n".join(part for part in (rest.strip(), message) if part)
    return Asked(title, message, parent, change)


class _Contents(Mapping[str, bytes]):
    """Contents by path: the first ones in memory, the others where they are in the body."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body
        self._kept: dict[str, bytes | int] = {}
        self._bytes = 0

    def keep(self, path: str, start: int, content: bytes) -> None:
        self._bytes += len(content)
        self._kept[path] = content if self._bytes <= _KEPT_BYTES else start

    def drop(self, path: str) -> None:
        self._kept.pop(path, None)

    def __getitem__(self, path: str) -> bytes:
        kept = self._kept[path]
        if isinstance(kept, bytes):
            return kept
        self._body.seek(kept)
        return _content(path, _parsed(self._body.readline())[1])

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _lines(body: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Every line that is not empty, and where it starts."""
    body.seek(0)
    start = 0
    while line := body.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise _too_large()
        if line.strip():
            yield start, line
        start += len(line)


def _parsed(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        item = json.loads(line)
        key, value = item["key"], item["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refusal(400, "A line of the commit is not a JSON object of key and value.") from None
    if not isinstance(key, str) or not isinstance(value, dict):
        raise Refusal(400, "A line of the commit is not a JSON object of key and value.")
    return key, value


def read_files(listed: object) -> dict[str, bytes]:
    """The files of a list of objects, each with a path, a content and its encoding.

    Raises:
        Refusal: as `read_commit` does.
    """
    if not isinstance(listed, list) or not all(isinstance(value, dict) for value in listed):
        raise Refusal(400, "'files' must be a list of objects with a path and a content.")
    found: dict[str, bytes] = {}
    for value in listed:
        path = check_path(value.get("path"))
        found[path] = _content(path, value)
    return found


def _content(path: str, value: dict[str, Any]) -> bytes:
    content = _text(value.get("content"))
    if value.get("encoding", "utf-8") == "base64":
        try:
            decoded = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, f"The content of {path[:200]!r} is not base64.") from None
    else:
        decoded = content.encode("utf-8", "replace")
    if len(decoded) > MAX_FILE_BYTES:
        raise _too_large()
    return decoded


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refusal(400, "A path and a content are texts.")
    return value


def _too_large() -> Refusal:
    return Refusal(
        413,
        f"A file inside a commit has at most {MAX_FILE_BYTES // 1024**2} MiB; "
        "upload a larger one by Xet or Git LFS.",
        "FileTooLarge",
    )
