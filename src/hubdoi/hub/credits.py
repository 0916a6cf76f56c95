"""Whom a card names besides the authors: contributors, funders, and the paper that it belongs to.

The metadata is written by strangers: what cannot be read is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..records import Author, Contributor, Doi, Funding, Related
from ..records.author import check_ror
from ..records.contributor import contributor_type
from ..records.errors import HubdoiError, InvalidAuthor
from ..records.link import web_url
from ..records.plain_text import plain_line
from ..records.untyped import first, members, text_of

MAX_CREDITS = 200
_MAX_TEXT = 1000
_ARXIV_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_ARXIV = re.compile(
    r"(?:arxiv:\s*|https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/|https?://(?:www\.)?(?:huggingface\.co|hf\.co)/papers/"
    rf"|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.)?({_ARXIV_ID})(?:\.pdf)?/?",
    re.IGNORECASE,
)


def funding_of(card: Mapping[str, Any]) -> tuple[Funding, ...]:
    """Who paid: the keys ``funding`` and ``funded_by``, a name or a mapping, or a list of them."""
    return tuple(dict.fromkeys(_funding(card)))


def contributors_of(card: Mapping[str, Any]) -> tuple[Contributor, ...]:
    """Who took part: the key ``contributors``, a name or a mapping, or a list of them."""
    return tuple(dict.fromkeys(_contributors(card)))


def papers_of(card: Mapping[str, Any]) -> tuple[Related, ...]:
    """The papers that this supplements: the keys ``paper`` and ``papers``, by DOI, arXiv id or URL."""
    return tuple(dict.fromkeys(_papers(card)))


def _entries(card: Mapping[str, Any], *keys: str) -> list[Any]:
    return [entry for key in keys for entry in members(card.get(key))][:MAX_CREDITS]


def _funding(card: Mapping[str, Any]) -> Iterator[Funding]:
    for entry in _entries(card, "funding", "funded_by"):
        told = entry if isinstance(entry, Mapping) else {"funder": entry}
        if funder := _said(told, "funder", "name"):
            yield Funding(
                funder,
                _said(told, "award", "award_number", "grant"),
                _said(told, "title", "award_title"),
                web_url(_said(told, "url", "award_url")),
                _ror(told.get("ror")),
            )


def _contributors(card: Mapping[str, Any]) -> Iterator[Contributor]:
    for entry in _entries(card, "contributors"):
        told = dict(entry) if isinstance(entry, Mapping) else {"name": entry}
        # `type` may be the author's, a person or an organisation, or what they did.
        words = [text_of(told.pop("role", None)), text_of(told.get("type"))]
        kind = next(filter(None, map(contributor_type, words)), "Other")
        if author := _author(told):
            yield Contributor(author, kind)


def _author(told: Mapping[str, Any]) -> Author | None:
    """Whom a mapping names; an identifier with a typing error does not cost the name."""
    name = _said(told, "name")
    if not name:
        name = ", ".join(filter(None, (_said(told, "family"), _said(told, "given"))))
    more = {key: _said(told, key) for key in ("orcid", "affiliation", "ror")}
    if told.get("type") in ("person", "organization"):
        more["type"] = told["type"]
    for kept in (more, {}):
        try:
            if kept := {key: value for key, value in kept.items() if value}:
                return Author.from_json({"name": name, **kept})
            return Author.parse(name)
        except InvalidAuthor:
            continue
    return None


def _papers(card: Mapping[str, Any]) -> Iterator[Related]:
    for entry in _entries(card, "paper", "papers"):
        told = entry if isinstance(entry, Mapping) else {"url": entry}
        found = first(_paper(told.get(key)) for key in ("doi", "arxiv", "url"))
        if found:
            yield found


def _paper(value: Any) -> Related | None:
    # YAML takes 2301.12340 for a number and loses its last digit: text only.
    text = plain_line(value) if isinstance(value, str) else ""
    if arxiv := _ARXIV.fullmatch(text):
        return Related("IsSupplementTo", f"arXiv:{arxiv[1]}", "arXiv")
    try:
        return Related("IsSupplementTo", Doi.parse(text).name, "DOI")
    except HubdoiError:
        url = web_url(text)
        return Related("IsSupplementTo", url, "URL") if url else None


def _said(told: Mapping[str, Any], *keys: str) -> str:
    """The first of the keys that has a text, on one line."""
    values = (told.get(key) for key in keys)
    lines = (plain_line(text_of(value)) for value in values if not isinstance(value, float))
    return next((line for line in lines if 0 < len(line) <= _MAX_TEXT), "")


def _ror(value: Any) -> str:
    try:
        return f"https://ror.org/{check_ror(text_of(value))}" if value else ""
    except InvalidAuthor:
        return ""
