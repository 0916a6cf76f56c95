"""The mark of an entry that hubdoi wrote, and what it says about each field.

The mark is a keyword: JabRef, Zotero and biber keep keywords, and no style prints them. It holds a
few letters for each field as it was written, so that a field that somebody changed, or deleted on
purpose, is known and left alone.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_PREFIX = "hubdoi:"
_KEYWORD = re.compile(r"hubdoi:([a-z2-7]*)")
_LENGTH = 4
_TYPE = "@"


@dataclass(frozen=True, slots=True)
class BibMark:
    """What hubdoi wrote into an entry: its type and its fields, as short digests."""

    digests: frozenset[str]

    @classmethod
    def of(cls, kind: str, fields: Mapping[str, str]) -> BibMark:
        """The mark of an entry that is written with this type and these fields."""
        written = {_digest(name, value) for name, value in fields.items()}
        return cls(frozenset(written | {_digest(_TYPE, kind)}))

    @classmethod
    def read(cls, keywords: str) -> BibMark | None:
        """The mark among the `keywords` of an entry; None where hubdoi did not write it."""
        found = _KEYWORD.search(keywords)
        if found is None:
            return None
        letters = found[1]
        return cls(frozenset(letters[n : n + _LENGTH] for n in range(0, len(letters), _LENGTH)))

    def wrote(self, name: str, value: str) -> bool:
        """Whether hubdoi wrote the field `name` with this value, however it is laid out now."""
        return _digest(name, value) in self.digests

    def wrote_type(self, kind: str) -> bool:
        """Whether the entry's type is the one that hubdoi gave it."""
        return _digest(_TYPE, kind) in self.digests

    def added_to(self, keywords: str) -> str:
        """The raw value `keywords` with this mark: in place of an older one, else after the others."""
        keyword = str(self)
        if _KEYWORD.search(keywords):
            return _KEYWORD.sub(keyword, keywords, count=1)
        if not keywords.strip():
            return f"{{{keyword}}}"
        if re.fullmatch(r"\{[^{}]+\}", keywords):
            return f"{keywords[:-1].rstrip()}, {keyword}}}"
        return f"{keywords} # {{, {keyword}}}"

    def __str__(self) -> str:
        return _PREFIX + "".join(sorted(self.digests))


def _digest(name: str, value: str) -> str:
    # Programs that save a file again change braces, quotation marks and white space.
    bare = re.sub(r"[{}\"\\\s]+", "", value).casefold()
    digest = sha256(f"{name.lower()}={bare}".encode("utf-8", "replace")).digest()
    return b32encode(digest[:5]).decode().lower()[:_LENGTH]
