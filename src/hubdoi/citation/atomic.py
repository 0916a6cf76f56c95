"""Files of a person, which are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from ..records.errors import InvalidInput
from ..regular_file import check_regular

_ENDING = ".hubdoi"
_TEMPORARY = re.compile(r"[0-9a-f]{8}\.hubdoi")
_ABANDONED = 3600.0
"""Seconds after which a temporary file is taken for one whose writer was killed."""
_PATIENCE = 60.0
"""Seconds to wait for another program that writes the same file."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other writers of the file at `path` out, in this process and in others.

    The lock is on the directory, which leaves no file behind. Where the file system has no locks,
    nothing is locked.

    Raises:
        InvalidInput: somebody else has the lock for a minute.
    """
    try:
        import fcntl

        descriptor = os.open(_resolved(path).parent, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    break
                if time.monotonic() > end:
                    raise InvalidInput(
                        f"Another program is writing {path.name}; try again when it is finished."
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Write all of `content` or nothing; an existing file keeps its mode and owner, a link its target.

    Raises:
        InvalidInput: a device, a pipe or a directory is there.
        OSError: it cannot be written.
    """
    target = _resolved(path)
    check_regular(target)
    before = target.stat() if target.exists() else None
    _clear(target)
    temporary = target.with_name(f"{_beginning(target)}{token_hex(4)}{_ENDING}")
    # The mask of a process is for the kernel to apply: to ask for it is to change it.
    mode = 0o600 if before else 0o666
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if before:
                _keep_owner(file.fileno(), before)
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beginning(target: Path) -> str:
    return f".{target.name[:80]}."


def _clear(target: Path) -> None:
    """Delete what writers of `target` left that were killed; none takes as long as an hour."""
    beginning, before = _beginning(target), time.time() - _ABANDONED
    with suppress(OSError), os.scandir(target.parent) as found:
        for entry in found:
            name = entry.name
            if (
                name.startswith(beginning)
                and _TEMPORARY.fullmatch(name[len(beginning) :])
                and entry.is_file(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_mtime < before
            ):
                Path(entry.path).unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """As `write_atomically`, for a file that a person named.

    Raises:
        InvalidInput: it cannot be written; the message is a sentence.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InvalidInput(
            f"{path.name} cannot be written ({error.strerror}); check the directory and its permissions."
        ) from None


def _resolved(path: Path) -> Path:
    """Where `path` leads.

    Raises:
        OSError: it leads nowhere, as a loop of links or a name with a null byte does.
    """
    try:
        target = path.resolve()
        if not target.is_symlink():
            return target
        number = errno.ELOOP
    except RuntimeError:
        # What Python before 3.13 raises for a loop; later ones return the link.
        number = errno.ELOOP
    except ValueError:
        number = errno.EINVAL
    raise OSError(number, os.strerror(number))


def _keep_owner(descriptor: int, before: os.stat_result) -> None:
    """Give a new file the owner, where that is allowed, and the mode of the one that it replaces."""
    if sys.platform == "win32":
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, before.st_mode & 0o7777)
