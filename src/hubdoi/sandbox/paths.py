"""Which path names a repository takes."""

from __future__ import annotations

import re

from .refusal import Refusal

_MAX_LENGTH = 1000
# Each folder on the way to a file is stored and hashed for it.
_MAX_PARTS = 101
_DRIVE = re.compile(r"[A-Za-z]:")


def check_path(path: object) -> str:
    """`path` itself, when it names a file or folder inside a repository.

    Raises:
        Refusal: it could name something else, on this or on the machine that downloads it.
    """
    if not isinstance(path, str) or not path or len(path.encode("utf-8", "replace")) > _MAX_LENGTH:
        raise _bad(path, f"it must be a name of at most {_MAX_LENGTH} bytes")
    if not path.isprintable():
        raise _bad(path, "it holds a character that cannot be printed")
    if "\\" in path or path.startswith("/") or _DRIVE.match(path):
        raise _bad(path, "it must be relative, with / between its parts")
    parts = path.split("/")
    if len(parts) > _MAX_PARTS:
        raise _bad(path, f"it leads through more than {_MAX_PARTS - 1} folders")
    for part in parts:
        if part in ("", ".", ".."):
            raise _bad(path, "a part of it is empty or leads out of the repository")
        if part.lower() == ".git" or len(part.encode()) > 255:
            raise _bad(path, "a part of it is .git or longer than 255 bytes")
    return path


def _bad(path: object, why: str) -> Refusal:
    shown = str(path)
    return Refusal(
        422,
        f"{shown[:60]!r} cannot be the path of a file: {why}.",
    )
