"""An entry of a .bib file, and where it stands."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ..records import Doi, RepoReference
from ..records.errors import HubdoiError, InvalidInput
from .bibmark import BibMark

_LINKS = ("doi", "url", "note", "howpublished")
# BibTeX allows space, and the end of a line, on both sides of the type; bibtexparser does not.
_SPREAD = re.compile(r"^([ \t]*@)(\s*)(\w+)(\s*)(?=[{(])", re.MULTILINE)
_DELIMITER = re.compile(r'[{}"#]')
_WORD = re.compile("[a-z0-9]+")
_SAYS_VERSION = re.compile(r"version\b|v\.? ?\d", re.IGNORECASE)
# Strings that name strings double with each line; a value of this length is no DOI and no name.
_LONGEST = 100_000
_BIBLATEX_TYPES = frozenset("dataset software online thesis report".split())
_BIBLATEX_FIELDS = frozenset("date urldate journaltitle location eprinttype".split())


@dataclass(frozen=True, slots=True)
class BibEntry:
    """One entry; `start` and `end` are its place in the file's text, `line` counts from 1.

    `raw_fields` are the fields in their order, each value as it is written; `expanded` has, by
    the names in lower case, the values that name an ``@string`` or join parts with ``#``.
    """

    kind: str
    key: str
    raw_fields: tuple[tuple[str, str], ...]
    start: int
    end: int
    line: int
    expanded: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A field without its delimiters, escapes and strings; empty when there is none."""
        value = self.value(name)
        return _plain(value) if value else ""

    def value(self, name: str) -> str:
        """A field with its delimiters and without strings; empty when there is none."""
        return self.expanded.get(name) or self.raw(name)

    @property
    def doi(self) -> str | None:
        """The key of the DOI in ``doi``, or else of the one that is the link of the entry."""
        for text in (self.get("doi"), *self._links):
            if text and (text.startswith("10.") or "doi" in text.lower()):
                try:
                    return Doi.parse(text).key
                except HubdoiError:
                    continue
        return None

    @property
    def _links(self) -> tuple[str, str, str]:
        """``url``, ``note`` and ``howpublished``: the latter two where they hold a link and at most
        the version before it. What a sentence in a note names is another work."""
        note = self.get("note")
        if _SAYS_VERSION.match(note):
            note = note.rpartition(", ")[2]
        return self.get("url"), note, self.get("howpublished")

    @property
    def link_words(self) -> set[str]:
        """The words (`words_of`) of all that may hold a DOI or a URL, without escapes."""
        values = [
            self.expanded.get(name.lower(), raw)
            for name, raw in self.raw_fields
            if name.lower() in _LINKS
        ]
        links = " ".join(values)
        return set(words_of(unquote(links) if "%" in links else links))

    @property
    def place(self) -> tuple[str, str] | None:
        """The repository that the link of the entry names, and the first digits of its revision."""
        try:
            reference = RepoReference.parse(next(filter(None, self._links), ""))
        except HubdoiError:
            return None
        title = re.search(r"\(Revision ([0-9a-f]{7})", self.get("title"))
        revision = reference.revision or self.get("version") or (title[1] if title else "")
        return (reference.repo.path, revision[:7]) if revision else None

    @property
    def is_biblatex(self) -> bool:
        """Whether only biblatex knows its type or one of its fields."""
        if self.kind.lower() in _BIBLATEX_TYPES:
            return True
        return any(name.lower() in _BIBLATEX_FIELDS for name, _ in self.raw_fields)

    @property
    def mark(self) -> BibMark | None:
        """What hubdoi wrote into it; None for an entry of somebody else."""
        return BibMark.read(self.raw("keywords"))

    def raw(self, name: str) -> str:
        """A field as it is written, with its delimiters; empty when there is none."""
        return next((raw for field, raw in self.raw_fields if field.lower() == name), "")


def words_of(text: str) -> list[str]:
    """The runs of ASCII letters and digits in `text`, in lower case: no way to write a link changes them."""
    return _WORD.findall(text.lower())


def entries_of(text: str, name: str) -> list[BibEntry]:
    """The entries of `text`, whose lines end in ``\\n``; `name` is what messages call the file.

    Raises:
        InvalidInput: the text is broken; the message names the line.
    """
    from bibtexparser.splitter import Splitter

    # As long as before: every entry stays at its place.
    text = _SPREAD.sub(lambda m: m[1] + m[3] + " " * len(m[2] + m[4]), text)
    with _silent():
        return _entries(Splitter(text).split().blocks, text, name)


def _entries(blocks: Iterable[Any], text: str, name: str) -> list[BibEntry]:
    from bibtexparser.model import (
        DuplicateBlockKeyBlock,
        DuplicateFieldKeyBlock,
        Entry,
        ParsingFailedBlock,
        String,
    )

    entries, place = [], 0
    strings: dict[str, str] = {}
    for block in blocks:
        raw = block.raw or ""
        place = max(text.find(raw, place), place)
        entry: object = block
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            # BibTeX only warns of these; they are the user's to repair.
            entry = block.ignore_error_block
        elif isinstance(block, ParsingFailedBlock):
            raise InvalidInput(
                f"{name} is broken: the entry that begins in line {(block.start_line or 0) + 1} is not "
                "closed, or lacks a comma, a quotation mark or a brace; repair it first. Nothing was changed."
            )
        if isinstance(entry, Entry):
            fields = tuple([(field.key, str(field.value)) for field in entry.fields])
            expanded = {
                name.lower(): f"{{{value}}}"
                for name, written in fields
                if not written.startswith(("{", '"')) or "#" in written
                if (value := _expanded(written, strings)) is not None
            }
            line = (block.start_line or 0) + 1
            entries.append(
                BibEntry(
                    entry.entry_type, entry.key, fields, place, place + len(raw), line, expanded
                )
            )
        elif isinstance(entry, String):
            # As BibTeX reads: a name in any case, known from its definition on.
            written = str(entry.value).rstrip(", \t\n")
            if (value := _expanded(written, strings)) is None:
                value = written[1:-1]
            strings[entry.key.lower()] = value
        place += len(raw)
    return entries


def _expanded(written: str, strings: Mapping[str, str]) -> str | None:
    """The text of a value that names strings or has several parts; None for any other."""
    parts, start, depth, quoted = [], 0, 0, False
    for match in _DELIMITER.finditer(written):
        mark = match[0]
        if mark in "{}":
            depth += 1 if mark == "{" else -1
        elif depth == 0 and mark == '"':
            quoted = not quoted
        elif depth == 0 and not quoted:
            parts.append(written[start : match.start()])
            start = match.end()
    parts = [part.strip() for part in (*parts, written[start:])]
    if len(parts) == 1 and parts[0].lower() not in strings:
        return None
    values = [
        part[1:-1] if part.startswith(("{", '"')) else strings.get(part.lower(), part)
        for part in parts
    ]
    return "".join(values) if sum(map(len, values)) <= _LONGEST else ""


def _plain(raw: str) -> str:
    text = raw.strip()
    if len(text) > 1 and (text[0], text[-1]) in (("{", "}"), ('"', '"')):
        text = text[1:-1]
    text = re.sub(r"\\url\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\href\s*\{([^{}]*)\}\s*\{[^{}]*\}", r"\1", text)
    text = re.sub(r"\\([_%#&$~])(?:\{\})?", r"\1", text)
    return text.replace("{", "").replace("}", "").strip()


@contextmanager
def _silent() -> Iterator[None]:
    """Without the parser's log: what it has to say is raised."""
    logger = logging.getLogger("bibtexparser.splitter")
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was
