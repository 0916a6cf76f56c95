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
    return _of_suffix(PurePosixPath(path).suffix.lower())


def _of_suffix(suffix: str) -> str | None:
    return _OURS.get(suffix) or _TYPES.types_map[True].get(suffix)


def is_empty(paths: Iterable[str]) -> bool:
    """Whether there is no file besides the `.gitattributes` that every new repository has (R1)."""
    return all(path == ".gitattributes" for path in paths)


def formats_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The media types of the files, or their suffixes where there is none, by name."""
    return formats_of_suffixes({suffix_of(path) for path in paths} - {""})


def formats_of_suffixes(suffixes: Iterable[str]) -> tuple[str, ...]:
    """The media types of files with these suffixes, or the suffixes where there is none, by name."""
    return tuple(sorted({_of_suffix(suffix) or suffix for suffix in suffixes}))


def suffix_of(path: str) -> str:
    """What the name says of the format, in lower case, or ``""``."""
    stem, _, end = path.rpartition("/")[2].rpartition(".")
    # .gitattributes and its like are no content.
    return f".{end.lower()}" if stem and end and not stem.startswith(".") else ""
