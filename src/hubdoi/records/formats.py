"""What kinds of files a revision holds."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import PurePosixPath

# Without the tables of the machine: the same file is of the same type everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())
_OURS = {
    ".csv": "text/csv",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def media_type(path: str) -> str | None:
    """The media type that the name says, or None when it is not a registered one."""
    suffix = PurePosixPath(path).suffix.lower()
    return _OURS.get(suffix) or _TYPES.types_map[True].get(suffix)


def is_empty(paths: Iterable[str]) -> bool:
    """Whether there is no file besides the `.gitattributes` that every new repository has (R1)."""
    return set(paths) <= {".gitattributes"}


def formats_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The media types of the files, or their suffixes where there is none, by name."""
    found = set()
    for path in paths:
        name = PurePosixPath(path)
        # .gitattributes and its like are no content.
        if not name.name.startswith(".") and name.suffix:
            found.add(media_type(path) or name.suffix.lower())
    return tuple(sorted(found))
