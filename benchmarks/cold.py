"""``hubdoi cite DOI --format bibtex``, the whole process, against habanero's content negotiation."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx

from .harness import (
    HUBDOI,
    PEER_PYTHON,
    Result,
    clean_environment,
    in_turn,
    peer_version,
    served,
    timed_process,
)

_PEER = (
    "import sys; from habanero import cn; "
    "print(cn.content_negotiation(ids=sys.argv[1], format='bibtex', url=sys.argv[2]))"
)


def mint(endpoint: str, token: str, path: str = "models/ada/tiny-bert") -> str:
    """Mint a DOI over HTTP."""
    url = f"{endpoint}/api/{path}/doi"
    headers = {"Authorization": f"Bearer {token}"}
    terms = httpx.get(url, headers=headers).raise_for_status().json()["terms"]
    answer = httpx.post(url, headers=headers, json={"agree": True, "terms": terms["digest"]})
    return str(answer.raise_for_status().json()["doi"])


def measure() -> list[Result]:
    with served() as sandbox, tempfile.TemporaryDirectory() as home:
        doi = mint(sandbox.endpoint, sandbox.users["ada"])
        caches = count()

        def ours(**settings: str) -> float:
            cache = Path(home) / f"cache-{next(caches)}"
            environment = clean_environment(
                Path(home), HUBDOI_ENDPOINT=sandbox.endpoint, HUBDOI_CACHE=str(cache), **settings
            )
            command = [str(HUBDOI), "cite", doi, "--format", "bibtex"]
            return timed_process(command, expect=doi, env=environment)

        def theirs() -> float:
            command = [str(PEER_PYTHON), "-c", _PEER, doi, f"{sandbox.endpoint}/doi"]
            return timed_process(command, expect=doi, env=clean_environment(Path(home)))

        compared = in_turn(ours, theirs, runs=11)
    return [
        Result("cold", compared.ratio, "ratio", "<= 0.7", peer_version("habanero"), compared.detail)
    ]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with served() as sandbox, tempfile.TemporaryDirectory() as cache:
        doi = mint(sandbox.endpoint, sandbox.users["ada"])
        os.environ.update(HUBDOI_ENDPOINT=sandbox.endpoint, HUBDOI_CACHE=cache)

        def cite() -> None:
            from hubdoi.commands.cli import main

            main(["cite", doi, "--format", "bibtex"])

        yield cite
