"""Under which rights a work is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .plain_text import plain_line
from .spdx import license_page, spdx_identifier, spdx_of_page
from .untyped import members, text_of

_MOST, _LONGEST = 50, 200


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
    def page(self) -> str:
        """The page of the licence; empty where none is known."""
        if self.url.lower().startswith(("https://", "http://")):
            return self.url
        return license_page(self.spdx or self.text) or ""

    @property
    def line(self) -> str:
        """In a few words: the licence's own, else its identifier, else its page."""
        return self.text or self.spdx or self.identifier or self.url


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
