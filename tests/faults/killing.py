"""A sandbox's mint in a process that is killed at a given statement of its database."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

from sqlalchemy import event

from hubdoi.records import MintRequest, Repo
from hubdoi.sandbox.world import World

__all__ = ["mint_and_die", "processes"]


def processes() -> ForkServerContext:
    """Processes that have hubdoi loaded when they start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def mint_and_die(data: str, at: int) -> None:
    """Mint, and die of SIGKILL before statement number `at`; the last one is the commit."""
    with World(Path(data)) as world:
        ada = world.store.people.person("ada")
        request = MintRequest.from_json({"agree": True, "terms": world.registrar.terms.digest})
        seen = 0

        def count(*_: object) -> None:
            nonlocal seen
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        event.listen(world.engine, "before_cursor_execute", count)
        event.listen(world.engine, "commit", count)
        world.service.mint(Repo("model", "ada/tiny-bert"), ada, request, key="one-key")
        # Killed before the answer is sent.
        count()
        os._exit(0)
