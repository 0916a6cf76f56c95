"""Text of strangers without control characters and mark-up of whitespace."""

from __future__ import annotations

import re
import unicodedata


def plain_line(text: str) -> str:
    """`text` on one line, without control characters, direction overrides and lone surrogates."""
    # What can be printed is none of these, and its only space is the plain one.
    if text.isprintable() and "  " not in text:
        return text.strip()
    kept = "".join(character if _is_plain(character) else " " for character in text)
    return " ".join(kept.split())


def plain_text(text: str) -> str:
    """`text` with its lines and paragraphs, each as in `plain_line`."""
    lines = [plain_line(line) for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_plain(character: str) -> bool:
    # Cc controls, Cs surrogates, Cn unassigned, Zl/Zp line ends; Cf only where a script needs it.
    category = unicodedata.category(character)
    if category == "Cf":
        return character in "\u200c\u200d"
    return category not in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
