"""What a child process put into the Hub cache while a cell ran, such as ``!hf download``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..records.errors import InvalidInput
from ..regular_file import read_regular
from .hub_cache import hub_cache
from .recorder import Recorder

_FOLDER = re.compile(r"(model|dataset)s--(.+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MAX_REF = 200
_MARGIN_NS = 20_000_000
"""A file system's clock is a few milliseconds behind the system's."""


def note_child_writes(recorder: Recorder, since_ns: int) -> None:
    """Note what was put into the Hub cache since `since_ns` (`time.time_ns`) and not by this process.

    Another process may have written at that time: it counts only for a command of that very cell.
    """
    own = {key for key, found in recorder.noted() if found["how"] & {"opened", "downloaded"}}
    # What is wrong with a cache, and goes meanwhile, may not reach the code that is watched.
    with suppress(OSError, InvalidInput):
        for key, ref, files in _written(hub_cache(), since_ns - _MARGIN_NS):
            for file in files if key not in own else ():
                recorder.note(*key, "child", file, ref=ref)


def _written(
    cache: Path, since: int
) -> Iterator[tuple[tuple[str, str, str], str | None, list[str]]]:
    """Type, id and commit of each snapshot that files were put into, the ref, and the files."""
    for folder in cache.iterdir():
        found = _FOLDER.fullmatch(folder.name)
        snapshots = folder / "snapshots"
        if found is None or not snapshots.is_dir():
            continue
        for snapshot in snapshots.iterdir():
            if _COMMIT.fullmatch(snapshot.name) and (files := list(_files(snapshot, since))):
                ref = _ref(folder / "refs", snapshot.name, since)
                yield (found[1], found[2].replace("--", "/", 1), snapshot.name), ref, files


def _files(snapshot: Path, since: int) -> Iterator[str]:
    """The files that were put into a snapshot, which are links or copies."""
    for directory, _, names in os.walk(snapshot):
        # A new entry changes the time of its directory.
        if Path(directory).stat().st_mtime_ns >= since:
            for name in names:
                file = Path(directory, name)
                if file.lstat().st_mtime_ns >= since:
                    yield file.relative_to(snapshot).as_posix()


def _ref(refs: Path, commit: str, since: int) -> str | None:
    """The branch or tag that was written with it, which is what was asked for."""
    for directory, _, names in os.walk(refs):
        for name in names:
            file = Path(directory, name)
            if (
                file.stat().st_mtime_ns >= since
                and read_regular(file, _MAX_REF).strip() == commit.encode()
            ):
                return file.relative_to(refs).as_posix()
    return None
