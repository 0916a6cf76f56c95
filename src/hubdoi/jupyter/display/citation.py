"""How a citation is shown: its text, ready to be copied, and the notes beside it."""

from __future__ import annotations

from ...citation import Citation
from ...records.link import link_of
from .card import Block, Card, Paragraph, Preformatted, text
from .describe import cards

FORMAT_NAMES = {
    "bibtex": "BibTeX",
    "biblatex": "BibLaTeX",
    "ris": "RIS",
    "csl-json": "CSL JSON",
    "cff": "CITATION.cff",
    "datacite-json": "DataCite JSON",
    "datacite-xml": "DataCite XML",
    "schema.org": "schema.org",
    "text": "Text",
    "markdown": "Markdown",
    "latex": "LaTeX",
    "typst": "Hayagriva YAML for Typst",
    "myst": "MyST",
    "zotero": "Zotero",
    "hub": "BibTeX as the Hub writes it",
}
_LANGUAGES = {
    "bibtex": "bibtex",
    "biblatex": "bibtex",
    "csl-json": "json",
    "cff": "yaml",
    "datacite-json": "json",
    "datacite-xml": "xml",
    "schema.org": "json",
    "markdown": "markdown",
    "latex": "latex",
    "typst": "yaml",
    "myst": "markdown",
    "zotero": "json",
    "hub": "bibtex",
}


@cards.register
def _(citation: Citation) -> tuple[Card, ...]:
    name = FORMAT_NAMES.get(citation.format, citation.format)
    links = tuple(filter(None, map(link_of, citation.versions)))
    blocks: list[Block] = [
        Preformatted(
            citation.text,
            _LANGUAGES.get(citation.format, ""),
            f"the citation as {name}",
            links=links if citation.format == "text" else (),
        )
    ]
    blocks += [Paragraph(text(note), "warn") for note in citation.notes]
    many = len(citation.versions)
    title = f"Citation · {name}" if many < 2 else f"{many:,} citations · {name}"
    return (Card(text(title), blocks=tuple(blocks)),)
