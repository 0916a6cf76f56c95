"""The citation of one version or of many, in one format or style."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InvalidInput, UnknownFormat
from ..records import Displayed, Version
from .keys import identity

__all__ = ["FORMATS", "Citation", "cite"]


class _Format(NamedTuple):
    module: str
    media_type: str
    extension: str


_FORMATS = {
    "bibtex": _Format("bibtex", "application/x-bibtex", ".bib"),
    "biblatex": _Format("biblatex", "application/x-bibtex", ".bib"),
    "ris": _Format("ris", "application/x-research-info-systems", ".ris"),
    "csl-json": _Format("csl", "application/vnd.citationstyles.csl+json", ".json"),
    "cff": _Format("cff", "application/yaml", ".cff"),
    "datacite-json": _Format("datacite_json", "application/vnd.datacite.datacite+json", ".json"),
    "datacite-xml": _Format("datacite_xml", "application/vnd.datacite.datacite+xml", ".xml"),
    "schema.org": _Format("schema_org", "application/ld+json", ".jsonld"),
    "text": _Format("text", "text/plain", ".txt"),
    "markdown": _Format("markdown", "text/markdown", ".md"),
    "latex": _Format("latex", "application/x-latex", ".tex"),
    "hub": _Format("hub", "application/x-bibtex", ".bib"),
}

FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""The names of the formats, in the order in which they are offered."""


def cite(
    x: Version | Iterable[Version],
    format: str = "bibtex",
    *,
    notes: Iterable[str] = (),
) -> Citation:
    """The citation of a version, or of many in one list.

    The same object is cited once. `notes` are sentences for the reader beside the citation.

    Raises:
        UnknownFormat: there is no such format.
    """
    versions = _different([x] if isinstance(x, Version) else x)
    kind = _FORMATS[check_format(format)]
    module: Any = import_module(f"hubdoi.citation.{kind.module}")
    return Citation(module.write(versions), format, versions, tuple(notes))


def check_format(name: str) -> str:
    """`name`, when it is one of `FORMATS`.

    Raises:
        UnknownFormat: it is not; the message names the nearest ones.
    """
    if name in _FORMATS:
        return name
    near = get_close_matches(str(name).lower(), FORMATS, n=3, cutoff=0.5)
    offered = " or ".join(near) if near else ", ".join(FORMATS)
    raise UnknownFormat(f"{str(name)[:60]!r} is not a citation format; try {offered}.")


@dataclass(frozen=True, slots=True)
class Citation(Displayed):
    """A citation: `str()` is the text, ready for a manuscript, without anything else."""

    text: str
    format: str
    versions: tuple[Version, ...]
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.text

    @property
    def media_type(self) -> str:
        return _FORMATS[self.format].media_type

    @property
    def extension(self) -> str:
        """With its full stop: ``.bib``."""
        return _FORMATS[self.format].extension

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the text to `path` in UTF-8, in one step, and return the path.

        A path without a suffix gets the one of the format.
        """
        target = Path(path)
        if not target.suffix:
            target = target.with_name(target.name + self.extension)
        write_atomically(target, (self.text.rstrip("\n") + "\n").encode())
        return target


def write_atomically(path: Path, content: bytes) -> None:
    """Write all of `content` or nothing; an existing file keeps its mode, a link its target."""
    target = path.resolve()
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


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _different(versions: Iterable[Version]) -> tuple[Version, ...]:
    found: dict[str, Version] = {}
    for version in versions:
        if not isinstance(version, Version):
            raise InvalidInput(
                f"A citation needs versions, not {type(version).__name__}; get one with Client.status."
            )
        found.setdefault(identity(version), version)
    return tuple(found.values())
