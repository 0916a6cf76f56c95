"""A file of a repository at one revision."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepoFile:
    """A file as the Hub's tree has it; `size` is in bytes.

    `oid` is Git's blob id: of the content, or of the pointer where the content is kept in LFS. Then
    `sha256` is the SHA-256 of the content.
    """

    path: str
    oid: str
    size: int
    sha256: str | None = None
