"""What a notebook cites: the DOIs and URLs in its text, and in the .bib files beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..records import Doi, Repo, RepoReference
from ..records.errors import HubdoiError, InvalidInput
from ..regular_file import read_regular
from .bibentry import entries_of

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"'<>{}\\\])|,;]+")
_ADDRESS = re.compile(
    r"(?i)(?:https?://)?(?:huggingface\.co|hf\.co|127\.0\.0\.1:\d+|localhost:\d+)/[^\s\"'<>{}\\\])|,;]+"
)
_MAX_BIB = 32_000_000


@dataclass(frozen=True, slots=True)
class Cited:
    """The keys of the DOIs (see `Doi.key`), and the repositories whose URL is given."""

    dois: frozenset[str] = frozenset()
    repos: frozenset[Repo] = frozenset()

    def __or__(self, other: Cited) -> Cited:
        return Cited(self.dois | other.dois, self.repos | other.repos)


def cited_in(path: Path, bib: Iterable[str | Path] | None = None) -> Cited:
    """What the notebook at `path` cites.

    A DOI counts wherever a reader of the notebook meets it: in Markdown and raw cells, in outputs,
    in the citation data of its metadata; and in the .bib files `bib`, or those that lie in its
    directory when none are named. In a script or a MyST or Quarto text the whole text counts. Code
    does not: a citation that only the code knows is not one for a reader. The URL of a
    repository counts in the same places, for repositories that have no DOI.

    Raises:
        InvalidInput: a file cannot be read.
    """
    if path.suffix.lower() == ".ipynb":
        from ..provenance.scanner.document import read_notebook

        found = cited_in_notebook(read_notebook(path))
    else:
        found = _in_text(_read(path))
    files = [Path(file) for file in bib] if bib else bibs_in(path.parent)
    for file in files:
        text = _read(file)
        found |= _in_text(text)
        # Where a DOI is put together, no text has it whole.
        if "#" in text or "@string" in text.lower():
            found |= _in_entries(text, file.name)
    return found


def bibs_in(folder: Path) -> list[Path]:
    """The .bib files in `folder`; a link that leads nowhere, a pipe or a directory is none."""
    return sorted(path for path in folder.glob("*.bib") if path.is_file())


def _in_entries(text: str, name: str) -> Cited:
    try:
        entries = entries_of(text, name)
    except InvalidInput:
        return Cited()
    return _in_text("\n".join(value for entry in entries for value in entry.expanded.values()))


def cited_in_notebook(notebook: Mapping[str, Any]) -> Cited:
    """What a notebook in memory cites, its own text alone."""
    return _in_text("\n".join(_texts(notebook)))


def _texts(notebook: Mapping[str, Any]) -> Iterator[str]:
    metadata = notebook.get("metadata")
    if isinstance(metadata, Mapping) and isinstance(metadata.get("hubdoi"), Mapping):
        # JSON writes a slash as it is, or escaped
        yield json.dumps(metadata["hubdoi"], ensure_ascii=False).replace("\\/", "/")
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else ():
        if not isinstance(cell, Mapping):
            continue
        if cell.get("cell_type") in ("markdown", "raw"):
            yield _joined(cell.get("source"))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if not isinstance(output, Mapping):
                continue
            yield _joined(output.get("text"))
            data = output.get("data")
            if isinstance(data, Mapping):
                for kind, content in data.items():
                    if isinstance(kind, str) and kind.startswith("text/"):
                        yield _joined(content)


def _joined(text: object) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def _in_text(text: str) -> Cited:
    dois = set()
    for match in _DOI.finditer(text):
        # LaTeX escapes an underscore; a sentence ends with a full stop
        name = match.group().rstrip(".:*_`")
        try:
            dois.add(Doi(name).key)
        except HubdoiError:
            continue
    repos = set()
    for match in _ADDRESS.finditer(text):
        address = match.group().rstrip(".:*`")
        try:
            repos.add(
                RepoReference.parse(address if "://" in address else f"https://{address}").repo
            )
        except HubdoiError:
            continue
    return Cited(frozenset(dois), frozenset(repos))


def _read(path: Path) -> str:
    content = read_regular(path, _MAX_BIB, must_exist=True, way_out="name a smaller file")
    return content.decode("utf-8", "replace")
