"""Text of strangers made harmless in LaTeX and in .bib files.

What comes out has balanced braces, starts no command but those written here, and reads back as the
same text by a LaTeX decoder.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

from ..records.plain_text import plain_line

_SPECIAL = {
    "\\": r"\textbackslash{}",
    # BibTeX counts braces, escaped or not: an odd one would run on into the next entry.
    "{": r"\ensuremath{\lbrace}",
    "}": r"\ensuremath{\rbrace}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    # babel makes the quotation mark active in German and other languages; {} keeps it a mark.
    '"': '"{}',
    "\u00a0": " ",
}
_ESCAPES = str.maketrans(_SPECIAL)
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=`)(?=`)|(?<=[!?])(?=`)|(?<=,)(?=,)")
_NEEDS_CARE = re.compile(r"[^A-Za-z0-9 .:;()\[\]/+=*@,-]|--|,,")
_SAFE = re.compile(r"[A-Za-z0-9/:;,.()\[\]<>@!*+=?&#%~_'-]*")
_IDEOGRAPH = re.compile(r"[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0328": "k", "\u0331": "b",
}  # fmt: skip
_LETTERS = {
    "ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ø": r"{\o}",
    "Ø": r"{\O}", "å": r"{\aa}", "Å": r"{\AA}", "ł": r"{\l}", "Ł": r"{\L}", "đ": r"{\dj}",
    "Đ": r"{\DJ}", "ð": r"{\dh}", "Ð": r"{\DH}", "þ": r"{\th}", "Þ": r"{\TH}", "ŋ": r"{\ng}",
    "Ŋ": r"{\NG}", "ı": r"{\i}",
    "‘": r"{\textquoteleft}", "’": r"{\textquoteright}", "“": r"{\textquotedblleft}",
    "”": r"{\textquotedblright}", "–": r"{\textendash}", "—": r"{\textemdash}",
    "…": r"{\textellipsis}",
}  # fmt: skip


def latex_text(text: str) -> str:
    """`text` for a LaTeX document in UTF-8: special characters escaped, letters as they are."""
    line = plain_line(text)
    if not _NEEDS_CARE.search(line):
        return line
    spaced = _LIGATURES.sub("\x00", line)
    return spaced.translate(_ESCAPES).replace("\x00", "{}")


def bibtex_text(text: str) -> str:
    """`text` for a field of classic BibTeX.

    BibTeX counts bytes: a Latin letter with an accent is written as the "special character"
    ``{\\'e}`` that it sorts and abbreviates rightly; other scripts stay as they are.
    """
    escaped = latex_text(text)
    if escaped.isascii():
        return escaped
    return "".join(
        character if character < "\x80" else _latin(character)
        for character in unicodedata.normalize("NFC", escaped)
    )


def bibtex_name_word(word: str) -> str:
    """One word of a person's name for classic BibTeX, which may cut it after a letter.

    Letters of more than one byte become "special characters", so that no half of one is left:
    the first alone, so that ``Иван`` is abbreviated to ``И.``; Chinese and Korean given names are
    not abbreviated and stay whole.
    """
    text = bibtex_text(word)
    if text.isascii():
        return text
    cut = "" if _IDEOGRAPH.match(text) else r"^[^\x00-\x7f]|"
    return re.sub(cut + r"[^\x00-\x7f]+", lambda run: f"{{\\relax {run[0]}}}", text)


def bibtex_name(name: str) -> str:
    """A name that is never split: in braces, and never cut where a letter has several bytes."""
    text = bibtex_text(name)
    return f"{{{text}}}" if text.isascii() else f"{{\\relax {text}}}"


def verbatim(text: str) -> str:
    """An address or a DOI for a field that is printed verbatim (``url``, ``doi``).

    What could end the field or is not ASCII is percent-encoded: the link stays the same.
    """
    line = plain_line(text)
    return line if _SAFE.fullmatch(line) else quote(line, safe="/:;,.()[]<>@!*+=?&#%~_'-")


@lru_cache(maxsize=4096)
def _latin(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) != 1 or marks[0] not in _ACCENTS or not base.isascii():
        return character
    accent = _ACCENTS[marks[0]]
    if base in "ij" and accent in "`'^~=u\"":
        base = f"\\{base}"
        return f"{{\\{accent}{base}}}" if not accent.isalpha() else f"{{\\{accent}{{{base}}}}}"
    return f"{{\\{accent}{{{base}}}}}" if accent.isalpha() else f"{{\\{accent}{base}}}"
