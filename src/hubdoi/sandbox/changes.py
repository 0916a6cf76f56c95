"""What a commit changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .git import Blob
from .large import LargeFile
from .listing import Listing
from .refusal import Refusal


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does: contents by path, the files and folders that it deletes, large files."""

    add: Mapping[str, bytes]
    delete_files: tuple[str, ...] = ()
    delete_folders: tuple[str, ...] = ()
    large: Mapping[str, LargeFile] = field(default_factory=dict)


def edits(listing: Listing, change: Change, added: Mapping[str, Blob]) -> dict[str, Blob | None]:
    """What `change` does to the files of `listing`, as `Trees.write` takes it.

    Raises:
        Refusal: something to delete is not there.
    """
    found: dict[str, Blob | None] = {}
    folders = list(change.delete_folders)
    for path in change.delete_files:
        # Clients name a folder as a file when nothing tells them that it is one.
        if listing.get(path) is None:
            folders.append(path)
        else:
            found[path] = None
    for folder in folders:
        entry = listing.entry(folder)
        if entry is None or not entry[1]:
            raise Refusal(
                404,
                f"{folder[:200]!r} cannot be deleted: there is no such file or folder.",
                "EntryNotFound",
            )
        found[folder + "/"] = None
    return {**found, **added}
