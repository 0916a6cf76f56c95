"""The bibliography cell of a notebook file; everything else of the file stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..citation import cite
from ..citation.atomic import locked, write_file
from ..citation.csl import items
from ..provenance.scanner.document import MOST_NOTEBOOK, WAY_OUT, parse_notebook
from ..records.errors import InvalidInput
from ..regular_file import read_regular
from .notebook_text import NotebookText

if TYPE_CHECKING:
    from ..citation import Citation


_HEADING = "## Bibliography"
_CELL_ID = "hubdoi-bibliography"
_ATTEMPTS = 10


def write_bibliography(path: Path, citation: Citation) -> bool:
    """Write or refresh the bibliography cell of the notebook at `path`; whether it changed.

    The cell is a Markdown cell with ``{"hubdoi": {"bibliography": true}}`` in its metadata: the one
    that is there, or a new one at the end. The list is in `citation`'s style. The notebook's own
    metadata gets the same citations as CSL JSON, under ``hubdoi`` ``citations``, so that they can
    be read offline. Every other byte stays as it is; the file is written whole or not at all, and
    only when nbformat finds it valid.

    Raises:
        InvalidInput: the file is not a notebook of format 4, or cannot be written.
    """
    if path.suffix.lower() != ".ipynb":
        raise InvalidInput(
            f"{path} has no cells; a bibliography cell is written into .ipynb files."
        )
    source = bibliography_text(citation).splitlines(keepends=True)

    def change(notebook: dict[str, Any], text: NotebookText) -> NotebookText | None:
        cells = notebook["cells"]
        before = json.dumps(notebook)
        place = _own_cell(notebook, cells)
        cells[place]["source"] = source
        metadata = notebook.setdefault("metadata", {})
        if isinstance(metadata, dict):
            own = metadata.setdefault("hubdoi", {})
            if not isinstance(own, dict):
                own = metadata["hubdoi"] = {}
            own["citations"] = items(citation.versions)
        if json.dumps(notebook) == before:
            return None
        return text.with_cell(place, cells[place]).with_metadata(metadata)

    return _rewrite(path, change)


def write_metadata(path: Path, name: str, value: Any) -> None:
    """Keep `value` under ``hubdoi`` `name` in the metadata of the notebook at `path`.

    Everything else of the file stays as it is; it is written whole or not at all.

    Raises:
        InvalidInput: the file is not a notebook of format 4, or cannot be written.
    """

    def change(notebook: dict[str, Any], text: NotebookText) -> NotebookText:
        metadata = notebook.setdefault("metadata", {})
        if not isinstance(metadata, dict):
            raise _other_format(path)
        own = metadata.get("hubdoi")
        metadata["hubdoi"] = {**(own if isinstance(own, dict) else {}), name: value}
        return text.with_metadata(metadata)

    _rewrite(path, change)


Change = Callable[[dict[str, Any], NotebookText], NotebookText | None]


def _rewrite(path: Path, change: Change) -> bool:
    """Write what `change` makes of the notebook at `path`, once nbformat finds it valid; whether it did.

    A notebook that is saved meanwhile is read again: places in it are others by then.
    """
    for _ in range(_ATTEMPTS):
        raw = read_regular(path, MOST_NOTEBOOK, must_exist=True, way_out=WAY_OUT)
        notebook = parse_notebook(path, raw)
        if not isinstance(notebook.get("cells"), list) or notebook.get("nbformat") != 4:
            raise _other_format(path)
        made = change(notebook, NotebookText(raw.decode("utf-8-sig")))
        if made is None:
            return False
        _check(str(made), path)
        mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
        with locked(path):
            if read_regular(path, MOST_NOTEBOOK) == raw:
                write_file(path, mark + str(made).encode())
                return True
    raise InvalidInput(
        f"Another program saves {path} again and again; wait until it has finished, and try again."
    )


def _other_format(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} is not a notebook of format 4; open it in JupyterLab and save it again."
    )


def _check(text: str, path: Path) -> None:
    """Refuse to replace a notebook by one that Jupyter would not open.

    Raises:
        InvalidInput: the notebook with the cell is not valid by nbformat.
    """
    import nbformat

    try:
        nbformat.validate(json.loads(text))
    except (nbformat.ValidationError, ValueError, TypeError, AssertionError) as error:
        # Of a format that is no whole number nbformat says nothing.
        reason = (str(error).splitlines() or ["its format is not a number"])[0][:200]
        raise InvalidInput(
            f"{path} would not be a valid notebook ({reason}); open it in JupyterLab and save it "
            "again. Nothing was changed."
        ) from None


def bibliography_text(citation: Citation) -> str:
    listed = cite(citation.versions, "markdown", style=citation.style, locale=citation.locale)
    return f"{_HEADING}\n\n{listed.text.strip()}"


def _own_cell(notebook: dict[str, Any], cells: list[Any]) -> int:
    """The place of the marked cell, or of a new one at the end."""
    for place, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            metadata = cell.get("metadata")
            own = metadata.get("hubdoi") if isinstance(metadata, dict) else None
            if isinstance(own, dict) and own.get("bibliography") is True:
                return place
    cell = {"cell_type": "markdown"}
    minor = notebook.get("nbformat_minor")
    if isinstance(minor, int) and minor >= 5:
        # format 4.5 wants an id that no other cell has
        taken = [other.get("id") for other in cells if isinstance(other, dict)]
        name, count = _CELL_ID, 2
        while name in taken:
            name, count = f"{_CELL_ID}-{count}", count + 1
        cell["id"] = name
    cell["metadata"] = {"hubdoi": {"bibliography": True}}
    cell["source"] = []
    cells.append(cell)
    return len(cells) - 1
