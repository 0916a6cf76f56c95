"""The code cells of a notebook, a script, a MyST page or a Quarto document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from ...records.errors import InvalidInput
from ...regular_file import read_regular
from .cell import Cell, Language
from .patterns import lazily

SUFFIXES = frozenset({".ipynb", ".py", ".md", ".qmd", ".myst"})

MOST_NOTEBOOK = 512_000_000
WAY_OUT = "clear its outputs and try again"
_PERCENT = lazily(r"^#\s*%%(?P<rest>.*)$")
_FENCE = lazily(r"^(?P<indent>\s{0,3})(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
_INFO = lazily(r"^\s*\{\s*\.?(?P<directive>[\w-]+)\s*[,}]?\s*\}?\s*(?P<argument>[\w+-]*)")
_PLAIN_INFO = lazily(r"^\s*(?P<language>[\w+-]+)")
_SHORTEST = 3
_LONGEST_LINE = 4096
_MARIMO = lazily(r"^\w+ = marimo\.App\(", re.M)
_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "calysto_bash"})
_PYTHONS = frozenset({"python", "python2", "python3", "ipython", "ipython2", "ipython3", "py"})


def cells_of_file(path: Path) -> list[Cell]:
    """The code cells of a file, by its suffix.

    Raises:
        InvalidInput: the file cannot be read, or is not of a kind that holds code cells.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput(
            f"{path} is not a notebook; hubdoi reads .ipynb, .py, .md (MyST) and .qmd files."
        )
    if suffix == ".ipynb":
        return cells_of_notebook(read_notebook(path), str(path))
    return cells_of_text(_decoded(path, _content(path), declared=suffix == ".py"), suffix)


def cells_of_text(text: str, suffix: str) -> list[Cell]:
    """The code cells of a script (`.py`) or of a Markdown text (any other suffix)."""
    return _cells_of_script(text) if suffix == ".py" else _cells_of_markdown(text)


def read_notebook(path: Path) -> dict[str, Any]:
    """The JSON of a notebook file.

    Raises:
        InvalidInput: the file cannot be read, or holds no JSON object.
    """
    return parse_notebook(path, _content(path))


def parse_notebook(path: Path, content: bytes) -> dict[str, Any]:
    """The same of the `content` of the file at `path`, when that was read already."""
    try:
        notebook = json.loads(_decoded(path, content))
    except InvalidInput:
        raise
    except (ValueError, RecursionError):
        raise InvalidInput(
            f"{path} is not a notebook: its text is not JSON; open it in JupyterLab and save it again."
        ) from None
    if not isinstance(notebook, dict):
        raise InvalidInput(
            f"{path} is not a notebook: its JSON holds no cells; open it in JupyterLab and save it again."
        )
    return notebook


def cells_of_notebook(notebook: Mapping[str, Any], name: str = "The notebook") -> list[Cell]:
    """The code cells of a notebook as nbformat 3, 4 or later writes it.

    Raises:
        InvalidInput: there is no list of cells in it.
    """
    cells = notebook.get("cells")
    if cells is None:
        sheets = notebook.get("worksheets")
        if isinstance(sheets, list):
            cells = [
                cell
                for sheet in sheets
                if isinstance(sheet, Mapping) and isinstance(sheet.get("cells"), list)
                for cell in sheet["cells"]
            ]
    if not isinstance(cells, list):
        raise InvalidInput(f"{name} is not a notebook: it has no list of cells.")
    language = _language(notebook.get("metadata"))
    if language is None:
        return []
    found = []
    for index, cell in enumerate(cells):
        if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input"))
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str) and source:
            count = cell.get("execution_count")
            found.append(
                Cell(
                    index,
                    source,
                    language=language,
                    execution_count=count if type(count) is int else None,
                )
            )
    return found


def _language(metadata: object) -> Language | None:
    """What the kernel speaks; None when it is neither Python nor a shell."""
    if not isinstance(metadata, Mapping):
        return "python"
    names = []
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        entry = metadata.get(key)
        if isinstance(entry, Mapping) and isinstance(entry.get(field), str):
            names.append(entry[field].lower())
    if not names or any(name in _PYTHONS or "python" in name for name in names):
        return "python"
    return "shell" if names[0] in _SHELLS else ("python" if not names[0] else None)


def _content(path: Path) -> bytes:
    return read_regular(path, MOST_NOTEBOOK, must_exist=True, way_out=WAY_OUT)


