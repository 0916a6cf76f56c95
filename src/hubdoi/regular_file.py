"""Files of a person and of strangers: only regular ones are read, and within bounds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .records.errors import InvalidInput

MOST_BYTES = 256_000_000
"""The largest file that is read whole."""

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_regular(
    path: Path,
    at_most: int = MOST_BYTES,
    *,
    must_exist: bool = False,
    way_out: str = "split it first",
) -> bytes:
    """The content of a regular file, or of one that a link leads to; empty where there is none.

    `way_out` is what to do about a file of more than `at_most` bytes.

    Raises:
        InvalidInput: it is something else (a device, a pipe, a directory), too large, or cannot be
            read, or it `must_exist` and does not; the message names it.
    """
    try:
        # A pipe that nobody writes to would never open otherwise.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except FileNotFoundError:
        if must_exist:
            raise InvalidInput(f"There is no file {path}; check the name.") from None
        return b""
    except (OSError, ValueError) as error:
        check_regular(path)
        reason = getattr(error, "strerror", None) or "its name is not one of a file"
        raise InvalidInput(f"{path} cannot be read ({reason}); check the path.") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise InvalidInput(_not_regular(path, found.st_mode))
    with os.fdopen(descriptor, "rb") as file:
        try:
            # What grows, and what /proc shows, is longer than its size says.
            content = file.read(at_most + 1) if found.st_size <= at_most else None
        except OSError as error:
            raise InvalidInput(
                f"{path} cannot be read ({error.strerror}); check the path."
            ) from None
    if content is None or len(content) > at_most:
        raise InvalidInput(f"{path} is larger than {at_most // 1_000_000} MB; {way_out}.")
    return content


def check_regular(path: Path) -> None:
    """Refuse what is there and is no regular file; links are followed.

    Raises:
        InvalidInput: it is a device, a pipe, a socket or a directory.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        raise InvalidInput(_not_regular(path, mode))


def _not_regular(path: Path, mode: int) -> str:
    kind = next((name for check, name in _KINDS if check(mode)), "a special file")
    return f"{path} is {kind}, not a file that can be read and replaced; check the path."
