"""The ids that git gives to contents, trees and commits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

Files: TypeAlias = Mapping[str, tuple[str, int]]
"""Path -> (blob id, size in bytes)."""


def blob_id(content: bytes) -> str:
    """The id of a file's content."""
    return _object_id(b"blob", content)


def tree_ids(files: Files) -> dict[str, str]:
    """The id of every folder: ``""`` is the root, which is there even without a file."""
    folders: dict[str, dict[str, tuple[bytes, str]]] = {"": {}}
    for path, (oid, _) in files.items():
        folder, _, name = path.rpartition("/")
        _reach(folders, folder)
        folders[folder][name] = (b"100644", oid)
    ids: dict[str, str] = {}
    # The deepest first: a folder's id is made of those of the folders in it.
    for folder in sorted(folders, key=lambda path: (path != "", path.count("/")), reverse=True):
        ids[folder] = _tree_id(folders[folder])
        if folder:
            above, _, name = folder.rpartition("/")
            folders[above][name] = (b"40000", ids[folder])
    return ids


def commit_id(
    *, tree: str, parent: str | None, author: str, username: str, moment: datetime, message: str
) -> str:
    """The id of a commit that `author` makes and commits at `moment`."""
    seconds = int(moment.timestamp())
    # A name with these characters would read as another field.
    name = " ".join(re.sub(r"[<>\n\r\0]", " ", author).split()) or username
    who = f"{name} <{username}@users.noreply.sandbox.invalid> {seconds} +0000"
    lines = [f"tree {tree}"]
    if parent:
        lines.append(f"parent {parent}")
    lines += [f"author {who}", f"committer {who}", "", message, ""]
    return _object_id(b"commit", "\n".join(lines).encode("utf-8", "surrogatepass"))


def _reach(folders: dict[str, dict[str, tuple[bytes, str]]], folder: str) -> None:
    while folder not in folders:
        folders[folder] = {}
        folder = folder.rpartition("/")[0]


def _tree_id(entries: Mapping[str, tuple[bytes, str]]) -> str:
    # git orders a folder as if its name ended in a slash.
    ordered = sorted(
        (name.encode() + (b"/" if mode == b"40000" else b""), mode, name, oid)
        for name, (mode, oid) in entries.items()
    )
    body = b"".join(
        mode + b" " + name.encode() + b"\0" + bytes.fromhex(oid) for _, mode, name, oid in ordered
    )
    return _object_id(b"tree", body)


def _object_id(kind: bytes, body: bytes) -> str:
    # SHA-1 because git uses it; it protects nothing here.
    return hashlib.sha1(
        kind + b" " + str(len(body)).encode() + b"\0" + body, usedforsecurity=False
    ).hexdigest()
