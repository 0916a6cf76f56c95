"""Mints in other processes, which tests kill or let run at the same time."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.context import ForkServerContext
from typing import Any

from hubdoi.client import Client
from hubdoi.records.errors import AlreadyRegistered

__all__ = ["mint_once", "processes"]


def processes() -> ForkServerContext:
    """Processes that have hubdoi loaded when they start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["minting", "hubdoi.minting.backends.datacite", "hubdoi.hub.repositories"]
    )
    return context


def mint_once(settings: dict[str, Any], environment: dict[str, str], repo: str) -> str:
    """Mint with the settings of a client; the DOI that the head has afterwards."""
    os.environ.update(environment)
    client = Client(**settings)
    try:
        return str(client.mint(repo, agree=client.terms(repo)).doi)
    except AlreadyRegistered as error:
        return str(error.version.doi)
