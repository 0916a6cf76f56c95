"""Citation keys: ASCII, readable, unique, the same from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from ..records import Author, Version
from ..records.date import year_of
from ..records.names import split_suffix


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
    """The key of one version alone: ``lovelace2026tinybert``.

    It depends on this version only. A version that replaced another carries its revision, so that
    the versions of one repository do not meet in one name.
    """
    first = version.authors[0] if version.authors else None
    name = _slug(_short_name(first), 24) if first else ""
    if not name and version.repo:
        name = _slug(version.repo.namespace or "", 24)
    what = _slug(version.repo.name, 60) if version.repo else _slug(version.name, 24)
    year = year_of(version)
    key = f"{name}{'' if year is None else year}{what}" or "untitled"
    if not key[0].isalpha():
        key = f"hub{key}"
    if version.previous is not None and version.revision:
        key += f"-{version.revision[:7]}"
    return key


def keys_of(versions: Iterable[Version], taken: Iterable[str] = ()) -> list[str]:
    """One key a version, all different, none of them in `taken` (compared without case).

    The first object of a name keeps it, whatever follows in the list; another one is told apart by
    its revision, or by a digest of its DOI, and never by its place in the list.
    """
    used = {key.casefold() for key in taken}
    given: dict[str, str] = {}
    keys = []
    for version in versions:
        same = identity(version)
        if same not in given:
            given[same] = next(
                key for key in _candidates(version, same) if key.casefold() not in used
            )
            used.add(given[same].casefold())
        keys.append(given[same])
    return keys


def _candidates(version: Version, same: str) -> Iterable[str]:
    key = key_of(version)
    yield key
    if version.revision and version.previous is None:
        yield f"{key}-{version.revision[:7]}"
    digest = sha256(same.encode("utf-8", "replace")).hexdigest()
    for length in range(6, len(digest) + 1):
        yield f"{key}-x{digest[:length]}"
    for number in range(2, 1_000_000):
        yield f"{key}-x{digest}-{number}"


def _short_name(author: Author) -> str:
    if author.type == "person" and author.family:
        return split_suffix(author.family)[0]
    return author.name


def _slug(text: str, longest: int) -> str:
    """The first words of `text` in ASCII letters and digits; other scripts in their Latin spelling."""
    if not text.isascii():
        from anyascii import anyascii

        text = anyascii(text)
    slug = ""
    for word in re.findall(r"[a-z0-9]+", text.lower().replace("'", "")):
        if slug and len(slug) + len(word) > longest:
            break
        slug += word
    return slug[:longest]
