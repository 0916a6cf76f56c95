"""Which path names a repository takes."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath

from .refusal import Refusal

_MAX_LENGTH = 1000
# Each folder on the way to a file is stored and hashed for it.
_MAX_PARTS = 101
# Control characters, ends of a line, halves of a character, and what turns the direction of text.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def check_path(path: object) -> str:
    """`path` itself, when it names a file or folder inside a repository.

    A backslash or a colon is a character like any other, as on the Hub, except where Windows would
    read it as a way elsewhere: huggingface_hub refuses to write such a file.

    Raises:
        Refusal: it leads out of the repository, or cannot be shown.
    """
    if not isinstance(path, str) or not path or len(path.encode("utf-8", "replace")) > _MAX_LENGTH:
        raise _bad(path, f"it must be a name of at most {_MAX_LENGTH} bytes")
    if _UNSAFE.search(path):
        raise _bad(path, "it holds a control character")
    if path.startswith("/") or any(PureWindowsPath(part).anchor for part in path.split("/")):
        raise _bad(path, "it must be relative, with / between its parts")
    parts = path.split("/")
    if len(parts) > _MAX_PARTS:
        raise _bad(path, f"it leads through more than {_MAX_PARTS - 1} folders")
    for part in parts:
        if part in ("", ".") or ".." in part.split("\\"):
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
