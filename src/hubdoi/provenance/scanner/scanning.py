"""`uses`: what notebooks load, from files or from memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from ...net.progress import progress_bar
from ...records.errors import InvalidInput
from .. import FILE_SUFFIX
from ..use import Uses
from .document import cells_of_file, cells_of_notebook, read_notebook
from .scan import scan

Source: TypeAlias = "str | PathLike[str] | Mapping[str, Any]"

T = TypeVar("T")

_BAR_FROM = 20


def uses(source: Source | Iterable[Source], *, progress: bool | None = None) -> Uses:
    """Which models and datasets notebooks load, read from their code alone: nothing of it is run.

    `source` is the path of a notebook (`.ipynb`), a script (`.py`), a MyST page (`.md`) or a
    Quarto document (`.qmd`); a notebook in memory, as `json` or `nbformat` read it; or several of
    these. Of several, one that cannot be read is a line in `failures`; one alone raises.
    `progress` shows a bar on standard error; by default from 20 notebooks on, and only on a
    terminal.

    Raises:
        InvalidInput: the one source cannot be read.
    """
    if isinstance(source, str | PathLike | Mapping):
        return _uses_of(source)
    try:
        sources = list(source)
    except TypeError:
        raise InvalidInput(
            f"{type(source).__name__} is not a notebook; give a path, a notebook in memory, or a list of them."
        ) from None
    return Uses.joined(_each(sources, progress))


def uses_of_file(path: Path) -> Uses:
    """The uses of one file.

    Raises:
        InvalidInput: it cannot be read.
    """
    notebook = read_notebook(path) if path.suffix.lower() == ".ipynb" else None
    cells = cells_of_file(path) if notebook is None else cells_of_notebook(notebook, str(path))
    items, unclear = scan(cells, str(path))
    return _with_last_run(Uses(tuple(items), tuple(unclear)), path, notebook)


def _with_last_run(found: Uses, path: Path, notebook: dict[str, Any] | None) -> Uses:
    """`found`, with what the last run of the file recorded, if it did."""
    metadata = notebook.get("metadata") if notebook is not None else None
    kept = isinstance(metadata, Mapping) and "hubdoi" in metadata
    if not kept and not os.path.exists(os.path.splitext(path)[0] + FILE_SUFFIX):  # noqa: PTH110, PTH122
        return found
    from ..evidence import recording_beside, with_recording

    try:
        recording = recording_beside(path, notebook)
    except InvalidInput as error:
        return replace(found, failures=(*found.failures, error.message))
    if recording is None:
        return found
    ended = recording.ended_in_words
    note = f"{path}: revisions as the run that ended on {ended} recorded them."
    return replace(with_recording(found, recording), notes=(note,))


def _uses_of(source: object) -> Uses:
    if isinstance(source, str | PathLike):
        return uses_of_file(Path(source))
    if isinstance(source, Mapping):
        found, unclear = scan(cells_of_notebook(source))
        return Uses(tuple(found), tuple(unclear))
    raise InvalidInput(
        f"{type(source).__name__} is not a notebook; give a path, a notebook in memory, or a list of them."
    )


def _each(sources: list[Source], progress: bool | None) -> Iterator[Uses]:
    for source in with_bar(sources, progress):
        try:
            yield _uses_of(source)
        except InvalidInput as error:
            yield Uses(failures=(error.message,))


def with_bar(sources: list[T], progress: bool | None) -> Iterable[T]:
    """`sources`, with a bar on standard error when there are many, or when it is asked for."""
    if progress is None:
        progress = len(sources) >= _BAR_FROM and sys.stderr.isatty()
    if not progress:
        return sources
    bar: Iterable[T] = progress_bar(sources, unit="notebook")
    return bar
