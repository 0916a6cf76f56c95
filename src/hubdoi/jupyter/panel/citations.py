"""The citation in tabs, each with a copy button, and a chooser for the style of the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ...records import Version
from ...records.errors import HubdoiError
from ..display import hypertext
from .parts import Announcement, CopyButton

if TYPE_CHECKING:
    from ...citation import Citation


Cite = Callable[[Version, str, "str | None", Callable[["Citation | HubdoiError"], None]], None]

_TABS = {"bibtex": "BibTeX", "text": "Text", "ris": "RIS", "csl-json": "CSL JSON"}
_OTHER = "other"
_STYLES = [
    ("As DataCite recommends", ""),
    ("APA", "apa"),
    ("Chicago, author and date", "chicago-author-date"),
    ("MLA", "modern-language-association"),
    ("Harvard", "harvard-cite-them-right"),
    ("IEEE", "ieee"),
    ("Nature", "nature"),
    ("Science", "science"),
    ("Vancouver", "vancouver"),
    ("ACM", "acm"),
    ("Elsevier, Harvard", "elsevier-harvard"),
    ("Springer, author and date", "springer-basic-author-date"),
    ("Another CSL style …", _OTHER),
]


class CitationTabs(widgets.VBox):  # type: ignore[misc]
    """BibTeX, text, RIS and CSL JSON of one version; `cite` writes them, on a thread of its own."""

    def __init__(self, cite: Cite) -> None:
        self._cite = cite
        self._version: Version | None = None
        self._texts = {format: widgets.HTML() for format in _TABS}
        self.copies = {
            format: CopyButton(label=f"the citation as {name}") for format, name in _TABS.items()
        }
        self.style_chooser = widgets.Dropdown(description="Style", options=_STYLES, value="")
        self.style_name = widgets.Text(
            description="Name of the style",
            placeholder="apa, ieee, nature, …",
            continuous_update=False,
        )
        for field in (self.style_chooser, self.style_name):
            field.add_class("hubdoi-field")
            field.observe(lambda _: self._styled(), "value")
        self.style_name.layout.display = "none"
        self.said = Announcement()
        self.tabs = widgets.Tab([self._page(format) for format in _TABS])
        self.tabs.titles = tuple(_TABS.values())
        title = widgets.HTML(hypertext.heading("Cite it"))
        super().__init__([title, self.tabs])
        self.add_class("hubdoi-citations")

    @property
    def texts(self) -> dict[str, str]:
        """The citations as they are copied, by format."""
        return {format: copy.text for format, copy in self.copies.items()}

    def show(self, version: Version) -> None:
        """Show the citations of `version`, unless they are on the screen."""
        if version == self._version:
            return
        self._version = version
        for format in _TABS:
            self._write(format)

    def _page(self, format: str) -> Any:
        box = widgets.Box([self._texts[format], self.copies[format]])
        box.add_class("hubdoi-citation")
        parts = [box]
        if format == "text":
            chooser = widgets.Box([self.style_chooser, self.style_name])
            chooser.add_class("hubdoi-fields")
            parts = [chooser, self.said, box]
        page = widgets.VBox(parts)
        page.add_class("hubdoi-page")
        return page

    @property
    def _style(self) -> str | None:
        chosen = self.style_chooser.value
        return (self.style_name.value.strip() if chosen == _OTHER else chosen) or None

    def _styled(self) -> None:
        other = self.style_chooser.value == _OTHER
        self.style_name.layout.display = None if other else "none"
        if not other or self._style:
            self._write("text")

    def _write(self, format: str) -> None:
        version = self._version
        if version is None:
            return
        style = self._style if format == "text" else None

        def done(result: Citation | HubdoiError) -> None:
            if version is self._version and (format != "text" or style == self._style):
                self._written(format, result)

        self._cite(version, format, style, done)

    def _written(self, format: str, result: Citation | HubdoiError) -> None:
        if isinstance(result, HubdoiError):
            self.said.tone, self.said.text = "bad", result.message
            return
        if format == "text":
            self.said.text = ""
        shown = hypertext.preformatted(result.text, f"The citation as {_TABS[format]}")
        self._texts[format].value = hypertext.inside(shown)
        self.copies[format].text = result.text
