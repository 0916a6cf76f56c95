"""Patterns of paths: of `.gitignore` and `.gitattributes` (gitignore(5), gitattributes(5)), of cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache

_MAX_LINES = 2000
_MAX_LENGTH = 500


def ignored_by(rules: str) -> Callable[[str], bool]:
    """Whether a path is ignored by the `.gitignore` in the root of a repository."""
    read: list[tuple[_Pattern, bool, bool]] = []
    for line in rules.splitlines()[:_MAX_LINES]:
        text = line.rstrip()
        if not text or text.startswith("#") or len(text) > _MAX_LENGTH:
            continue
        negated = text.startswith("!")
        text = text.removeprefix("!").removeprefix("\\")
        read.append((_Pattern(text.rstrip("/")), negated, text.endswith("/")))

    def is_ignored(path: str) -> bool:
        parts = path.split("/")
        # Nothing in an ignored folder can be taken back by a later rule.
        for count in range(1, len(parts) + 1):
            ignored = False
            for pattern, negated, only_folders in read:
                if (count < len(parts) or not only_folders) and pattern.matches(parts[:count]):
                    ignored = not negated
            if ignored:
                return True
        return False

    return is_ignored


def large_by(attributes: str) -> Callable[[str], bool]:
    """Whether a path has ``filter=lfs`` by the `.gitattributes` in the root of a repository."""
    read: list[tuple[_Pattern, bool]] = []
    for line in attributes.splitlines()[:_MAX_LINES]:
        text, *words = line.split() or [""]
        if not text or text.startswith(("#", "!")) or len(text) > _MAX_LENGTH:
            continue
        for word in words:
            if word.lstrip("-!").partition("=")[0] == "filter":
                read.append((_Pattern(text), word == "filter=lfs"))

    def is_large(path: str) -> bool:
        parts, found = path.split("/"), False
        for pattern, large in read:
            if pattern.matches(parts):
                found = large
        return found

    return is_large


def selected_by(pattern: str) -> Callable[[str], bool]:
    """Whether a path matches a pattern of `data_files` in a card: it is of the whole path."""
    if len(pattern) > _MAX_LENGTH:
        return lambda path: False
    read = _Pattern("/" + pattern.removeprefix("./").removeprefix("/"))
    return lambda path: read.matches(path.split("/"))


class _Pattern:
    """A pattern without a slash is of a name in any folder, one with a slash of a whole path."""

    def __init__(self, text: str) -> None:
        parts = text.removeprefix("/").split("/") if "/" in text else ["**", text]
        self._parts = [None if part == "**" else _name(part) for part in parts]

    def matches(self, path: list[str]) -> bool:
        # The places in the path that the pattern can have reached: never more than its parts.
        places = {0}
        for count, part in enumerate(self._parts, 1):
            if part is not None:
                places = {at + 1 for at in places if at < len(path) and part.match(path[at])}
            elif places:
                # At the end it stands for one part or more, elsewhere for none or more.
                least = min(places) + (count == len(self._parts))
                places = set(range(least, len(path) + 1))
        return len(path) in places


@lru_cache(maxsize=1024)
def _name(part: str) -> re.Pattern[str]:
    # fnmatch's expressions need no backtracking over their stars.
    return re.compile(translate(part))
