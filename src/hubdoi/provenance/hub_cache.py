"""What the local Hub cache has of a repository: a hint, and no proof that it was loaded."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..config import user_path
from ..records import Repo
from ..regular_file import read_regular

_COMMIT = re.compile(r"[0-9a-f]{40}")
COMMIT_START = re.compile(r"[0-9a-f]{7,40}")
"""A commit id, or enough of its beginning."""
_MAX_REF = 200


def hub_cache() -> Path:
    """Where huggingface_hub keeps what it downloads, by the same variables as it does.

    Source of the order: huggingface_hub.constants (HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME,
    XDG_CACHE_HOME). It is repeated here because importing the library takes half a second.
    """
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return _expanded(named)
    home = os.environ.get("HF_HOME")
    if home:
        return _expanded(home) / "hub"
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(root) / "huggingface" / "hub"


def cached_revision(
    repo: Repo, revision: str | None = None, cache: Path | None = None
) -> str | None:
    """The commit id that this machine's cache has of `repo` for what the code names, or None.

    Another process may have put it there since: only a recorder knows what was loaded.

    `revision` is a branch, a tag, or a commit id or the beginning of one; without it the default
    branch is meant. A commit counts only when its snapshot is there.
    """
    folder = (cache or hub_cache()) / f"{repo.type}s--{repo.id.replace('/', '--')}"
    name = revision or "main"
    try:
        if COMMIT_START.fullmatch(name):
            found = [s.name for s in (folder / "snapshots").iterdir() if s.name.startswith(name)]
            if len(found) == 1 and _COMMIT.fullmatch(found[0]):
                return found[0]
        # the name is a stranger's: it may not lead out of the folder
        if len(name) > _MAX_REF or not name.isprintable() or {"..", ""} & set(name.split("/")):
            return None
        commit = read_regular(folder / "refs" / name, _MAX_REF).decode("ascii").strip()
        if _COMMIT.fullmatch(commit) and (folder / "snapshots" / commit).is_dir():
            return commit
    except (OSError, ValueError):
        return None
    return None


def _expanded(path: str) -> Path:
    return user_path(os.path.expandvars(path))
