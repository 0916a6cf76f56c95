"""Citation keys: ASCII, readable, unique, the same from run to run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from ..records import Author, Version
from ..records.date import year_of
from ..records.names import split_suffix
from .work_type import editors

_NO_SLUG = re.compile(r"[^a-z0-9]+")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_IDEOGRAPHS = re.compile(
    r"[\u2e80-\u2fff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def identity(version: Version) -> str:
    """What makes two versions the same object: the DOI, else the repository and its revision."""
    if version.doi is not None:
        return f"doi:{version.doi.key}"
    where = (
        f"{version.endpoint or ''} {version.repo}"
        if version.repo
        else (version.url or version.title)
    )
    return f"at:{where}@{version.revision or ''}"


def key_of(version: Version) -> str:
    """The key of one version: ``lovelace2026tinybert-k3qd2xa``.

    It depends on this version only, whatever else is in a list: the first author (of a book without authors the first editor), the year and the
    name are there to be read, the letters behind the hyphen stand for the repository and revision
    (or the DOI), so that no other work has the key, before and after a DOI is minted.
    """
    people = version.authors or editors(version)
    name = _author_slug(people[0]) if people else ""
    if not name and version.repo:
        name = _slug(version.repo.namespace or "", 24)
    what = _slug(version.repo.name, 60) if version.repo else _slug(version.name, 24)
    year = version.year if version.year is not None else year_of(version)
    key = f"{name}{'' if year is None else year}{what}" or "untitled"
    if not key[0].isalpha():
        key = f"hub{key}"
    return f"{key}-{_letters(_work(version), 7)}"


def keys_of(versions: Iterable[Version], taken: Iterable[str] = ()) -> list[str]:
    """One key a version, all different, none of them in `taken` (compared without case).

    The order and the length of the list make no difference. Two versions that meet in one key all
    the same, and one that is taken, get more letters of their own.
    """
    listed = list(versions)
    used = {key.casefold() for key in taken}
    found = [key_of(version) for version in listed]
    if not used and len(set(found)) == len(found):
        return found
    keys = dict(zip(map(identity, listed), found, strict=True))
    count = Counter(keys.values())
    for same, key in keys.items():
        if count[key] > 1 or key in used:
            keys[same] = f"{key}{_letters(same, 24)}"
    return [keys[identity(version)] for version in listed]


def _work(version: Version) -> str:
    if version.repo and version.revision:
        return f"{version.repo.path}@{version.revision[:7]}"
    return identity(version)


def _letters(text: str, count: int) -> str:
    digest = sha256(text.encode("utf-8", "replace")).digest()
    number = int.from_bytes(digest[:15])
    letters = ""
    for place in range(110, 110 - 5 * count, -10):
        letters += _PAIRS[number >> place & 1023]
    return letters[:count]


@lru_cache(maxsize=4096)
def _author_slug(author: Author) -> str:
    author = author.romanised
    if author.type == "person" and author.family:
        return _slug(split_suffix(author.family)[0], 24)
    return _slug(author.name, 24)


def _slug(text: str, longest: int) -> str:
    """The first words of `text` in ASCII letters and digits; other scripts in their Latin spelling.

    Ideographs have none: how they are read depends on the language, which nobody knows here.
    """
    if not text.isascii():
        from anyascii import anyascii

        text = anyascii(_IDEOGRAPHS.sub("", text))
    if len(text) <= longest:
        return _NO_SLUG.sub("", text.lower())
    slug = ""
    for word in re.findall(r"[a-z0-9]+", text.lower().replace("'", "")):
        if slug and len(slug) + len(word) > longest:
            break
        slug += word
    return slug[:longest]
