"""The files of one commit, read as far as somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .git import Blob
from .trees import Entry, Trees


@dataclass(frozen=True, slots=True)
class Listing:
    """Every file under a root tree."""

    trees: Trees
    root: str

    def get(self, path: str) -> Blob | None:
        """The blob id and the size of a file, or None."""
        found = None if path.endswith("/") else self.trees.at(self.root, path)
        return found and found[:2]

    def entry(self, path: str) -> tuple[Entry, bool] | None:
        """The file or folder at `path`, and whether it is a folder; None when there is neither."""
        for key, is_folder in ((path, False), (path + "/", True)):
            if found := self.trees.at(self.root, key):
                return found, is_folder
        return None

    def under(
        self, folder: str, *, recursive: bool, after: str = ""
    ) -> Iterator[tuple[str, Entry]]:
        """The entries of a folder by path, a folder with a slash at its end, from behind `after` on.

        `folder` is ``""`` for the root; there is nothing in a folder that there is not.
        """
        prefix = f"{folder}/" if folder else ""
        found = self.trees.at(self.root, prefix) if prefix else Entry(self.root, 0)
        if found is None:
            return
        if recursive:
            yield from self.trees.walk(found.oid, prefix, after)
            return
        for key, entry in self.trees.entries(found.oid, after.removeprefix(prefix)):
            if prefix + key > after:
                yield prefix + key, entry

    def items(self) -> Iterator[tuple[str, Blob]]:
        """Every path with its blob id and size."""
        for path, entry in self.trees.walk(self.root):
            if not path.endswith("/"):
                yield path, entry[:2]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return self.trees.total(self.root)[1]

    @property
    def suffixes(self) -> frozenset[str]:
        return self.trees.suffixes(self.root)

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in self.items())

    def __len__(self) -> int:
        return self.trees.total(self.root)[0]
