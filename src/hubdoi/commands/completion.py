"""What can follow: subcommands, options, formats and styles, for the Tab key."""

from __future__ import annotations

import argparse

from .grammar import parser, subcommands


def complete(line: str) -> list[str]:
    """The words that can stand where `line` ends; `line` is what comes after ``%doi``.

    >>> complete("reg")
    ['regenerate']
    >>> complete("cite gpt2 --format bibt")
    ['bibtex']
    """
    words = line.split()
    beginning = "" if not words or line[-1:].isspace() else words.pop()
    here = parser()
    for word in words:
        below = subcommands(here)
        if word in below:
            here = below[word]
        elif below and not word.startswith("-"):
            return []
    return sorted(
        word for word in _candidates(here, words, beginning) if word.startswith(beginning)
    )


def _candidates(here: argparse.ArgumentParser, words: list[str], beginning: str) -> list[str]:
    option = _option(here, words[-1]) if words else None
    if option is not None and option.nargs != 0:
        if option.choices:
            return [str(choice) for choice in option.choices]
        return _styles() if option.dest == "style" else []
    below = subcommands(here)
    if below:
        return [*below, "--help"]
    options = [
        name for action in here._actions for name in action.option_strings if name.startswith("--")
    ]
    if beginning.startswith("-"):
        return options
    targets = (
        ["sandbox", "hub", "datacite"] if any(a.dest == "target" for a in here._actions) else []
    )
    return [*targets, *options]


def _option(here: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    return next((action for action in here._actions if word in action.option_strings), None)


def _styles() -> list[str]:
    from ..citation.styles import styles

    return list(styles())
