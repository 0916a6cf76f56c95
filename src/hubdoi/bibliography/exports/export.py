"""What an export gives: text, and the files that belong beside it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...citation.atomic import write_file
from ...records.errors import InvalidInput
from ...regular_file import read_regular


@dataclass(frozen=True, slots=True)
class Export:
    """One or more JSON documents by file name; `notes` are sentences for the reader beside them.

    `beside` are the files of the person that go with the documents, by their name there: only a
    folder or a .zip file takes them. `made_by` is a text that a document of the same name has when
    hubdoi wrote it; without it, nothing that is there is protected.
    """

    documents: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()
    beside: Mapping[str, Path] = field(default_factory=dict)
    made_by: str = ""

    def __str__(self) -> str:
        """The document as text.

        Raises:
            InvalidInput: there is not exactly one.
        """
        if len(self.documents) != 1:
            raise InvalidInput(self._how_many())
        return _text(next(iter(self.documents.values())))

    def save(self, path: Path) -> tuple[Path, ...]:
        """Write the documents: into the file `path` if it ends in .json or .jsonld, with the files
        beside them into a .zip file, or else into a folder. Each file is written whole or not at
        all; what was written is returned.

        Raises:
            InvalidInput: it cannot be written, or there are several documents for one file, or a
                document of that name is there that hubdoi did not write.
        """
        suffix = path.suffix.lower()
        if suffix in (".json", ".jsonld"):
            if len(self.documents) != 1:
                raise InvalidInput(self._how_many())
            write_file(path, str(self).encode() + b"\n")
            return (path,)
        if suffix == ".zip":
            write_file(path, self._archive())
            return (path,)
        if not self.documents:
            raise InvalidInput(self._how_many())
        return self._into_folder(path)

    def _into_folder(self, folder: Path) -> tuple[Path, ...]:
        for name in self.documents:
            there = read_regular(folder / name)
            if there and self.made_by and self.made_by.encode() not in there:
                raise InvalidInput(
                    f"{folder / name} was not written by hubdoi; choose another --output."
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise InvalidInput(f"{folder} cannot be written: {reason}.") from None
        for name, source in self.beside.items():
            target = folder / name
            if not (target.exists() and target.samefile(source)):
                target.parent.mkdir(parents=True, exist_ok=True)
                write_file(target, read_regular(source))
        written = []
        for name, document in self.documents.items():
            write_file(folder / name, _text(document).encode() + b"\n")
            written.append(folder / name)
        return tuple(written)

    def _archive(self) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, document in self.documents.items():
                archive.writestr(name, _text(document) + "\n")
            for name, source in self.beside.items():
                archive.writestr(name, read_regular(source))
        return made.getvalue()

    def _how_many(self) -> str:
        if not self.documents:
            return " ".join(("There is nothing to export.", *self.notes))
        names = ", ".join(self.documents)
        return (
            f"There are {len(self.documents)} documents ({names}); choose a folder: --output FOLDER"
        )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
