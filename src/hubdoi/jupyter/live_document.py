"""Documents as they are in a front end, unsaved changes included."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from ..provenance.scanner.cell import Cell
from ..provenance.scanner.document import SUFFIXES, cells_of_notebook, cells_of_text
from ..records.errors import InvalidInput

_KEPT = 32
_MAX_CELLS = 20_000
_LONGEST_NAME = 255
_INCOMPLETE = "Send the whole document: this server does not have all of its cells."


class StaleDocument(InvalidInput):
    """The front end left out a cell that this server does not have (any more)."""


@dataclass(frozen=True, slots=True)
class LiveDocument:
    """One document: its `path` on the server, and its text as a file of that kind would have it."""

    path: str
    text: str

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()

    @property
    def whole_text(self) -> str | None:
        """The text as an editor shows it; None for a notebook, whose cells have editors each."""
        return None if self.suffix == ".ipynb" else self.text

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def digest(self) -> str:
        return sha256(f"{self.path}\0{self.text}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def cells(self) -> list[Cell]:
        """The code cells.

        Raises:
            InvalidInput: it is not a notebook.
        """
        if self.suffix == ".ipynb":
            return cells_of_notebook(json.loads(self.text), self.name)
        return cells_of_text(self.text, self.suffix)


class LiveDocuments:
    """What front ends have sent. A cell that did not change is sent once."""

    def __init__(self) -> None:
        self._cells: OrderedDict[str, dict[str, dict[str, Any]]] = OrderedDict()
        self._lock = Lock()

    def read(self, body: Mapping[str, Any]) -> LiveDocument:
        """The document that a request describes.

        ``{"id", "path", "language", "cells": [{"id", "type", "source", "cited"}], "rest"}``; a cell
        that is only an id is as it was in the request before, and with ``rest`` so is every cell
        that is not named. ``cited`` is text of its outputs that may hold a DOI. A text document is
        one cell.

        Raises:
            StaleDocument: a cell is left out that is not known; send all of them.
            InvalidInput: this is no document, or of a kind without code cells.
        """
        name, path, cells = body.get("id"), body.get("path"), body.get("cells")
        if not isinstance(name, str) or not isinstance(path, str) or not isinstance(cells, list):
            raise InvalidInput("A document needs an id, a path and a list of cells.")
        if len(cells) > _MAX_CELLS:
            raise InvalidInput(f"{path} has more than {_MAX_CELLS:,} cells; split it.")
        suffix = PurePosixPath(path).suffix.lower()
        if not path.isprintable() or len(PurePosixPath(path).name.encode()) > _LONGEST_NAME:
            raise InvalidInput(f"{path[:200]!r} is not the path of a file.")
        if suffix not in SUFFIXES:
            raise InvalidInput(
                f"{path or 'This document'} is not a notebook; hubdoi reads .ipynb, .py, .md (MyST) and .qmd files."
            )
        with self._lock:
            known = self._cells.get(name)
            now = dict(_cell(cell, known or {}) for cell in cells)
            if body.get("rest") is True:
                if known is None:
                    raise StaleDocument(_INCOMPLETE)
                now = known | now
            self._cells[name] = now
            self._cells.move_to_end(name)
            while len(self._cells) > _KEPT:
                self._cells.popitem(last=False)
        if suffix != ".ipynb":
            return LiveDocument(path, "\n".join(cell["source"] for cell in now.values()))
        return LiveDocument(path, _notebook(now, body.get("language")))


def _cell(cell: object, known: Mapping[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    name = cell.get("id") if isinstance(cell, Mapping) else None
    if not isinstance(cell, Mapping) or not isinstance(name, str):
        raise InvalidInput("A cell needs an id.")
    source = cell.get("source")
    if isinstance(source, str):
        cited = cell.get("cited")
        return name, {
            "type": "code" if cell.get("type") == "code" else "markdown",
            "source": source,
            "cited": cited if isinstance(cited, str) else "",
        }
    if name not in known:
        raise StaleDocument(_INCOMPLETE)
    return name, known[name]


def _notebook(cells: Mapping[str, dict[str, Any]], language: object) -> str:
    """The notebook as JSON; of its outputs only what may cite something."""
    written = []
    for cell in cells.values():
        one: dict[str, Any] = {"cell_type": cell["type"], "metadata": {}, "source": cell["source"]}
        if cell["type"] == "code":
            cited = [{"output_type": "stream", "name": "stdout", "text": cell["cited"]}]
            one |= {"execution_count": None, "outputs": cited if cell["cited"] else []}
        written.append(one)
    metadata = (
        {"kernelspec": {"language": language}} if isinstance(language, str) and language else {}
    )
    return json.dumps({"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})
