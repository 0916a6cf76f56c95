"""A badge with the DOI, drawn here: no third server learns who reads the page."""

from __future__ import annotations

import html
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..records import Displayed, Version
from ..records.errors import DoiNotFound
from .atomic import write_file

_HEIGHT = 20
_PADDING = 6
_LABEL = "DOI"
# Advance widths of Verdana at 11 pixels, by groups of characters; wide enough for its substitutes.
_WIDTHS = {
    3.9: "ijl|'",
    4.3: "fIt.,:;!/\\()[] -",
    5.0: 'r"`',
    5.8: "csvxyzkJ",
    6.4: "abdeghnopquL?_+0123456789",
    7.0: "ABCDEFGHKNPRSTUVXYZ$#",
    8.2: "OQwM&@=<>~^*",
    9.6: "mW%",
}
_ADVANCE = {character: width for width, group in _WIDTHS.items() for character in group}


@dataclass(frozen=True, slots=True)
class Badge(Displayed):
    """``DOI | 10.57967/hf/0039`` as Markdown, HTML and SVG; the image is in the text itself."""

    version: Version
    svg: str
    url: str
    doi: str

    def __str__(self) -> str:
        return self.markdown

    @property
    def markdown(self) -> str:
        """An image that is a link, with the drawing as a data URL."""
        return self.linked(self._data)

    @property
    def html(self) -> str:
        """The same as HTML."""
        return (
            f'<a href="{html.escape(self.url)}"><img src="{self._data}" '
            f'alt="DOI {html.escape(self.doi)}"></a>'
        )

    def linked(self, image: str) -> str:
        """The Markdown with the drawing at the URL `image`, for places that show no data URL."""
        from .markdown import link_target, markdown_text

        shown = markdown_text(f"{_LABEL} {self.doi}")
        return f"[![{shown}]({link_target(image)})]({link_target(self.url)})"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to an .svg file, in one step, and return its path.

        Raises:
            InvalidInput: the file cannot be written.
        """
        target = Path(path)
        if not target.suffix:
            target = target.with_name(target.name + ".svg")
        write_file(target, self.svg.encode())
        return target

    @property
    def _data(self) -> str:
        from base64 import b64encode

        return "data:image/svg+xml;base64," + b64encode(self.svg.encode()).decode()


def badge(version: Version) -> Badge:
    """The badge of a version.

    Raises:
        DoiNotFound: it has no DOI.
    """
    if version.doi is None:
        raise DoiNotFound("This repository has no DOI to show on a badge; mint one first.")
    doi = version.doi.name
    return Badge(version, _draw(doi), version.doi.url, doi)


def _draw(doi: str) -> str:
    left = round(text_width(_LABEL)) + 2 * _PADDING
    right = round(text_width(doi)) + 2 * _PADDING
    width, said = left + right, html.escape(doi)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{_LABEL} {said}">'
        f"<title>{_LABEL} {said}</title>"
        f'<rect width="{width}" height="{_HEIGHT}" rx="3" fill="#1f5c99"/>'
        f'<path d="M3 0h{left - 3}v{_HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">{_LABEL}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 2 * _PADDING}">{said}</text>'
        "</g></svg>"
    )


def text_width(text: str) -> float:
    """The width of `text` in Verdana, 11 pixels high, in pixels."""
    return sum(_ADVANCE.get(character) or _other_width(character) for character in text)


def _other_width(character: str) -> float:
    if unicodedata.combining(character):
        return 0
    return 11 if unicodedata.east_asian_width(character) in "WF" else 7.5
