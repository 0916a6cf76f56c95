"""A .bib file: our entries are added or updated, every other byte stays as it is."""

from __future__ import annotations

import difflib
import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..citation import biblatex, bibtex
from ..citation.atomic import locked, write_atomically
from ..citation.bib_entry import bib_entry
from ..citation.keys import identity, keys_of
from ..citation.work_type import bibtex_type
from ..config import user_path
from ..records import Version
from ..records.errors import InvalidInput
from ..regular_file import read_regular
from .bibentry import BibEntry, entries_of, words_of
from .bibmark import BibMark

BibFormat = Literal["bibtex", "biblatex"]

_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class BibFile:
    """A .bib file as it was read, and as it would be written.

    ::

        file = BibFile.read("refs.bib").updated(versions)
        print(file.diff())
        file.write()

    An entry belongs to a version when its DOI is the version's, or, without a DOI, when it names the
    repository at the revision. Only an entry that hubdoi wrote is updated (`BibMark`), and in it only
    the fields that nobody changed since. Somebody else's entry stays as it is; its key is the one to
    cite. `keys` has the key of each version, in the order of `versions`.
    """

    path: Path
    original: bytes
    text: str
    encoding: str = "utf-8"
    versions: tuple[Version, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> BibFile:
        """The file at `path`; one that does not exist is empty.

        Raises:
            InvalidInput: it is no regular file, cannot be read, or is broken; the message names the
                line.
        """
        file = cls._of(user_path(Path(path)))
        _ = file.entries
        return file

    @classmethod
    def _of(cls, path: Path) -> BibFile:
        content = read_regular(path)
        text, encoding = _decoded(path, content)
        return cls(path, content, text, encoding)

    @cached_property
    def entries(self) -> tuple[BibEntry, ...]:
        """The entries of the file as it was read, or as it was written."""
        plain, origin = _without_returns(_decoded(self.path, self.original)[0])
        found = entries_of(plain, self.path.name)
        if "\r" not in self.text:
            return tuple(found)
        return tuple(
            replace(entry, start=origin(entry.start), end=origin(entry.end)) for entry in found
        )

    def updated(
        self,
        versions: Iterable[Version],
        format: BibFormat | None = None,
        *,
        adopt: bool = False,
        ascii: bool = False,
        classic: bool = False,
    ) -> BibFile:
        """The file with an entry for each of `versions`; nothing is written yet.

        Without `format` the entries are those of the file's own kind: biblatex where it has
        datasets, software or dates, else BibTeX. `adopt` takes over entries of somebody else: our
        fields replace theirs of the same name. `ascii` and `classic` are as in `bibtex.fields`.

        Raises:
            InvalidInput: the file's encoding has no place for a character.
        """
        options = {"format": format, "adopt": adopt, "ascii": ascii, "classic": classic}
        cited = {identity(version): version for version in versions}
        chosen = format or ("biblatex" if any(e.is_biblatex for e in self.entries) else "bibtex")
        matches = _matches(self.entries, cited)
        new = [version for same, version in cited.items() if same not in matches]
        keys = {same: entry.key for same, entry in matches.items()}
        keys |= zip(
            map(identity, new), keys_of(new, [entry.key for entry in self.entries]), strict=True
        )
        end = _line_end(self.text)
        pieces, place = [], 0
        changed, unchanged, foreign = [], [], []
        for same, entry in sorted(matches.items(), key=lambda match: match[1].start):
            if entry.mark is None and not adopt:
                foreign.append(entry.key)
                continue
            kind, fields = _written(cited[same], chosen, ascii, classic)
            mark = BibMark.of(kind, fields)
            if entry.mark == mark:
                unchanged.append(entry.key)
                continue
            kind, fields = _merged(entry, kind, fields)
            fields["keywords"] = mark.added_to(entry.raw("keywords"))
            block = bib_entry(kind, entry.key, fields)
            pieces += [self.text[place : entry.start], block.replace("\n", end)]
            place = entry.end
            changed.append(entry.key)
        blocks = []
        for version in new:
            kind, fields = _written(version, chosen, ascii, classic)
            fields["keywords"] = BibMark.of(kind, fields).added_to("")
            blocks.append(bib_entry(kind, keys[identity(version)], fields))
        text = _with_appended("".join([*pieces, self.text[place:]]), blocks, end)
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"{self.path.name} is not in UTF-8 and cannot hold {error.object[error.start]!r}; save it as UTF-8 first."
            ) from None
        file = replace(
            self,
            text=text,
            versions=tuple(cited.values()),
            options=options,
            added=tuple(keys[identity(version)] for version in new),
            changed=tuple(changed),
            unchanged=tuple(unchanged),
            foreign=tuple(foreign),
            keys=tuple(keys[same] for same in cited),
        )
        file.__dict__["entries"] = self.entries
        return file

    @property
    def content(self) -> bytes:
        """What `write` writes; a byte order mark is kept, once.

        Where no entry changes, the file stays byte for byte as it was.
        """
        if self.text == _decoded(self.path, self.original)[0]:
            return self.original
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

        Other writers wait meanwhile. What somebody wrote since the file was read is read again
        first, and kept.

        Raises:
            InvalidInput: the file cannot be written, or is broken by now.
        """
        file = self
        try:
            with locked(self.path):
                now = BibFile._of(self.path)
                if now.original != self.original:
                    file = now.updated(self.versions, **self.options)
                content = file.content
                if content != file.original:
                    write_atomically(self.path, content)
        except OSError as error:
            raise InvalidInput(
                f"{self.path.name} cannot be written ({error.strerror}); check the directory and its permissions."
            ) from None
        # Its entries are read again only when somebody asks for them.
        return replace(file, original=content)


def _merged(entry: BibEntry, kind: str, fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The entry's type and fields: what a person wrote or deleted stays so, the rest is ours.

    In an entry that is taken over nothing says what was deleted, and our fields come first.
    """
    mark = entry.mark
    if mark is None:
        theirs = {
            name: raw
            for name, raw in entry.raw_fields
            if not (_same_fact(name) & set(fields) or _is_link_to(entry, name, fields))
        }
        return kind, {**fields, **theirs}
    merged: dict[str, str] = {}
    for name, raw in entry.raw_fields:
        lower = name.lower()
        if not mark.wrote(lower, raw):
            merged[name] = raw
        elif lower in fields:
            merged[lower] = raw if mark.wrote(lower, fields[lower]) else fields[lower]
    kept = {lower for name in merged for lower in _same_fact(name)}
    for name, value in fields.items():
        if name not in kept and not mark.wrote(name, value):
            merged[name] = value
    return kind if mark.wrote_type(entry.kind) else entry.kind, merged


