"""The text of a notebook file, of which parts are replaced and every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder()


class NotebookText:
    """`text` is valid JSON of a notebook. What is put in is laid out as the rest is."""

    def __init__(self, text: str) -> None:
        self._text = text
        indented = re.match(r"\s*\{\r?\n([ \t]+)\"", text)
        self._indent = indented[1] if indented else None
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._is_tight = re.search(r'":\S', text[:2000]) is not None
        # Where nothing is beyond ASCII, an escape tells that all of it is escaped.
        self._is_escaped = text.isascii() and "\\u" in text

    def __str__(self) -> str:
        return self._text

    def with_cell(self, place: int, cell: dict[str, Any]) -> NotebookText:
        """With `cell` in place of the one at `place`, or after the last one."""
        start, end = self._members()["cells"]
        spans = list(self._elements(start))
        written = self._dumped(cell, 2)
        if place < len(spans):
            return self._replaced(*spans[place], written)
        if spans:
            after = spans[-1][1]
            return self._replaced(after, after, f",{self._gap(2, ' ')}{written}")
        return self._replaced(start, end, f"[{self._gap(2, '')}{written}{self._gap(1, '')}]")

    def with_source(self, place: int, before: str, after: str) -> NotebookText:
        """With `after` as the source of the cell at `place`, which is `before`: line by line, so that
        only the lines that differ are written again.

        Raises:
            ValueError: the source is not `before`, or `after` has not as many lines.
        """
        cell = list(self._elements(self._members()["cells"][0]))[place]
        start, end = self._members(cell[0])["source"]
        source = json.loads(self._text[start:end])
        if "".join(source) != before:
            raise ValueError("another source")
        spans = list(self._elements(start)) if isinstance(source, list) else [(start, end)]
        lines = after.splitlines(keepends=True) if isinstance(source, list) else [after]
        made = self
        # From the end on, so that earlier places stay where they are.
        for span, line in reversed(list(zip(spans, lines, strict=True))):
            if json.loads(self._text[slice(*span)]) != line:
                made = made._replaced(*span, self._json(line))
        return made

    def with_metadata(self, metadata: dict[str, Any]) -> NotebookText:
        """With `metadata` as the notebook's own."""
        members = self._members()
        written = self._dumped(metadata, 1)
        if "metadata" in members:
            return self._replaced(*members["metadata"], written)
        end = members["cells"][1]
        colon = ":" if self._is_tight and self._indent is None else ": "
        return self._replaced(end, end, f',{self._gap(1, " ")}"metadata"{colon}{written}')

    def _replaced(self, start: int, end: int, written: str) -> NotebookText:
        return NotebookText(self._text[:start] + written + self._text[end:])

    def _gap(self, level: int, flat: str) -> str:
        """What stands before a member: a line of its own, or `flat`."""
        if self._indent is None:
            return "" if self._is_tight else flat
        return self._newline + self._indent * level

    def _dumped(self, value: Any, level: int) -> str:
        layout: dict[str, Any] = {"indent": self._indent}
        if self._indent is None:
            layout["separators"] = (",", ":") if self._is_tight else (", ", ": ")
        text = self._json(value, **layout)
        if self._indent is None:
            return text
        return text.replace("\n", self._newline + self._indent * level)

    def _json(self, value: Any, **layout: Any) -> str:
        text = json.dumps(value, ensure_ascii=self._is_escaped, **layout)
        # Half of a surrogate pair is nothing that UTF-8 could hold: it stays escaped.
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)

    def _members(self, start: int = 0) -> dict[str, tuple[int, int]]:
        """Where the values of an object's members stand; by default of the notebook's own."""
        found = {}
        place = self._skip(self._skip(start) + 1)
        while self._text[place] != "}":
            key, place = _DECODER.raw_decode(self._text, place)
            start = self._skip(self._skip(place) + 1)
            _, end = _DECODER.raw_decode(self._text, start)
            found[key] = (start, end)
            place = self._next(end)
        return found

    def _elements(self, start: int) -> Iterator[tuple[int, int]]:
        place = self._skip(start + 1)
        while self._text[place] != "]":
            _, end = _DECODER.raw_decode(self._text, place)
            yield place, end
            place = self._next(end)

    def _next(self, end: int) -> int:
        place = self._skip(end)
        return self._skip(place + 1) if self._text[place] == "," else place

    def _skip(self, place: int) -> int:
        found = _SPACE.match(self._text, place)
        return found.end() if found else place
