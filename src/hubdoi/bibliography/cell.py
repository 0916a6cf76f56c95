"""The bibliography cell of a notebook file; everything else of the file stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..citation import cite
from ..citation.atomic import check_regular, read_regular, write_file
from ..citation.csl import items
from ..provenance.scanner.document import read_notebook
from ..records.errors import InvalidInput
from .notebook_text import NotebookText

if TYPE_CHECKING:
    from ..citation import Citation


_HEADING = "## Bibliography"
_CELL_ID = "hubdoi-bibliography"


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
    check_regular(path)
    notebook = read_notebook(path)
    cells = notebook.get("cells")
    if not isinstance(cells, list) or notebook.get("nbformat") != 4:
        raise InvalidInput(
            f"{path} is not a notebook of format 4; open it in JupyterLab and save it again."
        )
    raw = read_regular(path)
    source = bibliography_text(citation).splitlines(keepends=True)
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
        return False
    text = NotebookText(raw.decode("utf-8-sig"))
    _replace(path, raw, text.with_cell(place, cells[place]).with_metadata(metadata))
    return True


def write_metadata(path: Path, name: str, value: Any) -> None:
    """Keep `value` under ``hubdoi`` `name` in the metadata of the notebook at `path`.

    Everything else of the file stays as it is; it is written whole or not at all.

    Raises:
        InvalidInput: the file is not a notebook of format 4, or cannot be written.
    """
    check_regular(path)
    notebook = read_notebook(path)
    metadata = notebook.setdefault("metadata", {})
    if (
        notebook.get("nbformat") != 4
        or not isinstance(metadata, dict)
        or not isinstance(notebook.get("cells"), list)
    ):
        raise InvalidInput(
            f"{path} is not a notebook of format 4; open it in JupyterLab and save it again."
        )
    raw = read_regular(path)
    own = metadata.get("hubdoi")
    metadata["hubdoi"] = {**(own if isinstance(own, dict) else {}), name: value}
    _replace(path, raw, NotebookText(raw.decode("utf-8-sig")).with_metadata(metadata))


def _replace(path: Path, raw: bytes, notebook: NotebookText) -> None:
    """Write the notebook in place of `raw`, once nbformat finds it valid."""
    _check(str(notebook), path)
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    write_file(path, mark + str(notebook).encode())


def _check(text: str, path: Path) -> None:
    """Refuse to replace a notebook by one that Jupyter would not open.

    Raises:
        InvalidInput: the notebook with the cell is not valid by nbformat.
    """
    import nbformat

    try:
        nbformat.validate(json.loads(text))
    except (nbformat.ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0][:200]
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
        taken = {other.get("id") for other in cells if isinstance(other, dict)}
        name, count = _CELL_ID, 2
        while name in taken:
            name, count = f"{_CELL_ID}-{count}", count + 1
        cell["id"] = name
    cell["metadata"] = {"hubdoi": {"bibliography": True}}
    cell["source"] = []
    cells.append(cell)
    return len(cells) - 1
