"""The directory that a sandbox keeps everything in: its owner's alone, and no way out of it."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from ..records.errors import SandboxError

_NEW = ".new"
_SECRET = frozenset({"credentials.json", "oauth-key.pem"})
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def data_directory(data: Path | None) -> Path:
    """The directory at `data`, made if there is none, or a temporary one.

    One that exists may have been prepared by somebody else: a link in it would have the sandbox
    write elsewhere, and whoever may write to it could give the sandbox tokens of their own choice.

    Raises:
        SandboxError: it cannot be used, belongs to somebody else, others may change it or read the
            secrets in it, or there is a link in it.
    """
    if data is None:
        return Path(tempfile.mkdtemp(prefix="hubdoi-sandbox-"))
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = data.resolve()
        _check(found)
    except FileExistsError:
        raise SandboxError(f"{data} is not a directory; choose another one.") from None
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links lead in a circle"
        raise SandboxError(
            f"The sandbox cannot use the directory {data} ({why}); choose another one."
        ) from None
    return found


def write_secret(path: Path, content: bytes) -> None:
    """Put `content` into the file at `path`, whole or not at all, for its owner alone.

    Raises:
        SandboxError: it cannot be written.
    """
    beside = path.with_name(path.name + _NEW)
    try:
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise SandboxError(
            f"The sandbox cannot write {path} ({error.strerror}); "
            "choose a directory that you can write to."
        ) from None


def _check(directory: Path) -> None:
    _check_entry(directory, directory.stat())
    with os.scandir(directory) as entries:
        for entry in entries:
            path = directory / entry.name
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                raise SandboxError(
                    f"{path} is a link or a special file; remove it, or choose another directory."
                )
            # A second name of the same file may be one that others can write under.
            if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
                raise SandboxError(
                    f"{path} has another name elsewhere (a hard link); replace it with a copy."
                )
            _check_entry(path, status)


def _check_entry(path: Path, status: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    if status.st_uid != os.geteuid():
        raise SandboxError(f"{path} belongs to another user; choose a directory of your own.")
    if status.st_mode & _OTHERS_WRITE:
        raise SandboxError(f"Other users may change {path}; run: chmod go-w '{path}'")
    if path.name.removesuffix(_NEW) in _SECRET and status.st_mode & _OTHERS:
        raise SandboxError(f"Other users may read {path}; run: chmod 600 '{path}'")
