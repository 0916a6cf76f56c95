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
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # babel makes the quotation mark active in German and other languages; {} keeps it a mark.
    '"': '"{}',
    "\u00a0": " ",
}
_ESCAPED = re.compile(f"[{re.escape(''.join(_SPECIAL))}]")
# To look for one first is cheaper: nearly no text has any.
_HAS_LIGATURE = re.compile("--|''|``|[!?]`|,,")
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=`)(?=`)|(?<=[!?])(?=`)|(?<=,)(?=,)")
_NEEDS_CARE = re.compile(r"[\\{}$&#%_~^\"\u00a0!?'`]|--|,,")
_SAFE = re.compile(r"[A-Za-z0-9/:;,.()\[\]<>@!*+=?&#%~_'-]*")
_MARKS = re.compile("[%#&]")
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0328": "k", "\u0331": "b",
}  # fmt: skip
# Commands that LaTeX, pandoc, Typst and reference managers read alike; \\dj, \\dh and \\th are lost in some.
_LETTERS = {
    "ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ø": r"{\o}",
    "Ø": r"{\O}", "å": r"{\aa}", "Å": r"{\AA}", "ł": r"{\l}", "Ł": r"{\L}", "ı": r"{\i}",
    "‘": "`", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---", "…": r"{\ldots}",
}  # fmt: skip


def latex_text(text: str) -> str:
    """`text` for LaTeX in UTF-8: what TeX reads as commands is escaped, letters are as they are."""
    line = plain_line(text)
    if not _NEEDS_CARE.search(line):
        return line
    spaced = _LIGATURES.sub("\x00", line) if _HAS_LIGATURE.search(line) else line
    written = _ESCAPED.sub(lambda found: _SPECIAL[found[0]], spaced).replace("\x00", "{}")
    if "{" not in line and "}" not in line:
        return written
    return written if _is_balanced(line) else _with_braces_as_symbols(written)


def ascii_text(text: str) -> str:
    """`text` for classic BibTeX, which counts bytes: letters with accents as commands.

    ``{\\'e}`` is the "special character" that BibTeX sorts and abbreviates rightly. A letter without
    a command that every reader knows, and every other script, stays as it is.
    """
    escaped = latex_text(text)
    if escaped.isascii():
        return escaped
    return "".join(
        character if character < "\x80" else _command(character)
        for character in unicodedata.normalize("NFC", escaped)
    )


def _is_balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _with_braces_as_symbols(written: str) -> str:
    """BibTeX counts braces, escaped or not: an odd one would run on into the next entry."""
    return written.replace(r"\{", r"\ensuremath{\lbrace}").replace(r"\}", r"\ensuremath{\rbrace}")


def verbatim(text: str) -> str:
    """A URL or a DOI for a field that is printed verbatim (``url``, ``doi``).

    What could end the field or is not ASCII is percent-encoded: the link stays the same.
    """
    line = plain_line(text)
    return line if _SAFE.fullmatch(line) else quote(line, safe="/:;,.()[]<>@!*+=?&#%~_'-")


def link_text(text: str) -> str:
    """As `verbatim`, with what ends a line or an argument in LaTeX escaped as hyperref reads it."""
    plain = verbatim(text)
    if not _MARKS.search(plain):
        return plain
    return plain.replace("%", r"\%").replace("#", r"\#").replace("&", r"\&")


@lru_cache(maxsize=4096)
def _command(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    base, *marks = list(unicodedata.normalize("NFD", character))
    if not marks or any(mark not in _ACCENTS for mark in marks) or not base.isascii():
        return character
    written = base
    for mark in marks:
        accent = _ACCENTS[mark]
        if written in ("i", "j") and accent in "`'^~=u\"":
            written = f"\\{written}"
        elif accent.isalpha() or len(written) > 1:
            written = f"{{{written}}}"
        written = f"\\{accent}{written}"
        if accent.isalpha() and written.endswith(("\\i", "\\j")):
            written = f"\\{accent}{{{written[-2:]}}}"
    return f"{{{written}}}"
