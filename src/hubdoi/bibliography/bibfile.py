"""A .bib file: our entries are added or updated, every other byte stays as it is."""

from __future__ import annotations

import difflib
import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ..citation import biblatex, bibtex
from ..citation.atomic import write_atomically
from ..citation.bib_entry import bib_entry
from ..citation.fallback import missing_preamble
from ..citation.keys import identity, keys_of
from ..records import Version
from ..records.errors import InvalidInput
from .bibentry import BibEntry, entries_of

BibFormat = Literal["bibtex", "biblatex"]

_UTF8_MARK = b"\xef\xbb\xbf"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class BibFile:
    """A .bib file as it was read, and as it would be written.

    ::

        file = BibFile.read("refs.bib").updated(versions)
        print(file.diff())
        file.write()

    An entry is ours when its DOI is that of the version, or, without a DOI, when it names the
    repository at the revision. Its key and the fields that we do not write stay.
    """

    path: Path
    original: bytes
    text: str
    encoding: str = "utf-8"
    entries: tuple[BibEntry, ...] = ()
    versions: tuple[Version, ...] = field(default=())
    format: BibFormat | None = None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> BibFile:
        """The file at `path`; one that does not exist is empty.

        Raises:
            InvalidInput: it cannot be read, or is broken; the message names the line.
        """
        where = Path(path).expanduser()
        try:
            content = where.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise InvalidInput(
                f"{path} cannot be read ({error.strerror}); check the path."
            ) from None
        return cls._parsed(where, content)

    @classmethod
    def _parsed(cls, path: Path, content: bytes) -> BibFile:
        text, encoding = _decoded(path, content)
        plain, origin = _without_returns(text)
        entries = tuple(
            replace(entry, start=origin(entry.start), end=origin(entry.end))
            for entry in entries_of(plain, path.name)
        )
        return cls(path, content, text, encoding, entries)

    def updated(self, versions: Iterable[Version], format: BibFormat | None = None) -> BibFile:
        """The file with an entry for each of `versions`; nothing is written yet.

        Without `format` the entries are those of the file's own kind: biblatex where it has
        datasets, software or dates, else BibTeX.

        Raises:
            InvalidInput: the file's encoding has no place for a character.
        """
        cited = {identity(version): version for version in versions}
        chosen = format or ("biblatex" if any(e.is_biblatex for e in self.entries) else "bibtex")
        matches = _matches(self.entries, cited)
        new = [version for same, version in cited.items() if same not in matches]
        taken = [entry.key for entry in self.entries]
        keys = dict(zip(map(identity, new), keys_of(new, taken), strict=True))
        end = _line_end(self.text)
        pieces, place = [], 0
        changed, unchanged, ours = [], [], []
        for same, entry in sorted(matches.items(), key=lambda match: match[1].start):
            kind, fields = _written(cited[same], chosen)
            if entry.says(kind, fields):
                unchanged.append(entry.key)
                continue
            ours.append(bib_entry(kind, entry.key, fields | _kept(entry, fields)))
            pieces += [self.text[place : entry.start], ours[-1].replace("\n", end)]
            place = entry.end
            changed.append(entry.key)
        text = "".join([*pieces, self.text[place:]])
        blocks = [bib_entry(*_head(version, keys, chosen)) for version in new]
        if chosen == "bibtex":
            before = missing_preamble("".join([*ours, *blocks]), self.text)
            blocks = [before, *blocks] if before else blocks
        text = _with_appended(text, blocks, end)
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"{self.path.name} is not in UTF-8 and has no place for {error.object[error.start]!r}; save it as UTF-8 first."
            ) from None
        return replace(
            self,
            text=text,
            versions=tuple(cited.values()),
            format=format,
            added=tuple(keys.values()),
            changed=tuple(changed),
            unchanged=tuple(unchanged),
        )

    @property
    def content(self) -> bytes:
        """What `write` writes."""
        mark = _UTF8_MARK if self.original.startswith(_UTF8_MARK) else b""
        return mark + self.text.encode(self.encoding)

    @property
    def differs(self) -> bool:
        """Whether `write` would change the file."""
        return self.content != self.original

    def diff(self) -> str:
        """The difference that `write` would make, as a unified diff; empty when there is none."""
        before = _decoded(self.path, self.original)[0].splitlines(keepends=True)
        after = self.text.splitlines(keepends=True)
        lines = difflib.unified_diff(
            before, after, f"{self.path.name} (now)", f"{self.path.name} (then)"
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def write(self) -> BibFile:
        """Write the file in one step, and return it as it is now; a file without a change is left alone.

        What somebody else wrote in the meantime is read again first, and kept.

        Raises:
            InvalidInput: the file cannot be written, or is broken by now.
        """
        file = self
        try:
            for _ in range(_ATTEMPTS):
                now = file.path.read_bytes() if file.path.exists() else b""
                if now == file.original:
                    break
                file = BibFile._parsed(file.path, now).updated(file.versions, file.format)
            content = file.content
            if content != file.original:
                write_atomically(file.path, content)
        except OSError as error:
            raise InvalidInput(
                f"{self.path.name} cannot be written ({error.strerror}); check the directory and your rights there."
            ) from None
        return replace(
            BibFile._parsed(file.path, content),
            versions=file.versions,
            format=file.format,
            added=file.added,
            changed=file.changed,
            unchanged=file.unchanged,
        )


def _with_appended(text: str, blocks: Sequence[str], end: str) -> str:
    if not blocks:
        return text
    joined = ("\n\n".join(blocks) + "\n").replace("\n", end)
    if not text.strip("\r\n"):
        return text + joined
    if not text.endswith(("\n", "\r")):
        text += end
    gap = "" if text.endswith((end + end, "\n\n")) else end
    return text + gap + joined


def _line_end(text: str) -> str:
    """The line end that most lines have."""
    returns = text.count("\r\n")
    return "\r\n" if returns > text.count("\n") - returns else "\n"


def _written(version: Version, format: str) -> tuple[str, dict[str, str]]:
    if format == "biblatex":
        return biblatex.type_of(version), biblatex.fields(version)
    return "misc", bibtex.fields(version)


def _head(version: Version, keys: dict[str, str], format: str) -> tuple[str, str, dict[str, str]]:
    kind, fields = _written(version, format)
    return kind, keys[identity(version)], fields


def _kept(entry: BibEntry, fields: Mapping[str, str]) -> dict[str, str]:
    """The user's own fields; a date goes where the entry says it in another way."""
    ours = {*fields, *(("year", "month") if "date" in fields else ("date",))}
    return {name: raw for name, raw in entry.raw_fields if name.lower() not in ours}


def _matches(entries: Sequence[BibEntry], versions: Mapping[str, Version]) -> dict[str, BibEntry]:
    """The entry of each version that has one, by identity; the first where there are two."""
    by_doi: dict[str, BibEntry] = {}
    by_place: dict[tuple[str, str], BibEntry] = {}
    for entry in entries:
        if entry.doi:
            by_doi.setdefault(entry.doi, entry)
        elif entry.place:
            by_place.setdefault(entry.place, entry)
    found: dict[str, BibEntry] = {}
    used: set[int] = set()
    for same, version in versions.items():
        match = by_doi.get(version.doi.key) if version.doi else None
        if match is None and version.repo and version.revision:
            match = by_place.get((version.repo.path, version.revision[:7]))
        if match is not None and match.start not in used:
            found[same] = match
            used.add(match.start)
    return found


def _decoded(path: Path, content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput(f"{path.name} is in UTF-16, which BibTeX cannot read; save it as UTF-8.")
    try:
        return content.removeprefix(_UTF8_MARK).decode(), "utf-8"
    except UnicodeDecodeError:
        # Latin 1 gives every byte back as it was, whichever eight-bit encoding it is.
        return content.decode("latin-1"), "latin-1"


class _Origin:
    """From a place in a text without carriage returns to the place in the text that had them."""

    def __init__(self, removed: Sequence[int]) -> None:
        self._removed = removed

    def __call__(self, place: int) -> int:
        return place + bisect_left(self._removed, place)


def _without_returns(text: str) -> tuple[str, _Origin]:
    """`text` with ``\\n`` for ``\\r\\n``, as the parser expects it."""
    removed: list[int] = []
    place = text.find("\r\n")
    while place >= 0:
        removed.append(place - len(removed))
        place = text.find("\r\n", place + 2)
    return text.replace("\r\n", "\n"), _Origin(removed)
