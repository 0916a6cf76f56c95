"""What can follow: subcommands, options, choices, repositories, for the Tab key."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .grammar import REFERENCES, parser, subcommands

CompletionKind = Literal["subcommand", "option", "choice", "repository"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that can stand at the cursor, and what it is."""

    text: str
    kind: CompletionKind


def complete(
    line: str, repositories: Callable[[], Iterable[str]] = tuple
) -> tuple[str, list[Candidate]]:
    """The beginning of the word at the end of `line`, and the words that can stand there.

    `line` is what comes after ``%doi``. `repositories` names those that may be meant; it is asked
    only where a repository can stand.

    >>> complete("reg")
    ('reg', [Candidate(text='regenerate', kind='subcommand')])
    >>> complete("cite gpt2 --format bibt")[1][0].text
    'bibtex'
    """
    words = line.split()
    beginning = "" if not words or line[-1:].isspace() else words.pop()
    here = parser()
    given = 0
    before = ""
    for word in words:
        below = subcommands(here)
        if word in below:
            here, given = below[word], 0
        elif below and not word.startswith("-"):
            return beginning, []
        elif not word.startswith("-") and not _takes_value(here, before):
            given += 1
        before = word
    found = _candidates(here, before, given, beginning, repositories)
    unique = {candidate.text: candidate for candidate in found}
    return beginning, [unique[text] for text in unique if text.startswith(beginning)]


def _candidates(
    here: argparse.ArgumentParser,
    before: str,
    given: int,
    beginning: str,
    repositories: Callable[[], Iterable[str]],
) -> Iterable[Candidate]:
    if _takes_value(here, before):
        yield from _values(_option(here, before), repositories)
        return
    below = subcommands(here)
    if below:
        yield from (Candidate(name, "subcommand") for name in sorted(below))
        yield Candidate("--help", "option")
        return
    if not beginning.startswith("-"):
        yield from _values(_positional(here, given), repositories)
    for action in here._actions:
        for name in action.option_strings:
            if name.startswith("--"):
                yield Candidate(name, "option")


def _values(
    action: argparse.Action | None, repositories: Callable[[], Iterable[str]]
) -> Iterable[Candidate]:
    if action is None:
        return
    if action.choices:
        yield from (Candidate(str(choice), "choice") for choice in action.choices)
    elif action.dest == "style":
        from ..citation.styles import styles

        yield from (Candidate(name, "choice") for name in styles())
    elif action.dest == "target":
        names = str(action.metavar).split("|")
        yield from (Candidate(name, "choice") for name in names if name.islower())
    elif action.dest in REFERENCES:
        yield from (Candidate(name, "repository") for name in repositories())


def _takes_value(here: argparse.ArgumentParser, word: str) -> bool:
    option = _option(here, word)
    return option is not None and option.nargs != 0


def _option(here: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    return next((action for action in here._actions if word in action.option_strings), None)


def _positional(here: argparse.ArgumentParser, given: int) -> argparse.Action | None:
    """The positional argument that comes after `given` others; a list goes on for ever."""
    positional = [action for action in here._actions if not action.option_strings]
    if given < len(positional):
        return positional[given]
    return positional[-1] if positional and positional[-1].nargs in ("*", "+") else None
