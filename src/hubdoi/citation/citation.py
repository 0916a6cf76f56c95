"""The citation of one version or of many, in one format or style."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ..records import Displayed, Version
from ..records.errors import InvalidInput, UnknownFormat
from ..records.link import link_of
from .keys import identity


class _Format(NamedTuple):
    module: str
    media_type: str
    extension: str


_FORMATS = {
    "bibtex": _Format(".bibtex", "application/x-bibtex", ".bib"),
    "biblatex": _Format(".biblatex", "application/x-bibtex", ".bib"),
    "ris": _Format(".ris", "application/x-research-info-systems", ".ris"),
    "csl-json": _Format(".csl", "application/vnd.citationstyles.csl+json", ".json"),
    "cff": _Format(".cff", "application/yaml", ".cff"),
    "datacite-json": _Format(
        "..datacite.json_record", "application/vnd.datacite.datacite+json", ".json"
    ),
    "datacite-xml": _Format(
        "..datacite.xml_record", "application/vnd.datacite.datacite+xml", ".xml"
    ),
    "schema.org": _Format(".schema_org", "application/ld+json", ".jsonld"),
    "text": _Format(".text", "text/plain", ".txt"),
    "markdown": _Format(".markdown", "text/markdown", ".md"),
    "latex": _Format(".latex", "application/x-latex", ".tex"),
    "typst": _Format(".hayagriva", "application/yaml", ".yml"),
    "myst": _Format(".myst", "text/markdown", ".md"),
    "zotero": _Format(".zotero", "application/json", ".json"),
    "hub": _Format(".hub", "application/x-bibtex", ".bib"),
}
_PANDOC_FORMATS = {"text": "plain", "markdown": "gfm-raw_html"}

_LINK = re.compile(r"(?:10\.|https?://)[^\s<>\"\]]*\w")

FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""The names of the formats, in the order in which they are offered."""


def cite(
    x: Version | Iterable[Version],
    format: str = "bibtex",
    *,
    style: str | None = None,
    locale: str | None = None,
    urldate: date | str | None = None,
    ascii: bool = False,
    classic: bool = False,
    notes: Iterable[str] = (),
) -> Citation:
    """The citation of a version, or of many in one list; the same object is cited once.

    `style` is a CSL style: a name (``apa``), the path of a .csl file, or an https URL; it makes
    text, or Markdown with the format ``markdown``. `locale` (``de-DE``) is the language of its
    words. `urldate` is the day on which the pages were visited, for biblatex. `ascii` and `classic`
    are for BibTeX alone: accents as commands, for programs that count bytes; a note with the DOI,
    for styles that ignore `doi`. `notes` are sentences for the reader, shown beside the citation and
    never in it.

    Raises:
        UnknownFormat, UnknownStyle: there is no such format, no such style.
        InvalidInput: what cannot go together: a style with a format that is not text, two versions
            in a format that describes one work.
        MissingLibrary: a style needs pandoc, which is not installed.
    """
    versions = _different([x] if isinstance(x, Version) else x)
    check_format(format)
    given = _with_own_notes(notes, versions)
    if (ascii or classic) and (format != "bibtex" or style is not None):
        option = "ascii" if ascii else "classic"
        raise InvalidInput(
            f"Only BibTeX has the option {option}; choose the format bibtex, or leave it out."
        )
    if style is not None:
        return _styled(versions, format, style, locale, given)
    if locale is not None:
        raise InvalidInput("A locale is the language of a style; choose a style too, such as apa.")
    module: Any = import_module(_FORMATS[format].module, __package__)
    if urldate is not None:
        if format != "biblatex":
            raise InvalidInput("Only biblatex has an urldate; choose that format, or leave it out.")
        text = module.write(versions, _day(urldate))
    elif ascii or classic:
        text = module.write(versions, ascii=ascii, classic=classic)
    else:
        text = module.write(versions)
    return Citation(text, format, versions, given)


def check_format(name: str) -> str:
    """`name`, when it is one of `FORMATS`.

    Raises:
        UnknownFormat: it is not; the message names the nearest ones.
    """
    if name in _FORMATS:
        return name
    from difflib import get_close_matches

    near = get_close_matches(str(name).lower(), FORMATS, n=3, cutoff=0.5)
    offered = " or ".join(near) if near else ", ".join(FORMATS)
    raise UnknownFormat(f"{str(name)[:60]!r} is not a citation format; try {offered}.")


