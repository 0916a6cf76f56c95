"""What pdfLaTeX prints for letters that it has no font for.

pdfLaTeX stops at a letter that no loaded encoding knows: Chinese, Arabic, Cyrillic without T2A. A
``@preamble`` gives each such letter of our entries its usual Latin spelling, and only where the
document has none of its own; LuaLaTeX and XeLaTeX print the letter itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["definitions", "missing_preamble", "preamble"]

_COMMAND = r"\hubdoiletter"
# LaTeX keeps what a letter of UTF-8 stands for in a command named "u8:" and the letter.
_DEFINITION = (
    rf"\def{_COMMAND}#1#2{{\expandafter\ifx\csname u8:\detokenize{{#1}}\endcsname\relax"
    r"\expandafter\gdef\csname u8:\detokenize{#1}\endcsname{#2}\fi}"
)


def definitions(text: str) -> str:
    """The same for a LaTeX document: the lines that go before `text`, or nothing."""
    letters = sorted(set(_letters(text)))
    return "\n".join(_parts(letters)) if letters else ""


def preamble(entries: str) -> str:
    """The ``@preamble`` that `entries` need, or nothing when they are in ASCII."""
    return "" if entries.isascii() else _preamble(sorted(set(_letters(entries))))


def missing_preamble(entries: str, file: str) -> str:
    """The ``@preamble`` for letters of `entries` that `file` has no definition of yet."""
    if entries.isascii():
        return ""
    defined = set(re.findall(re.escape(_COMMAND) + r"\{(.)\}", file))
    return _preamble(sorted(set(_letters(entries)) - defined))


def _letters(text: str) -> Iterable[str]:
    return (character for character in set(text) if character >= "\x80")


def _preamble(letters: list[str]) -> str:
    if not letters:
        return ""
    return "@preamble{" + "\n  # ".join(f'"{part}"' for part in _parts(letters)) + "}"


def _parts(letters: list[str]) -> list[str]:
    return [_DEFINITION, *(f"{_COMMAND}{{{letter}}}{{{_latin(letter)}}}" for letter in letters)]


def _latin(letter: str) -> str:
    from anyascii import anyascii

    return re.sub(r"[^A-Za-z0-9 .,()'+=/-]", "", anyascii(letter))
