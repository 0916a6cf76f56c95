"""The citation of a version as the panel shows it: four formats, and the text in a style."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from ...records import Version
from ...records.errors import HubdoiError

if TYPE_CHECKING:
    from ...client import Client

FORMATS = ("bibtex", "text", "ris", "csl-json")
STYLES = (
    ("", "As DataCite recommends"),
    ("apa", "APA"),
    ("chicago-author-date", "Chicago, author and date"),
    ("modern-language-association", "MLA"),
    ("harvard-cite-them-right", "Harvard"),
    ("ieee", "IEEE"),
    ("nature", "Nature"),
    ("science", "Science"),
    ("vancouver", "Vancouver"),
    ("acm", "ACM"),
    ("elsevier-harvard", "Elsevier, Harvard"),
    ("springer-basic-author-date", "Springer, author and date"),
)
"""The styles that the chooser offers, by their names in CSL; any other can be named."""

Run = str | dict[str, Any]
"""Text, or text with what it is: ``{"t": …, "i": True, "b": True, "url": …}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """The citations of `version`: the texts by format, and the styled text as runs with italics."""

    version: Version
    texts: dict[str, str] = field(hash=False)
    rich: tuple[Run, ...] = ()
    style: str = ""
    problem: str = ""


def write_citations(client: Client, version: Version, style: str) -> Cited:
    """The citations of `version`; where the style cannot be used, the text as DataCite recommends."""
    texts = {name: str(client.cite(version, format=name)) for name in FORMATS}
    if not style:
        return Cited(version=version, texts=texts)
    try:
        styled = client.cite(version, format="text", style=style)
        rich = runs(styled.html or styled.text)
    except HubdoiError as error:
        return Cited(version=version, texts=texts, style=style, problem=error.message)
    return Cited(version=version, texts={**texts, "text": styled.text}, rich=rich, style=style)


def runs(markup: str) -> tuple[Run, ...]:
    """The text of HTML that pandoc wrote, with its italics, bold and links, and nothing else of it."""
    reader = _Runs()
    reader.feed(markup)
    reader.close()
    return tuple(reader.found)


class _Runs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Run] = []
        self._open: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks: dict[str, Any] = {}
        if tag in ("i", "em"):
            marks = {"i": True}
        elif tag in ("b", "strong"):
            marks = {"b": True}
        elif tag == "a":
            marks = {"url": dict(attrs).get("href") or ""}
        if tag != "br":
            self._open.append((tag, marks))

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        text = data if data.strip() else " "
        marks = {name: value for _, one in self._open for name, value in one.items()}
        if text.strip() or self.found:
            self.found.append({"t": text, **marks} if marks else text)
