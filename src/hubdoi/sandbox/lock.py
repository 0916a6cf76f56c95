"""One process per data directory, by a lock that dies with the process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..records.errors import SandboxError


class DirectoryLock:
    """Held from construction until `release`, or until the process ends in whatever way.

    Raises:
        SandboxError: another process, or another sandbox of this one, holds it.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        try:
            self._handle: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SandboxError(
                f"The sandbox cannot write to {directory} ({error.strerror}); "
                "choose another directory."
            ) from None
        try:
            _lock(self._handle)
        except OSError:
            os.close(self._handle)
            raise SandboxError(
                f"Another sandbox is using {directory}; stop that one, or choose another directory."
            ) from None

    def release(self) -> None:
        """Give the directory free; doing it twice does no harm."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
