"""DataCite's `rightsList`, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..records import Version
from ..records.link import web_url
from ..records.markup import without_markup
from ..records.plain_text import plain_line
from ..records.rights import COAR, Rights
from ..records.spdx import license_page, spdx_identifier, spdx_name
from ..records.untyped import first, members, text_of


def read_rights(
    attributes: Mapping[str, Any],
) -> tuple[str | None, str | None, tuple[Rights, ...]]:
    """The licence of a record, its page where that is not known by the name, and other statements.

    Of several statements the licence is the one with an identifier, else with words and a link, else
    with words. Name and page come from one statement; a link without words may belong to words
    without a link.
    """
    stated = list(filter(None, map(_statement, members(attributes.get("rightsList")))))
    licences = [one for one in stated if not one.is_access]
    chosen = max(licences, key=_weight, default=Rights())
    name = chosen.spdx or chosen.identifier or chosen.text or None
    url, link = chosen.url, None
    if not url and not chosen.spdx:
        link = first(one for one in licences if one.url and not one.text and not one.identifier)
        url = link.url if link else ""
    others = dict.fromkeys(one for one in stated if one not in (chosen, link))
    return name, url if url and url != license_page(name) else None, tuple(others)


def write_rights(version: Version) -> list[dict[str, str]]:
    """The licence first, then the other statements as they were read."""
    found = [_written(one) for one in version.all_rights]
    return list({tuple(entry.items()): entry for entry in found if entry}.values())


def _weight(one: Rights) -> tuple[bool, bool, bool]:
    return bool(one.identifier or one.spdx), bool(one.text), bool(one.url)


def _statement(entry: Any) -> Rights | None:
    said: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {"rights": entry}
    url = text_of(said.get("rightsUri"))
    words = " ".join(without_markup(text_of(said.get("rights"))).split())
    found = Rights(words, url, text_of(said.get("rightsIdentifier")))
    if not found.is_access:
        found = replace(found, url=web_url(url))
    return found if found != Rights() else None


def _written(one: Rights) -> dict[str, str]:
    url = one.url if one.is_access else web_url(one.page)
    text = plain_line(one.text)
    if one.spdx and (not text or spdx_identifier(text) == one.spdx):
        # DataCite asks for the complete title of a licence with its version, not for a card's word.
        text = spdx_name(one.spdx)
    found = {"rights": text, "rightsUri": url}
    if one.spdx:
        found |= {
            "rightsIdentifier": one.spdx,
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": "https://spdx.org/licenses/",
        }
    elif one.identifier and one.url.startswith(COAR):
        found |= {
            "rightsIdentifier": plain_line(one.identifier),
            "rightsIdentifierScheme": "COAR Access Rights",
            "schemeUri": COAR,
        }
    else:
        found["rightsIdentifier"] = plain_line(one.identifier)
    return {name: value for name, value in found.items() if value}
