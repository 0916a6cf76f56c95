"""Text of strangers without control characters and mark-up of whitespace."""

from __future__ import annotations

import re
import unicodedata

# Format characters that are drawn, or that a script needs between letters.
_KEPT_MARKS = frozenset(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_line(text: str) -> str:
    """`text` on one line, without control characters, direction overrides and lone surrogates.

    Every letter stays, those of private use and of a newer Unicode than this Python's too.
    """
    # What can be printed is none of these, and its only space is the plain one.
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(map(_plain, text)).split())


def plain_text(text: str) -> str:
    """`text` with its lines and paragraphs, each as in `plain_line`."""
    lines = [plain_line(line) for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" and character not in _DIRECTION:
        # A soft hyphen or a mark without width is inside of a word, which stays one.
        return character if character in _KEPT_MARKS else ""
    if category == "Cn":
        return " " if _is_noncharacter(ord(character)) else character
    return " " if category in ("Cc", "Cf", "Cs", "Zl", "Zp") else character


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