def _decoded(path: Path, content: bytes, *, declared: bool = False) -> str:
    """The text of a file; `declared` says that it may declare its encoding, as Python's source does."""
    encoding = "utf-8-sig"
    try:
        if declared:
            encoding = _declared_encoding(path, content)
        return TextIOWrapper(BytesIO(content), encoding=encoding).read()
    except InvalidInput:
        raise
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{path} is not text in {encoding.removesuffix('-sig').upper()}; save it again in UTF-8."
        ) from None
    except (LookupError, UnicodeError):
        # A codec that makes no text (rot13), or none of anything (undefined).
        raise InvalidInput(
            f"{path} declares an encoding that Python cannot read: {encoding}."
        ) from None


def _declared_encoding(path: Path, content: bytes) -> str:
    """The encoding that the source in a file declares in its first two lines (PEP 263), else UTF-8."""
    lines = BytesIO(content)
    head = lines.readline(_LONGEST_LINE) + lines.readline(_LONGEST_LINE)
    if b"coding" not in head:
        return "utf-8-sig"
    from tokenize import detect_encoding

    try:
        return detect_encoding(BytesIO(head).readline)[0]
    except SyntaxError as error:
        raise InvalidInput(
            f"{path} declares an encoding that Python cannot read: {error.msg}."
        ) from None


def _cells_of_script(text: str) -> list[Cell]:
    """A script's percent cells (``# %%``); a script without them is one cell without an index."""
    if "marimo.App(" in text and _MARIMO.search(text):
        from .marimo import cells_of_marimo

        if cells := cells_of_marimo(text):
            return cells
    lines = text.splitlines() if "%%" in text else []
    starts = [n for n, line in enumerate(lines) if _PERCENT.match(line)]
    if not starts:
        return [Cell(None, text)]
    cells = []
    index = 0
    if any(line.strip() for line in lines[: starts[0]]):
        cells.append(Cell(index, "\n".join(lines[: starts[0]])))
        index += 1
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        rest = lines[start].partition("%%")[2]
        if not re.search(r"\[(?:markdown|md|raw)\]", rest):
            body = lines[start + 1 : end]
            # jupytext comments magics out, so that the script stays Python
            body = [re.sub(r"^#\s?([!%])(?!%\s)", r"\1", line) for line in body]
            cells.append(Cell(index, "\n".join(body), offset=start + 1))
        index += 1
    return cells


def _cells_of_markdown(text: str) -> list[Cell]:
    """The cells that MyST, Quarto or jupytext would run; other fenced code is only shown."""
    lines = text.splitlines()
    plain_runs = bool(re.search(r"^\s*format_name:\s*['\"]?markdown", _front_matter(lines), re.M))
    cells = []
    index = 0
    n = 0
    # fences of directives that hold other fences, which are always shorter
    around: list[str] = []
    while n < len(lines):
        opening = _FENCE.match(lines[n])
        if opening is None:
            n += 1
            continue
        fence, info = opening["fence"], opening["info"].strip()
        if around and not info and fence.startswith(around[-1]):
            around.pop()
            n += 1
            continue
        language = _runs_as(info, plain_runs)
        if language is None and info.startswith("{") and len(fence) > _SHORTEST:
            around.append(fence)
            n += 1
            continue
        end = n + 1
        closing = re.compile(rf"^\s{{0,3}}{re.escape(fence[0])}{{{len(fence)},}}\s*$")
        while end < len(lines) and not closing.match(lines[end]):
            end += 1
        if language is not None:
            body = _without_options(lines[n + 1 : end])
            cells.append(Cell(index, "\n".join(body), offset=n + 1, language=language))
            index += 1
        n = end + 1
    return cells


def _front_matter(lines: list[str]) -> str:
    if not lines or lines[0].strip() != "---":
        return ""
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), 0)
    return "\n".join(lines[1:end])


def _runs_as(info: str, plain_runs: bool) -> Language | None:
    directive = _INFO.match(info)
    if directive:
        name, argument = directive["directive"].lower(), directive["argument"].lower()
        if name in ("code-cell", "code-cell-exec"):
            name = argument or "python"
    elif plain_runs and (plain := _PLAIN_INFO.match(info)):
        name = plain["language"].lower()
    else:
        return None
    if name in _PYTHONS:
        return "python"
    return "shell" if name in _SHELLS else None


def _without_options(lines: list[str]) -> list[str]:
    """A MyST cell's options (``:tags: …`` or a block between ``---``) become blank lines."""
    body = list(lines)
    n = 0
    if body and body[0].strip() == "---":
        end = next((k for k, line in enumerate(body[1:], 1) if line.strip() == "---"), None)
        if end is not None:
            body[: end + 1] = [""] * (end + 1)
        return body
    while n < len(body) and re.match(r"^\s*:[\w-]+:", body[n]):
        body[n] = ""
        n += 1
    return body
