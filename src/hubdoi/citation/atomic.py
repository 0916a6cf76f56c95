"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..records.errors import InvalidInput


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write all of `content` or nothing; an existing file keeps its mode, a link its target."""
    target = path.resolve()
    if mode is None:
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_file(path: Path, content: bytes) -> None:
    """As `write_atomically`, for a file that a person named.

    Raises:
        InvalidInput: it cannot be written; the message is a sentence.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InvalidInput(
            f"{path.name} cannot be written ({error.strerror}); check the directory and your rights there."
        ) from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
