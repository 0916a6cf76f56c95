"""Under which rights a work is published, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .plain_text import plain_line
from .spdx import license_page, spdx_identifier, spdx_of_page
from .untyped import members, text_of

Access = Literal["open", "automatic", "manual"]
"""How one gets at the files of a public repository: freely, or through a gate, which lets in everybody
who accepts the owner's conditions, or those whom the owner approves."""

ACCESS: tuple[Access, ...] = get_args(Access)

COAR = "http://purl.org/coar/access_right/"
"""Scheme of COAR's vocabulary of access rights, which OpenAIRE asks for in records of DataCite."""

_MOST, _LONGEST = 50, 200
# Besides COAR's: the older vocabulary of OpenAIRE.
_ACCESS = re.compile(r"info:eu-repo/semantics/\w+|https?://purl\.org/coar/access_right/\w+/?")
_CONDITIONS: dict[str, str] = {
    "automatic": "Access requires an account and acceptance of the conditions on the page of the repository; it is granted automatically.",
    "manual": "Access requires an account and a request on the page of the repository; the owner decides on each request.",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """One statement of DataCite's `rightsList`: a licence, or who may see the work.

    `text` is in the record's words, `url` its page, `identifier` the licence's, mostly SPDX's.
    What the record does not say is empty.
    """

    text: str = ""
    url: str = ""
    identifier: str = ""

    @property
    def spdx(self) -> str | None:
        """The SPDX identifier; None for a licence that is not on the SPDX list."""
        if self.identifier:
            return spdx_identifier(self.identifier)
        return spdx_identifier(self.text) or spdx_of_page(self.url)

    @property
    def is_access(self) -> bool:
        """Whether it says who may see the work, and is no licence."""
        return bool(_ACCESS.fullmatch(self.url)) or self.text in _CONDITIONS.values()

    @property
    def page(self) -> str:
        """The page of the licence; empty where none is known."""
        if self.url.lower().startswith(("https://", "http://")):
            return self.url
        return license_page(self.spdx or self.text) or ""

    @property
    def line(self) -> str:
        """In a few words: SPDX's for what they mean alone, else its own, its identifier, its page."""
        if spdx := spdx_identifier(self.text):
            return spdx
        return self.text or self.spdx or self.identifier or self.url


def access_statements(access: Access | None) -> tuple[Rights, ...]:
    """What a record says of a gate: the term of COAR's vocabulary, and in a sentence how one gets in.

    A repository without one gets no statement: a gate can be put up at any time, DOI or not.
    """
    if access not in _CONDITIONS:
        return ()
    restricted = Rights("restricted access", f"{COAR}c_16ec", "c_16ec")
    return (restricted, Rights(_CONDITIONS[access]))


def access_of(stated: Iterable[Rights]) -> Access | None:
    """The gate that a record tells of by `access_statements`; None where it has other words for it."""
    said = [one for one in stated if one.is_access]
    for access in ("automatic", "manual"):
        if any(one.text == _CONDITIONS[access] for one in said):
            return access
    return None if said else "open"


def licenses_of(card: Mapping[str, Any]) -> tuple[Rights, ...]:
    """The licences that a card names, each once.

    ``other`` stands for the licence that the card itself names (`license_name`), with its page or
    its file in the repository (`license_link`).
    """
    found = []
    for word in map(_short, members(card.get("license"))[:_MOST]):
        named = _short(card.get("license_name")) if word.lower() == "other" else ""
        page = _short(card.get("license_link")) if word.lower() == "other" else ""
        if word:
            found.append(Rights(named or word, page))
    return tuple(dict.fromkeys(found))


def _short(value: Any) -> str:
    return plain_line(text_of(value))[:_LONGEST]
