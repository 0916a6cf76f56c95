"""What pdfLaTeX prints for letters that it has no font for.

pdfLaTeX stops at a letter that no loaded encoding knows: Chinese, Arabic, Cyrillic without T2A, the
Icelandic þ without T1. A ``@preamble`` gives each such letter of our entries its usual Latin
spelling, and only where the document has none of its own; LuaLaTeX and XeLaTeX print the letter
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_COMMAND = r"\hubdoiletter"
# LaTeX keeps what a letter of UTF-8 stands for in a command named "u8:" and the letter.
_DEFINITION = (
    rf"\def{_COMMAND}#1#2{{\expandafter\ifx\csname u8:\detokenize{{#1}}\endcsname\relax"
    r"\expandafter\gdef\csname u8:\detokenize{#1}\endcsname{#2}\fi}"
)
# Commands for letters that LaTeX's default encoding lacks.
_LETTER_COMMANDS = {
    "DH": "D", "DJ": "D", "NG": "Ng", "TH": "Th", "dh": "d", "dj": "d", "ng": "ng", "th": "th",
}  # fmt: skip
_LETTER_COMMAND = re.compile(r"\{\\(DH|DJ|NG|TH|dh|dj|ng|th)\}")


def definitions(text: str) -> str:
    """The same for a LaTeX document: the lines that go before `text`, or nothing."""
    return "\n".join(_parts(text))


def preamble(entries: str) -> str:
    """The ``@preamble`` that `entries` need; most need none."""
    return _joined(_parts(entries))


def missing_preamble(entries: str, file: str) -> str:
    """The ``@preamble`` for what `file` has no definition of yet."""
    parts = [part for part in _parts(entries) if part not in file]
    return "" if parts == [_DEFINITION] else _joined(parts)


def _joined(parts: list[str]) -> str:
    return "@preamble{" + "\n  # ".join(f'"{part}"' for part in parts) + "}" if parts else ""


def _parts(text: str) -> list[str]:
    commands = sorted(set(_LETTER_COMMAND.findall(text))) if "{\\" in text else []
    parts = [
        rf"\ProvideTextCommandDefault{{\{command}}}{{{_LETTER_COMMANDS[command]}}}"
        for command in commands
    ]
    letters = sorted(set(_letters(text)))
    if letters:
        parts.append(_DEFINITION)
        parts += [f"{_COMMAND}{{{letter}}}{{{_latin(letter)}}}" for letter in letters]
    return parts


def _letters(text: str) -> Iterable[str]:
    return () if text.isascii() else (letter for letter in text if letter >= "\x80")


def _latin(letter: str) -> str:
    from anyascii import anyascii

    return re.sub(r"[^A-Za-z0-9 .,()'+=/-]", "", anyascii(letter))
