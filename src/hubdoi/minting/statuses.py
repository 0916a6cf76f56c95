"""The status of many repositories with few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

from ..hub.repositories import HuggingFaceHub
from ..net.progress import progress_bar
from ..records import Person, Repo, RepoInfo, Status
from ..records.errors import HubdoiError
from .backends.base import Backend

CONNECTIONS = 8
WORTH_A_LIST = 10
"""So many repositories of one owner are read from the owner's list instead of one by one."""
CHUNK = 1000
"""Repositories whose descriptions are held at the same time."""

Answer = TypeVar("Answer")


def statuses(
    backend: Backend,
    hub: HuggingFaceHub,
    repos: Iterable[Repo] = (),
    *,
    owner: str | None = None,
    progress: bool = False,
) -> dict[Repo, Status | Exception]:
    """The status of `repos` in their order, then of all repositories of `owner`.

    A repository that fails is an exception in its place; the others are not disturbed. `progress`
    shows a bar.

    Raises:
        RepoNotFound: there is no user or organisation `owner`.
        ServiceError: the list of `owner` cannot be had.
    """
    asked = list(dict.fromkeys(repos))
    found: dict[Repo, Status | Exception] = {}
    with _bar(progress) as advance:
        if asked:
            if backend.settled(asked[0]).batches:
                found |= _of_named(backend, hub, asked, advance)
            else:
                found |= _each(backend.status, asked, advance)
            found = {repo: found[repo] for repo in asked}
        if owner is not None:
            listed = hub.repositories(owner, _person(hub))
            while chunk := list(islice(listed, CHUNK)):
                new = [info for info in chunk if info.repo not in found]
                found |= _of_described(backend, new, advance)
    return found


def _of_described(
    backend: Backend, infos: Sequence[RepoInfo], advance: Callable[[int], None]
) -> dict[Repo, Status | Exception]:
    """The statuses of repositories that a list has described."""
    if not infos:
        return {}
    settled = backend.settled(infos[0].repo)
    if not settled.batches:
        return _each(backend.status, [info.repo for info in infos], advance)
    answered = settled.statuses(infos)
    advance(len(infos))
    return dict(answered)


def _of_named(
    backend: Backend,
    hub: HuggingFaceHub,
    repos: Sequence[Repo],
    advance: Callable[[int], None],
) -> dict[Repo, Status | Exception]:
    """The statuses of repositories that were named, by way of their owners' lists where that is less."""
    person = _person(hub)
    by_owner: dict[str, list[Repo]] = defaultdict(list)
    for repo in repos:
        by_owner[(repo.namespace or "").lower()].append(repo)
    infos: dict[Repo, RepoInfo | Exception] = {}
    alone: list[Repo] = []
    for owner, group in by_owner.items():
        if owner and len(group) >= WORTH_A_LIST:
            wanted = {(repo.type, repo.id.lower()): repo for repo in group}
            try:
                for info in hub.repositories(owner, person):
                    asked = wanted.pop((info.repo.type, info.repo.id.lower()), None)
                    if asked:
                        infos[asked] = info
            except HubdoiError:
                # What was not listed is asked for by name, and fails there in its own words.
                pass
            alone += wanted.values()
        else:
            alone += group
    infos |= _each(lambda repo: hub.info(repo, person), alone, lambda count: None)
    described = {repo: info for repo, info in infos.items() if isinstance(info, RepoInfo)}
    answered = _of_described(backend, list(described.values()), advance)
    found: dict[Repo, Status | Exception] = {
        repo: error for repo, error in infos.items() if isinstance(error, Exception)
    }
    advance(len(found))
    # An old name redirects: the answer stands under the name that was asked for.
    return found | {repo: answered[info.repo] for repo, info in described.items()}


def _each(
    ask: Callable[[Repo], Answer], repos: Sequence[Repo], advance: Callable[[int], None]
) -> dict[Repo, Answer | Exception]:
    """One request for each, a few at a time."""
    found: dict[Repo, Answer | Exception] = {}
    pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="hubdoi-status")
    try:
        # A context for each: all are part of the operation that this thread is part of.
        waiting = {pool.submit(copy_context().run, ask, repo): repo for repo in repos}
        for done in as_completed(waiting):
            try:
                found[waiting[done]] = done.result()
            except HubdoiError as error:
                found[waiting[done]] = error
            advance(1)
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def _person(hub: HuggingFaceHub) -> Person | None:
    """Who is signed in; seeing works without."""
    try:
        return hub.whoami()
    except HubdoiError:
        return None


@contextmanager
def _bar(progress: bool) -> Iterator[Callable[[int], None]]:
    if not progress:
        yield lambda count: None
        return
    with progress_bar(unit=" repositories", desc="Status") as bar:

        def advance(count: int) -> None:
            bar.update(count)

        yield advance
