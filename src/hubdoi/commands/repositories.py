"""The repositories that a person may mean here, for the Tab key: nothing waits for the network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from pathlib import Path

from ..records import Repo, RepoType
from ..records.errors import HubdoiError
from .session import Session

PATIENCE = 0.7
"""Seconds that the Tab key waits for the Hub; a later answer serves the next key."""

MOST = 200

_asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hubdoi-completion")


def known_repositories(session: Session) -> list[str]:
    """Those of this session first, then the person's own on the Hub, then those in the local cache."""
    found = dict.fromkeys(str(repo) for repo in session.seen)
    found.update(dict.fromkeys(_own(session)))
    found.update(dict.fromkeys(_cached()))
    return list(found)[:MOST]


def _own(session: Session) -> list[str]:
    if session.own is None:
        session.own = _asking.submit(_listed, session)
    with suppress(TooLate, HubdoiError):
        return session.own.result(timeout=PATIENCE)
    if session.own.done():
        # It failed; the next key asks again.
        session.own = None
    return []


def _listed(session: Session) -> list[str]:
    client = session.client
    person = client.whoami()
    if person is None:
        return []
    names: list[str] = []
    for info in client.hub.repositories(person.username, person):
        names.append(str(info.repo))
        if len(names) >= MOST:
            break
    return names


def _cached() -> Iterator[str]:
    """What the local Hub cache holds, by the names of its folders."""
    home = (
        os.environ.get("HF_HOME")
        or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface"
    )
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    with suppress(OSError):
        for folder in sorted(cache.iterdir()):
            kind, _, name = folder.name.partition("--")
            if kind in ("models", "datasets") and name:
                with suppress(HubdoiError):
                    type_: RepoType = "model" if kind == "models" else "dataset"
                    yield str(Repo(type_, name.replace("--", "/")))
