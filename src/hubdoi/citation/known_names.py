"""What a person decided about names that can be read in more than one way: `hubdoi.toml`.

::

    [names]
    "Meta AI" = "{Meta AI}"
    "Tsinghua Press" = "organization"
    "Juan Carlos Pérez García" = "Pérez García, Juan Carlos"
    "Slaughter, Peter; Jones, Matt" = ["Slaughter, Peter", "Jones, Matt"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import nearest_file, read_toml
from ..records import Author
from ..records.errors import InvalidAuthor, InvalidInput

FILE = "hubdoi.toml"
# In place of the author: what the name on the left is.
_TYPES = {
    "person": "person",
    "organization": "organization",
    "organisation": "organization",
}


@dataclass(frozen=True, slots=True)
class KnownNames:
    """From a name as a record has it, in either order, to the authors that it stands for."""

    authors: Mapping[str, tuple[Author, ...]] = field(default_factory=dict)

    @classmethod
    def nearest(cls, folder: Path | None = None) -> KnownNames:
        """Those of the nearest `hubdoi.toml`: in `folder`, else the working directory, or above it.

        Raises:
            InvalidInput: the file cannot be read, or a name in it has two readings still.
        """
        file = nearest_file(FILE, folder)
        if file is None:
            return cls()
        table = read_toml(file).get("names", {})
        if not isinstance(table, Mapping):
            raise InvalidInput(f"{file}: names is a table: [names].")
        return cls({_key(name): _authors(file, name, value) for name, value in table.items()})

    def corrected(self, authors: Iterable[Author]) -> tuple[Author, ...]:
        """`authors`, with what was decided about their names; iDs and affiliations stay theirs."""
        found: list[Author] = []
        for author in authors:
            known = self.authors.get(_key(author.name)) or self.authors.get(
                _key(author.display_name)
            )
            if known and len(known) == 1:
                found.append(_with_identifiers(known[0], author))
            else:
                found += known or (author,)
        return tuple(found)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _authors(file: Path, name: str, value: Any) -> tuple[Author, ...]:
    values = value if isinstance(value, list) else [value]
    try:
        found = tuple(_author(name, text).check_certain() for text in values)
    except InvalidAuthor as error:
        raise InvalidInput(f"{file}: {name[:60]!r}: {error.message}") from None
    if not found:
        raise InvalidInput(f"{file}: {name[:60]!r} has no author; give at least one.")
    return found


def _author(name: str, value: Any) -> Author:
    kind = _TYPES.get(value.strip().lower()) if isinstance(value, str) else None
    return Author.parse({"name": name, "type": kind} if kind else value)


def _with_identifiers(known: Author, author: Author) -> Author:
    """`known`, with what the record says besides the name."""
    is_person = known.type == "person"
    ror = author.ror if author.affiliation or not is_person else None
    return known.replace(
        orcid=known.orcid or (author.orcid if is_person else None),
        affiliation=known.affiliation or author.affiliation,
        ror=known.ror or ror,
    )
