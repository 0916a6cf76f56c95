"""`check --fix`: writes the revisions that are missing into files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..provenance.scanner.document import cells_of_file
from ..records import Displayed, Repo
from ..records.errors import InvalidInput
from ..regular_file import read_regular
from .findings import Finding
from .notebook_text import NotebookText
from .pinning import Pinning


@dataclass(frozen=True, slots=True)
class Pins(Displayed):
    """The changes of source that pin revisions, file by file; nothing is written before `write`.

    `left` are the findings that only a person can fix: the call could not be located for certain,
    or the Hub did not tell which revision to write.
    """

    changes: tuple[tuple[Path, str, str], ...] = ()
    left: tuple[Finding, ...] = ()

    def diff(self) -> str:
        return "".join(
            "".join(
                difflib.unified_diff(
                    before.splitlines(keepends=True),
                    after.splitlines(keepends=True),
                    str(path),
                    str(path),
                    n=1,
                )
            )
            for path, before, after in self.changes
        )

    def write(self) -> Pins:
        """Write every file, whole or not at all.

        Raises:
            InvalidInput: a file cannot be written.
        """
        from ..citation.atomic import write_atomically

        for path, before, after in self.changes:
            raw = read_regular(path)
            mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
            if raw[len(mark) :] != before.encode("utf-8"):
                raise InvalidInput(f"{path} has changed in the meantime; run the check again.")
            try:
                write_atomically(path, mark + after.encode("utf-8"))
            except OSError as error:
                reason = (error.strerror or "unknown").lower()
                raise InvalidInput(f"{path} cannot be written: {reason}.") from None
        return self


def pins_for(findings: Iterable[Finding]) -> Pins:
    """How to fix the HD001 among `findings`: every call that loads the repository alike is pinned.

    Raises:
        InvalidInput: a file cannot be read any more.
    """
    unpinned = [one for one in findings if one.code == "HD001"]
    wanted = [one for one in unpinned if one.commit]
    changes: list[tuple[Path, str, str]] = []
    left = [one for one in unpinned if not one.commit]
    for name in dict.fromkeys(one.notebook for one in wanted):
        path = Path(name)
        own = [one for one in wanted if one.notebook == name]
        try:
            text = _text(path)
        except UnicodeDecodeError:
            # a file that declares another encoding is read, and left as it is
            left += own
            continue
        fixed, missed = _fixed(path, text, own)
        left += missed
        if fixed != text:
            changes.append((path, text, fixed))
    return Pins(tuple(changes), tuple(left))


def _text(path: Path) -> str:
    return read_regular(path).decode("utf-8-sig")


def _fixed(path: Path, text: str, findings: list[Finding]) -> tuple[str, list[Finding]]:
    """The `text` of a file with the pins written, and the findings that are left to a person."""
    cells = cells_of_file(path)
    is_notebook = path.suffix.lower() == ".ipynb"
    pinning = Pinning(cells, None if is_notebook else text)
    left = []
    for one in findings:
        try:
            pinning.pin(Repo.parse(one.repo), one.commit or "", one.revision)
        except InvalidInput:
            left.append(one)
    if not is_notebook:
        return pinning.text or "", left
    made = NotebookText(text)
    try:
        for before, after in zip(cells, pinning.cells, strict=True):
            if before != after:
                made = made.with_source(before.index or 0, before.source, after.source)
    except (KeyError, ValueError):
        return text, findings  # a notebook of an older format
    return str(made), left
