"""The bibliography cell of a notebook file; everything else of the file stays as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..provenance.scanner.document import read_notebook
from ..records.errors import InvalidInput

if TYPE_CHECKING:
    from ..citation import Citation


_HEADING = "## Bibliography"
_CELL_ID = "hubdoi-bibliography"


def write_bibliography(path: Path, citation: Citation) -> bool:
    """Write or refresh the bibliography cell of the notebook at `path`; whether it changed.

    The cell is a Markdown cell with ``{"hubdoi": {"bibliography": true}}`` in its metadata: the one
    that is there, or a new one at the end. The list is in `citation`'s style. The notebook's own
    metadata gets the same citations as CSL JSON, under ``hubdoi`` ``citations``, so that they can
    be read offline. The file is written whole or not at all.

    Raises:
        InvalidInput: the file is not a notebook of format 4, or cannot be written.
    """
    if path.suffix.lower() != ".ipynb":
        raise InvalidInput(
            f"{path} has no cells; a bibliography cell is written into .ipynb files."
        )
    notebook = read_notebook(path)
    cells = notebook.get("cells")
    if not isinstance(cells, list) or notebook.get("nbformat") != 4:
        raise InvalidInput(
            f"{path} is not a notebook of format 4; open it in JupyterLab and save it again."
        )
    raw = path.read_bytes()
    from ..citation.atomic import write_atomically
    from ..citation.csl import items

    source = bibliography_text(citation).splitlines(keepends=True)
    before = json.dumps(notebook)
    _own_cell(notebook, cells)["source"] = source
    metadata = notebook.setdefault("metadata", {})
    if isinstance(metadata, dict):
        own = metadata.setdefault("hubdoi", {})
        if not isinstance(own, dict):
            own = metadata["hubdoi"] = {}
        own["citations"] = items(citation.versions)
    if json.dumps(notebook) == before:
        return False
    try:
        write_atomically(path, _like(raw, notebook))
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {(error.strerror or 'unknown').lower()}."
        ) from None
    return True


def write_metadata(path: Path, name: str, value: Any) -> None:
    """Keep `value` under ``hubdoi`` `name` in the metadata of the notebook at `path`.

    Everything else of the file stays as it is; it is written whole or not at all.

    Raises:
        InvalidInput: the file is not a notebook of format 4, or cannot be written.
    """
    from ..citation.atomic import write_atomically

    notebook = read_notebook(path)
    metadata = notebook.setdefault("metadata", {})
    if notebook.get("nbformat") != 4 or not isinstance(metadata, dict):
        raise InvalidInput(
            f"{path} is not a notebook of format 4; open it in JupyterLab and save it again."
        )
    raw = path.read_bytes()
    own = metadata.get("hubdoi")
    metadata["hubdoi"] = {**(own if isinstance(own, dict) else {}), name: value}
    try:
        write_atomically(path, _like(raw, notebook))
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise InvalidInput(f"{path} cannot be written: {reason}.") from None


def bibliography_text(citation: Citation) -> str:
    """The text of the bibliography cell."""
    from ..citation import cite

    listed = cite(citation.versions, "markdown", style=citation.style, locale=citation.locale)
    return f"{_HEADING}\n\n{listed.text.strip()}"


def _own_cell(notebook: dict[str, Any], cells: list[Any]) -> dict[str, Any]:
    """The marked cell, or a new one at the end."""
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            metadata = cell.get("metadata")
            own = metadata.get("hubdoi") if isinstance(metadata, dict) else None
            if isinstance(own, dict) and own.get("bibliography") is True:
                return cell
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
    return cell


def _like(raw: bytes, notebook: dict[str, Any]) -> bytes:
    """The notebook as JSON, laid out as `raw` is: indentation, line ends, escapes, last line."""
    text = raw.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    indented = re.match(r"\s*\{\r?\n([ \t]+)\"", text)
    layout: dict[str, Any] = {"indent": indented[1]} if indented else {"indent": None}
    if not indented:
        tight = re.search(r'":\S', text[:2000]) is not None
        layout["separators"] = (",", ":") if tight else (", ", ": ")
    # where nothing is beyond ASCII, an escape tells that all of it is escaped
    escaped = text.isascii() and "\\u" in text
    written = json.dumps(notebook, ensure_ascii=escaped, **layout)
    ending = re.search(r"\s*\Z", text)
    written = written.replace("\n", newline) + (ending.group() if ending else "")
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    return mark + written.encode("utf-8", "surrogatepass")
