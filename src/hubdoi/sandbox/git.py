"""The ids that git gives to contents, trees and commits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

Blob: TypeAlias = tuple[str, int]
"""A file's content: its blob id and its size in bytes."""


def blob_id(content: bytes) -> str:
    return _object_id(b"blob", content)


def tree_body(entries: Iterable[tuple[str, str]]) -> bytes:
    """What git hashes of a folder: its (name, id), those of folders with a slash, in git's order."""
    return b"".join(
        (b"40000 " if key.endswith("/") else b"100644 ")
        + key.removesuffix("/").encode()
        + b"\0"
        + bytes.fromhex(oid)
        for key, oid in entries
    )


def tree_id(body: bytes) -> str:
    return _object_id(b"tree", body)


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


def _object_id(kind: bytes, body: bytes) -> str:
    # SHA-1 because git uses it; it protects nothing here.
    return hashlib.sha1(
        kind + b" " + str(len(body)).encode() + b"\0" + body, usedforsecurity=False
    ).hexdigest()
