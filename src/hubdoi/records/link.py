"""The URL that a citation gives."""

from __future__ import annotations

from . import Version
from .plain_text import plain_line


def link_of(version: Version) -> str:
    """The DOI as a link; without a DOI the page of the repository at the revision."""
    return version.doi.url if version.doi is not None else landing_of(version)


def landing_of(version: Version) -> str:
    """The landing page; empty when it is not a URL of the web."""
    return web_url(version.landing_url or "")


def web_url(text: str) -> str:
    """`text` as a URL of the web on one line, or empty when it is none."""
    url = plain_line(text).replace(" ", "%20")
    return url if url.lower().startswith(("https://", "http://")) else ""
