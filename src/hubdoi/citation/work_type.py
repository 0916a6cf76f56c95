"""What kind of work a version is, in the words of each format."""

from __future__ import annotations

import re

from ..records import Author, Version

# DataCite's resourceTypeGeneral -> CSL 1.0.2 type; there is none for a model, software is nearest.
_CSL = {
    "Model": "software",
    "Software": "software",
    "ComputationalNotebook": "software",
    "Workflow": "software",
    "Dataset": "dataset",
    "Collection": "dataset",
    "JournalArticle": "article-journal",
    "DataPaper": "article-journal",
    "Preprint": "article",
    "Book": "book",
    "BookChapter": "chapter",
    "ConferencePaper": "paper-conference",
    "ConferenceProceeding": "book",
    "Dissertation": "thesis",
    "Report": "report",
    "Standard": "standard",
    # A CSL "review" is printed as one of its own title.
    "PeerReview": "document",
    "Poster": "speech",
    "Presentation": "speech",
    "Audiovisual": "motion_picture",
    "Image": "graphic",
    "Sound": "song",
}
_BIBTEX = {
    "article-journal": "article",
    "book": "book",
    "chapter": "incollection",
    "paper-conference": "inproceedings",
    "thesis": "phdthesis",
    "report": "techreport",
}
_BIBLATEX = {
    "article-journal": "article",
    "book": "book",
    "chapter": "incollection",
    "paper-conference": "inproceedings",
    "thesis": "thesis",
    "report": "report",
    "dataset": "dataset",
    "software": "software",
}
_RIS = {
    "article-journal": "JOUR",
    "book": "BOOK",
    "chapter": "CHAP",
    "paper-conference": "CPAPER",
    "thesis": "THES",
    "report": "RPRT",
    "dataset": "DATA",
    "software": "COMP",
}
# A reference is "data"; only a CITATION.cff itself is of a "dataset".
_CFF = {
    "article-journal": "article",
    "article": "article",
    "book": "book",
    "paper-conference": "conference-paper",
    "thesis": "thesis",
    "report": "report",
    "standard": "standard",
    "dataset": "data",
    "software": "software",
    "speech": "slides",
}
# The record's own words, where the general type is none of CSL's ("Text" of "Journal article").
_WORDS = (
    ("thesis", r"thesis|dissertation"),
    ("article-journal", r"(journal|research|review) ?article"),
    ("chapter", r"(book)? ?(chapter|section)"),
    ("paper-conference", r"(conference|proceedings) ?(paper|article)"),
    ("report", r"(technical|working)? ?(report|paper)"),
    ("book", r"book|monograph"),
)
_VAGUE = (None, "", "article", "document", "report")
# Styles print the editors of these; of a dataset they would print people whom nobody cites.
_EDITED = ("book", "chapter", "paper-conference", "entry", "entry-dictionary", "entry-encyclopedia")
_GENRES = {
    "Dissertation": "Dissertation",
    "Poster": "Poster",
    "Presentation": "Presentation",
    "PeerReview": "Peer review",
}
_SAYS_KIND = ("thesis", "report", "speech", "document")
# BibTeX warns where an article has no journal, a chapter no book.
_IN_CONTAINER = ("article", "incollection", "inproceedings")


def csl_type(version: Version) -> str:
    """The CSL type: by DataCite's general type, else what the record itself gives, type or words."""
    if general := _CSL.get(version.resource_type):
        return general
    if version.csl_type in _VAGUE:
        words = version.specific_type.lower()
        for kind, pattern in _WORDS:
            if re.search(rf"\b({pattern})$", words):
                return kind
    return version.csl_type or "document"


def genre(version: Version) -> str:
    """What styles print beside the title: a model is one; a thesis or report is what it calls itself.

    A thesis that does not say for which degree it is, is not called a PhD thesis.
    """
    if version.resource_type == "Model":
        return "Machine learning model"
    kind = csl_type(version)
    if kind not in _SAYS_KIND:
        return ""
    unsaid = "Thesis" if kind == "thesis" else ""
    return version.specific_type or _GENRES.get(version.resource_type, unsaid)


def editors(version: Version) -> tuple[Author, ...]:
    """Who edited the book that a version is, or is a part of."""
    if csl_type(version) not in _EDITED:
        return ()
    return tuple(entry.author for entry in version.contributors if entry.type == "Editor")


def is_masters(version: Version) -> bool:
    """Whether a thesis says that it is one for a master's degree."""
    return "master" in version.specific_type.lower()


def bibtex_type(version: Version) -> str:
    """The type of a BibTeX entry, without ``@``; ``misc`` where the entry would lack what it requires."""
    kind = _BIBTEX.get(csl_type(version), "misc")
    if kind in _IN_CONTAINER and version.container is None:
        return "misc"
    people = version.authors or (kind == "book" and editors(version))
    if kind in ("phdthesis", "techreport", "book") and not (version.publisher and people):
        return "misc"
    return "mastersthesis" if kind == "phdthesis" and is_masters(version) else kind


def biblatex_type(version: Version) -> str:
    """The type of a biblatex entry; for an article without a journal ``misc``."""
    kind = _BIBLATEX.get(csl_type(version), "misc")
    if kind == "book" and not version.authors and editors(version):
        return "collection"
    return "misc" if kind in _IN_CONTAINER and version.container is None else kind


def ris_type(version: Version) -> str:
    if csl_type(version) == "book" and not version.authors and editors(version):
        return "EDBOOK"
    return _RIS.get(csl_type(version), "GEN")


def cff_type(version: Version) -> str:
    """The type of a reference in a CITATION.cff, which has none for a part of a book."""
    kind = csl_type(version)
    if kind == "book" and not version.authors and editors(version):
        return "edited-work"
    return _CFF.get(kind, "generic")
