"""The recorder: notes which commit of which repository this process loads, while it loads it.

Two things are watched. The interpreter's audit events name every file that Python opens, whatever
library does it; files of a Hub cache carry the repository and the commit in their path. Answers to
huggingface_hub's client name the commit in a header, for what is read without a file. Nothing is
imported, nothing leaves the machine, and paths outside Hub caches are not kept.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

# No import of ours: the recorder is all that `%load_ext` needs at once.
MAX_FILES = 200

_SNAPSHOT = re.compile(
    r"(?:^|[/\\])(models|datasets)--([^/\\]{1,200})[/\\]snapshots[/\\]([0-9a-f]{40})[/\\](.+)", re.S
)
_REF = re.compile(r"(?:^|[/\\])(models|datasets)--([^/\\]{1,200})[/\\]refs[/\\](.+)", re.S)
_ARROW = re.compile(
    r"[/\\](?:([^/\\]{1,96})___)?([^/\\]{1,96})[/\\][^/\\]+[/\\][^/\\]+[/\\]([0-9a-f]{40})[/\\]([^/\\]+)$"
)
_RESOLVE = re.compile(r"^/(datasets/)?([^/]+(?:/[^/]+)?)/(?:resolve|raw)/([^/]+)/(.+)$", re.S)
_REVISION = re.compile(r"^/api/(models|datasets)/([^/]+(?:/[^/]+)?)/revision/([^/]+)$")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# The Arrow cache of a dataset without an owner, such as `squad`, has no sign of its own.
_IN_ARROW_CACHE = ("dataset_info.json", ".arrow")
_WATCHED = frozenset({"open", "os.symlink", "os.rename", "socket.connect"})
_WRITING = os.O_WRONLY | os.O_RDWR
# huggingface_hub's functions that turn a ref of the cache into the commit that they return.
_RESOLVERS = frozenset({"_hf_hub_download_to_cache_dir", "snapshot_download"})
_MAX_LOADS = 10_000
_MAX_ANSWER = 64 * 1024


class Recorder:
    """Notes what is loaded between `start` and `stop`; `cell` is the cell that is running, if any.

    An audit hook cannot be removed: after `stop` it returns at once.
    """

    def __init__(self) -> None:
        self.active = False
        self.cell: int | None = None
        self.started = ""
        self._hooked = False
        self._busy = False
        # (type, id, commit) -> what is known of it; changed by any thread, one key at a time
        self._loads: dict[tuple[str, str, str], dict[str, Any]] = {}

    def start(self) -> None:
        self.started = self.started or now()
        self.active = True
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(_hook_of(self))
        self._attach()

    def stop(self) -> None:
        """Note nothing any more; what was noted stays."""
        self.active = False

    def clear(self) -> None:
        self._loads.clear()
        self.started = now() if self.active else ""

    def noted(self) -> list[tuple[tuple[str, str, str], dict[str, Any]]]:
        """What was noted so far: type, id and commit, and what is known of it."""
        return list(self._loads.items())

    def _quietly(self, note: Any, *arguments: Any) -> None:
        """Nothing that goes wrong here may reach the code that is watched."""
        with suppress(Exception):
            note(*arguments)

    def _opened(self, path: str, arguments: tuple[Any, ...]) -> None:
        mode, flags = arguments[1], arguments[2]
        if isinstance(mode, str) and not mode.startswith("r"):
            return
        if not isinstance(mode, str) and isinstance(flags, int) and flags & _WRITING:
            return
        if "--" in path:
            if found := _SNAPSHOT.search(path):
                self.note(found[1][:-1], _id(found[2]), found[3], "opened", found[4])
                return
            if found := _REF.search(path):
                self._ref(found, path)
                return
        if "___" not in path and not _is_under_arrow_cache(path):
            return
        # a lock says nothing of its own, and its long name is the dearest one to search
        if not path.endswith(".lock") and (found := _in_arrow_cache(path)):
            name = f"{found[1]}/{found[2]}" if found[1] else found[2]
            self.note("dataset", name, found[3], "opened", found[4], exact=False)

    def _placed(self, path: str) -> None:
        """A file that this process put into the cache."""
        if found := _SNAPSHOT.search(path):
            self.note(found[1][:-1], _id(found[2]), found[3], "downloaded", found[4])

    def _ref(self, found: re.Match[str], path: str) -> None:
        """A ref that huggingface_hub reads, without network, to know what to load."""
        if self._busy or not _resolves(sys._getframe(2)):
            return
        self._busy = True
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123
                commit = file.read(64).strip()
        finally:
            self._busy = False
        if _COMMIT.fullmatch(commit):
            ref = found[3].replace("\\", "/")
            self.note(found[1][:-1], _id(found[2]), commit, "resolved", ref=ref)

    def _attach(self) -> None:
        """Watch the answers to huggingface_hub's client, once it is there."""
        library = sys.modules.get("huggingface_hub.utils._http")
        client = getattr(library, "_GLOBAL_CLIENT", None)
        if client is None:
            return
        hooks = client.event_hooks
        if self._answered not in hooks["response"]:
            client.event_hooks = {**hooks, "response": [*hooks["response"], self._answered]}

    def _answered(self, response: Any) -> None:
        if self.active:
            self._quietly(self._note_answer, response)

    def _note_answer(self, response: Any) -> None:
        if response.status_code >= 400:
            return
        method, path = response.request.method, response.request.url.path
        if found := _RESOLVE.match(path):
            commit = response.headers.get("x-repo-commit", "")
            if method in ("GET", "HEAD") and _COMMIT.fullmatch(commit):
                kind = "dataset" if found[1] else "model"
                how = "read" if method == "GET" else "resolved"
                ref = None if _COMMIT.fullmatch(found[3]) else _unquoted(found[3])
                self.note(kind, found[2], commit, how, _unquoted(found[4]), ref=ref)
        elif method == "GET" and (found := _REVISION.match(path)) and _is_short(response):
            response.read()
            commit = response.json().get("sha", "")
            ref = None if _COMMIT.fullmatch(found[3]) else _unquoted(found[3])
            if _COMMIT.fullmatch(commit):
                self.note(found[1][:-1], found[2], commit, "resolved", ref=ref)

    def note(
        self,
        kind: str,
        repo_id: str,
        commit: str,
        how: str,
        file: str | None = None,
        *,
        ref: str | None = None,
        exact: bool = True,
    ) -> None:
        """Add what is known of a commit: `how` is one of `recording.HOW`, `file` a path in it."""
        key = (kind, repo_id, commit)
        entry = self._loads.get(key)
        if entry is None:
            if len(self._loads) >= _MAX_LOADS:
                return
            made: dict[str, Any] = {
                "how": set(),
                "files": {},
                "cells": set(),
                "first": now(),
                "ref": ref,
            }
            entry = self._loads.setdefault(key, {**made, "exact": exact})
        entry["how"].add(how)
        if self.cell is not None:
            entry["cells"].add(self.cell)
        if ref is not None:
            entry["ref"] = ref
        if file is not None and how != "resolved" and len(entry["files"]) < MAX_FILES:
            entry["files"][file.replace("\\", "/").removeprefix("./")] = None


