"""Large files (Git LFS): contents on disk under their SHA-256, and the pointers that commits hold."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.database import Database
from .git import blob_id
from .refusal import Refusal
from .tables import LARGE_FILES, LARGE_FILES_OF

MAX_LARGE_BYTES = 4 * 1024**3
"""The size of the largest file that the sandbox takes."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n"
)


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file as its pointer names it: `size` in bytes."""

    sha256: str
    size: int

    @property
    def pointer(self) -> bytes:
        """What git keeps in its place (the pointer file of the Git LFS specification)."""
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {self.size}\n"
        ).encode()

    @property
    def oid(self) -> str:
        """The blob id of the pointer."""
        return blob_id(self.pointer)


def large_file(oid: object, size: object) -> LargeFile:
    """The file that a request names.

    Raises:
        Refusal: `oid` is no SHA-256, `size` is no size, or more than the sandbox takes (413).
    """
    if not isinstance(oid, str) or _SHA256.fullmatch(oid) is None:
        raise Refusal(400, "The oid of a large file is its SHA-256 in hexadecimal digits.")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Refusal(400, "The size of a file is a number of bytes.")
    if size > MAX_LARGE_BYTES:
        raise too_large(size)
    return LargeFile(oid, size)


def pointed_to(content: bytes) -> LargeFile | None:
    """The file that `content` is a pointer to, or None when it is something else."""
    match = _POINTER.fullmatch(content) if len(content) < 200 else None
    return None if match is None else LargeFile(match[1].decode(), int(match[2]))


def too_large(size: int) -> Refusal:
    return Refusal(
        413,
        f"A file of {size} bytes is too large; the sandbox takes files of at most "
        f"{MAX_LARGE_BYTES // 1024**3} GiB.",
        "FileTooLarge",
    )


class LargeFiles:
    """The large files of all repositories, under `directory`.

    A repository may commit a file that was uploaded to it; knowing the SHA-256 of somebody else's
    file is not enough. What was uploaded and never committed is forgotten at the next start.
    """

    def __init__(self, database: Database, directory: Path) -> None:
        self._database = database
        self._objects = directory / "objects"
        self._incoming = directory / "incoming"
        self._offered: set[tuple[str, str]] = set()
        self._lock = Lock()
        for path in (directory, self._objects, self._incoming):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what an earlier process was still receiving, and what no commit holds."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        with self._database.reading() as connection:
            held = set(connection.execute(select(LARGE_FILES_OF.c.sha256)).scalars())
        for path in self._objects.glob("*/*"):
            if path.name not in held:
                path.unlink(missing_ok=True)

    def of(self, oid: str) -> LargeFile | None:
        """The file whose pointer is the blob `oid`, or None when that is a plain file."""
        return self._pointers.get(oid)

    def path(self, sha256: str) -> Path:
        """Where the content is."""
        return self._objects / sha256[:2] / sha256

    def belongs_to(self, uid: str, sha256: str) -> bool:
        """Whether that file was uploaded to, or committed in, the repository `uid`."""
        with self._lock:
            if (uid, sha256) in self._offered:
                return True
        with self._database.reading() as connection:
            query = select(LARGE_FILES_OF.c.uid).where(
                LARGE_FILES_OF.c.uid == uid, LARGE_FILES_OF.c.sha256 == sha256
            )
            return connection.execute(query).first() is not None

    def offer(self, uid: str, sha256: str) -> None:
        """Let the repository commit that file."""
        with self._lock:
            self._offered.add((uid, sha256))

    def commit(self, uid: str, file: LargeFile) -> str:
        """Keep a file for good, as part of a commit; the answer is the blob id of its pointer.

        Raises:
            Refusal: it was never uploaded to this repository, or has another size.
        """
        path = self.path(file.sha256)
        if not self.belongs_to(uid, file.sha256) or not path.exists():
            raise Refusal(
                400,
                f"The large file {file.sha256} was not uploaded to this repository; "
                "upload it first, then commit.",
                "LfsObjectNotFound",
            )
        if path.stat().st_size != file.size:
            raise Refusal(400, f"The large file {file.sha256} does not have {file.size} bytes.")
        oid = file.oid
        with self._database.transaction() as connection:
            connection.execute(
                upsert(LARGE_FILES)
                .values(oid=oid, sha256=file.sha256, size=file.size)
                .on_conflict_do_nothing()
            )
            connection.execute(
                upsert(LARGE_FILES_OF).values(uid=uid, sha256=file.sha256).on_conflict_do_nothing()
            )
        self._pointers[oid] = file
        return oid

    def share(self, uid: str, oids: Iterable[str]) -> None:
        """Let the repository `uid` have those of the blobs `oids` that are pointers."""
        shared = [file.sha256 for oid in oids if (file := self.of(oid)) is not None]
        if shared:
            with self._database.transaction() as connection:
                connection.execute(
                    upsert(LARGE_FILES_OF).on_conflict_do_nothing(),
                    [{"uid": uid, "sha256": sha256} for sha256 in dict.fromkeys(shared)],
                )

    def measured(self, file: LargeFile) -> LargeFile:
        """`file`, with the size that it has where a client did not name one (less than 0)."""
        path = self.path(file.sha256)
        if file.size >= 0 or not path.exists():
            return file
        return LargeFile(file.sha256, path.stat().st_size)

    def receive(self, at_most: int = MAX_LARGE_BYTES) -> Incoming:
        """A place to write a file of at most `at_most` bytes to; a context manager."""
        return Incoming(self._incoming, at_most)

    def keep(self, uid: str, received: Incoming, file: LargeFile) -> None:
        """Take in what was received, if it is `file`, for the repository `uid`.

        Raises:
            Refusal: it has another size or another SHA-256.
        """
        if (received.sha256, received.size) != (file.sha256, file.size):
            raise Refusal(
                400,
                f"The upload is not the file that was announced: it has {received.size} bytes and "
                f"the SHA-256 {received.sha256}; send it again.",
                "LfsObjectMismatch",
            )
        target = self.path(file.sha256)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        received.move_to(target)
        self.offer(uid, file.sha256)

    @cached_property
    def _pointers(self) -> dict[str, LargeFile]:
        # A dictionary, since a listing asks for every file; one process has the directory.
        with self._database.reading() as connection:
            rows = connection.execute(select(LARGE_FILES)).all()
        return {row.oid: LargeFile(row.sha256, row.size) for row in rows}


class Incoming:
    """A file that is being received; gone when the block ends, unless it was moved away."""

    def __init__(self, directory: Path, at_most: int) -> None:
        self._directory = directory
        self._at_most = at_most
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was received so far."""
        return self._digest.hexdigest()

    def write(self, content: bytes | memoryview) -> None:
        """Add to the file.

        Raises:
            Refusal: that would be more than was agreed on (413).
        """
        self.size += len(content)
        if self.size > self._at_most:
            raise Refusal(413, f"The upload is larger than {self._at_most} bytes.", "FileTooLarge")
        self._digest.update(content)
        self._file.write(content)

    def move_to(self, target: Path) -> None:
        """Give the file its name; it replaces one of the same name at once."""
        self._file.close()
        Path(self._file.name).replace(target)

    def __enter__(self) -> Incoming:
        self._file = tempfile.NamedTemporaryFile(dir=self._directory, delete=False)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            # On a full disk it fails at what is left to write.
            self._file.close()
        finally:
            Path(self._file.name).unlink(missing_ok=True)
