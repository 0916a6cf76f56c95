"""What a commit changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .git import Files
from .large import LargeFile
from .paths import check_folders
from .refusal import Refusal


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does: contents by path, the files and folders that it deletes, large files."""

    add: Mapping[str, bytes]
    delete_files: tuple[str, ...] = ()
    delete_folders: tuple[str, ...] = ()
    large: Mapping[str, LargeFile] = field(default_factory=dict)


def applied(files: Files, change: Change, added: Files) -> Files:
    """`files` without what `change` deletes and with what was `added`.

    Raises:
        Refusal: something to delete is not there, or a path would be a file and a folder.
    """
    left = dict(files)
    for path in change.delete_files:
        if left.pop(path, None) is None:
            raise Refusal(
                404, f"{path[:200]!r} cannot be deleted: there is no such file.", "EntryNotFound"
            )
    for folder in change.delete_folders:
        inside = [path for path in left if path.startswith(folder.rstrip("/") + "/")]
        if not inside:
            raise Refusal(
                404,
                f"{folder[:200]!r} cannot be deleted: there is no such folder.",
                "EntryNotFound",
            )
        for path in inside:
            del left[path]
    left.update(added)
    check_folders(left.keys())
    return left
