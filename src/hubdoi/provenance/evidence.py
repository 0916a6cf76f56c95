"""What a recording proves of the uses that code names (R13)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..records.errors import InvalidInput
from ..regular_file import read_regular
from . import FILE_SUFFIX
from .hub_cache import COMMIT_START
from .recording import Load, Recording
from .use import Use, Uses

_MAX_BYTES = 64_000_000
_AGAIN = "record it again with: hubdoi run"


def with_recording(found: Uses, recording: Recording) -> Uses:
    """`found`, each use with the commits that were recorded for it.

    A commit belongs to a use when the code names that commit, or names none: then of several
    commits those count that were seen while the cell of the use was running, where that is known.
    A file that was only asked about (`resolved`) counts for a use that stands in the code; one that
    came into the cache by a child process, for the only command that can have put it there.
    What was recorded and does not stand in the code is added, in the order in which it was seen.
    """
    recording = recording.with_known_ids(found.repos)
    taken: set[tuple[str, str, str]] = set()
    items = []
    for use in found.items:
        loads = _loads_of(use, recording)
        taken |= {(use.repo_type, use.repo_id, load.commit) for load in loads}
        items.append(replace(use, recorded=tuple(load.commit for load in loads)))
    notebooks = {use.notebook for use in found.items}
    notebook = notebooks.pop() if len(notebooks) == 1 else None
    for load in recording.loads:
        if load.is_proof and (load.repo_type, load.repo_id, load.commit) not in taken:
            cell = load.cells[0] if load.cells else None
            items.append(
                Use(
                    load.repo_type,
                    load.repo_id,
                    cell=None if recording.saved else cell,
                    notebook=notebook,
                    execution_count=cell,
                    recorded=(load.commit,),
                )
            )
    recorded_at = recording.ended if recording.saved else ""
    return replace(found, items=tuple(items), recorded_at=recorded_at)


def _loads_of(use: Use, recording: Recording) -> list[Load]:
    ref = use.revision or "main"
    own = [
        load
        for load in recording.loads
        if (load.repo_type, load.repo_id) == (use.repo_type, use.repo_id)
        and (load.is_proof or load.ref in (None, ref) or load.commit.startswith(ref))
        and (not load.is_by_child or (use.form == "option" and use.execution_count in load.cells))
    ]
    if sum(load.is_by_child for load in own) > 1:
        own = [load for load in own if not load.is_by_child]
    if COMMIT_START.fullmatch(ref):
        return [load for load in own if load.commit.startswith(ref)]
    for narrower in (
        [load for load in own if load.is_proof],
        [load for load in own if use.execution_count in load.cells],
        [load for load in own if load.ref == ref],
    ):
        own = [load for load in own if load in narrower] or own
    return own


def recording_beside(path: Path, notebook: Any = None) -> Recording | None:
    """What the last run of a file recorded: the provenance file beside it, or in its metadata.

    `notebook` is the parsed notebook, where it was read already.

    Raises:
        InvalidInput: there is a provenance file, and it cannot be read.
    """
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    own = metadata.get("hubdoi") if isinstance(metadata, dict) else None
    kept = own.get("provenance") if isinstance(own, dict) else None
    if kept is not None:
        return Recording.from_json(kept)
    file = provenance_file(path)
    return read_recording(file) if file.is_file() else None


def provenance_file(path: Path) -> Path:
    """Where the provenance of a script or notebook is kept: ``train.provenance.json``."""
    return path.with_name(path.stem + FILE_SUFFIX)


def read_recording(path: Path) -> Recording:
    """A provenance file.

    Raises:
        InvalidInput: it cannot be read, or is not one.
    """
    import json

    try:
        value = json.loads(read_regular(path, _MAX_BYTES, must_exist=True, way_out=_AGAIN))
    except InvalidInput:
        raise
    except (ValueError, RecursionError):
        raise InvalidInput(
            f"{path} cannot be read: not JSON. Record it again with: hubdoi run"
        ) from None
    try:
        return Recording.from_json(value)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error.message}") from None