@dataclass(frozen=True, slots=True)
class Citation(Displayed):
    """A citation: `str()` is the text, ready for a manuscript, without anything else.

    `notes` are sentences beside it: that the DOI is outdated, that there is none.
    """

    text: str
    format: str
    versions: tuple[Version, ...]
    notes: tuple[str, ...] = field(default=())
    style: str | None = None
    locale: str | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def media_type(self) -> str:
        return _FORMATS[self.format].media_type

    @property
    def extension(self) -> str:
        """With its full stop: ``.bib``."""
        return _FORMATS[self.format].extension

    @property
    def html(self) -> str | None:
        """The styled text as HTML, with its italics; None without a style."""
        if self.style is None:
            return None
        return _render(self.versions, self.style, self.locale, "html")

    @property
    def in_text(self) -> str:
        """How the text refers to the list: ``(Lovelace, 2026)``, or as the style has it: ``[1]``.

        In the format ``markdown`` without a style each is a link.
        """
        if not self.versions:
            return ""
        if self.style is not None:
            from .csl import items
            from .pandoc import cluster
            from .styles import find_style

            return cluster(items(self.versions), find_style(self.style), self.locale)
        if self.format == "markdown":
            from .markdown import in_text_link

            return " ".join(map(in_text_link, self.versions))
        from .text import in_text

        return "(" + "; ".join(in_text(version)[1:-1] for version in self.versions) + ")"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the text to `path` in UTF-8, in one step, and return the path.

        A path without a suffix gets the one of the format.

        Raises:
            InvalidInput: the file cannot be written.
        """
        from .atomic import write_file

        target = Path(path)
        if not target.suffix:
            target = target.with_name(target.name + self.extension)
        write_file(target, (self.text.rstrip("\n") + "\n").encode("utf-8", "replace"))
        return target


def _with_own_notes(notes: Iterable[str], versions: Iterable[Version]) -> tuple[str, ...]:
    """The notes, and what the reader has to know of a version, unless they say it already."""
    found = list(dict.fromkeys(notes))
    for version in versions:
        if version.doi is None and version.repo is not None:
            fact = f"{version.repo} has no DOI"
            way_out = f"{fact}; it is cited by its URL and revision."
        elif version.doi is not None and version.next is not None:
            fact = f"The DOI {version.doi} is outdated"
            way_out = f"{fact}; a newer one is {version.next}."
        else:
            continue
        if not any(note.startswith(fact) for note in found):
            found.append(way_out)
    return tuple(found)


def _styled(
    versions: tuple[Version, ...],
    format: str,
    style: str,
    locale: str | None,
    notes: tuple[str, ...],
) -> Citation:
    if format not in ("bibtex", *_PANDOC_FORMATS):
        raise InvalidInput(
            f"A style cannot be combined with the format {format}; leave out the format, or choose text or markdown."
        )
    from .pandoc import check_locale

    chosen = "text" if format == "bibtex" else format
    tag = check_locale(locale)
    text = _render(versions, style, tag, _PANDOC_FORMATS[chosen])
    lost = _without_link(versions, _render(versions, style, tag, "plain"))
    more = _lost([versions[place] for place in lost], style)
    return Citation(text, chosen, versions, notes + more, style, tag)


def _lost(versions: list[Version], style: str) -> tuple[str, ...]:
    """The note for references that a style prints without a link."""
    if not versions:
        return ()
    what, where = _identifier(versions[0]), "write it after the reference"
    if len(versions) > 1:
        what, where = f"the links of {len(versions)} works", "write them after the references"
    return (f"The style {style[:60]} leaves out {what}; {where}, or choose another style.",)


def _render(versions: tuple[Version, ...], style: str, locale: str | None, to: str) -> str:
    """The references; where a style would leave out the link of one, as that of a web page.

    Many styles print the DOI of articles alone, and of everything else the URL, or only of pages.
    """
    from .csl import items
    from .styles import find_style

    path, own = find_style(style), items(versions)
    cited = list(own)
    for page in ({}, {"type": "webpage"}):
        for place in _without_link(versions, _printed(cited, path, locale, "plain")):
            link = {"DOI": "", "URL": link_of(versions[place])}
            cited[place] = own[place] | link | page
    for place in _without_link(versions, _printed(cited, path, locale, "plain")):
        cited[place] = own[place]
    return _printed(cited, path, locale, to)


def _printed(cited: list[dict[str, Any]], path: Path, locale: str | None, to: str) -> str:
    """The bibliography; of a style for notes alone, which has none, the notes."""
    from .pandoc import bibliography, notes

    text = bibliography(cited, path, locale, to)
    if re.sub(r"<[^>]*>", "", text).strip() or not cited:
        return text
    said = notes(cited, path, locale)
    if to == "plain":
        return said
    if to == "html":
        import html

        return "\n".join(f"<p>{html.escape(note)}</p>" for note in said.split("\n\n"))
    from .markdown import markdown_text

    return "\n\n".join(map(markdown_text, said.split("\n\n")))


def _without_link(versions: Sequence[Version], text: str) -> list[int]:
    """Which of them `text` gives without the DOI or, where there is none, without the URL."""
    lower = text.lower()
    # To look for each of ten thousand in the whole text takes longer than to print it.
    printed = {link.removeprefix("https://doi.org/") for link in _LINK.findall(lower)}
    names = (_identifier(version).lower() for version in versions)
    return [
        place
        for place, name in enumerate(names)
        if name and name not in printed and not re.search(rf"{re.escape(name)}(?!\w)", lower)
    ]


def _identifier(version: Version) -> str:
    return version.doi.name if version.doi else link_of(version)


def _day(urldate: date | str) -> str:
    try:
        return (
            urldate if isinstance(urldate, date) else date.fromisoformat(urldate.strip())
        ).isoformat()[:10]
    except ValueError:
        raise InvalidInput(
            f"{str(urldate)[:40]!r} is not a date; write it like 2026-11-23."
        ) from None


def _different(versions: Iterable[Version]) -> tuple[Version, ...]:
    found: dict[str, Version] = {}
    for version in versions:
        if not isinstance(version, Version):
            raise InvalidInput(
                f"A citation is made of versions, not of {type(version).__name__}; Client.cite takes repositories and DOIs."
            )
        found.setdefault(identity(version), version)
    return tuple(found.values())
