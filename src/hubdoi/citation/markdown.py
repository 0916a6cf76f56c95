"""The citation in words as Markdown, its DOI a link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from ..records import Version
from ..records.link import link_of
from ..records.plain_text import plain_line
from .text import in_text, parts

_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# What starts markup anywhere, in CommonMark, GitHub's and pandoc's extensions, and TeX math.
_MARKUP = re.compile(r"[\\`*_{}\[\]|~$^@]|(?<!\w)#|:(?=\S)|(?<=www)\.")
# What starts a list, a heading or a quotation at the beginning of a line.
_AT_START = re.compile(r"^(?:[-+=#]|(\d{1,9})(?=[.)]))")


def write(versions: Sequence[Version]) -> str:
    """One paragraph a version."""
    return "\n\n".join(_paragraph(version) for version in versions)


def in_text_link(version: Version) -> str:
    """``[(Lovelace, 2026)](https://doi.org/…)``."""
    return markdown_link(in_text(version), link_of(version))


def markdown_text(text: str) -> str:
    """`text` on one line, with everything escaped that Markdown or HTML would read as markup."""
    line = _MARKUP.sub(r"\\\g<0>", plain_line(text))
    line = re.sub(r"[<>&]", lambda found: _ENTITIES[found[0]], line)
    return _AT_START.sub(lambda found: f"{found[1]}\\" if found[1] else f"\\{found[0]}", line)


def markdown_link(text: str, url: str) -> str:
    """`text` as a link; as text alone where `url` is not one of the web."""
    if not url.lower().startswith(("https://", "http://")):
        return markdown_text(text)
    target = link_target(url)
    shown = target.replace("_", r"\_") if text == url else markdown_text(text)
    return f"[{shown}]({target})"


def link_target(url: str) -> str:
    """`url` as the target of a link or an image, with nothing in it that ends the target."""
    return quote(url, safe="/:;,.?=&%~@+-_#")


def _paragraph(version: Version) -> str:
    words = markdown_text(" ".join(parts(version)))
    address = link_of(version)
    return f"{words} {markdown_link(address, address)}" if address else words