_SAME_FACTS = (
    frozenset({"publisher", "howpublished", "organization"}),
    frozenset({"date", "year", "month"}),
)


def _same_fact(name: str) -> frozenset[str]:
    """The fields that say what `name` says: a publisher, a date is given once."""
    lower = name.lower()
    if lower in ("year", "month"):
        return frozenset({"date", lower})
    return next((facts for facts in _SAME_FACTS if lower in facts), frozenset({lower}))


def _is_link_to(entry: BibEntry, name: str, fields: Mapping[str, str]) -> bool:
    """Whether `name` is the ``url`` of an entry that is about to have the same link as its DOI."""
    return name.lower() == "url" and "doi" in fields and "doi.org/" in entry.get("url").lower()


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


def _written(
    version: Version, format: str, ascii: bool, classic: bool
) -> tuple[str, dict[str, str]]:
    if format == "biblatex":
        return biblatex.type_of(version), biblatex.fields(version)
    return bibtex_type(version), bibtex.fields(version, ascii=ascii, classic=classic)


def _matches(entries: Sequence[BibEntry], versions: Mapping[str, Version]) -> dict[str, BibEntry]:
    """The entry of each version that has one, by identity: ours before others, the first of two."""
    by_doi: dict[str, BibEntry] = {}
    by_place: dict[tuple[str, str], BibEntry] = {}
    # An entry without a key cannot be cited.
    citable = [entry for entry in _named(entries, versions) if entry.key]
    for entry in sorted(citable, key=lambda entry: entry.mark is None):
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


def _named(entries: Sequence[BibEntry], versions: Mapping[str, Version]) -> Sequence[BibEntry]:
    """The entries that can be of one of `versions`: to read the DOI of each of thousands takes long."""
    words: set[str] = set()
    for version in versions.values():
        for name in (version.doi and version.doi.suffix, version.repo and version.repo.name):
            if name and not (found := words_of(name)):
                return entries
            words.update({max(found, key=len)} if name else ())
    return [entry for entry in entries if not words.isdisjoint(entry.link_words)]


def _decoded(path: Path, content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput(f"{path.name} is in UTF-16, which BibTeX cannot read; save it as UTF-8.")
    try:
        return content.decode().lstrip("\ufeff"), "utf-8"
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