recorder = Recorder()
"""The recorder of this process."""


def _hook_of(recorder: Recorder) -> Callable[[str, tuple[Any, ...]], None]:
    """The audit hook. Every event of the interpreter comes here: the first comparison is its cost."""
    # A closure, because it is called faster than a method.
    watched, opened = _WATCHED, recorder._opened
    attach, placed, quietly = recorder._attach, recorder._placed, recorder._quietly

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in watched:
            return
        if event == "open":
            path = arguments[0]
            if (
                type(path) is str
                and ("--" in path or "___" in path or path.endswith(_IN_ARROW_CACHE))
                and recorder.active
            ):
                # a `with` costs as much as the rest, and a load opens files of a cache all the time
                try:  # noqa: SIM105
                    opened(path, arguments)
                except Exception:  # noqa: S110
                    pass  # nosec B110  # nothing may reach the code that is watched
        elif not recorder.active:
            return
        elif event == "socket.connect":
            quietly(attach)
        elif len(arguments) > 1 and type(arguments[1]) is str and "--" in arguments[1]:
            quietly(placed, arguments[1])

    return hook


def _is_under_arrow_cache(path: str) -> bool:
    config = getattr(sys.modules.get("datasets"), "config", None)
    cache = getattr(config, "HF_DATASETS_CACHE", None)
    return cache is not None and path.startswith(os.path.join(str(cache), ""))  # noqa: PTH118


def _in_arrow_cache(path: str) -> re.Match[str] | None:
    owner = path.find("___")
    start = max(path.rfind("/", 0, owner), path.rfind("\\", 0, owner), 0)
    return _ARROW.match(path, start) or _ARROW.search(path)


def _is_short(response: Any) -> bool:
    length = response.headers.get("content-length", "")
    return response.status_code == 200 and length.isdecimal() and int(length) <= _MAX_ANSWER


def _id(folder: str) -> str:
    return folder.replace("--", "/", 1)


def _resolves(frame: Any) -> bool:
    """Whether huggingface_hub is about to return what the ref names."""
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_globals.get("__name__", "").startswith("huggingface_hub."):
            return frame.f_code.co_name in _RESOLVERS
        frame = frame.f_back
    return False


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
