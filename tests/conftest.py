"""Fixtures that every test can use: a real sandbox, served over loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from hubdoi.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh sandbox with the demo seed, in real time."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def demo() -> Iterator[Sandbox]:
    """The same, with a clock that starts at a fixed time: every id in it is known beforehand."""
    with Sandbox(clock="2026-11-23T09:00:00Z") as running:
        yield running


@pytest.fixture
def mint() -> Callable[..., str]:
    """Mint a DOI over HTTP: ``mint(sandbox, "models/ada/tiny-bert", "ada")``."""

    def minted(running: Sandbox, path: str, user: str = "ada") -> str:
        url = f"{running.endpoint}/api/{path}/doi"
        headers = {"Authorization": f"Bearer {running.users[user]}"}
        terms = httpx.get(url, headers=headers).raise_for_status().json()["terms"]
        answer = httpx.post(url, headers=headers, json={"agree": True, "terms": terms["digest"]})
        return str(answer.raise_for_status().json()["doi"])

    return minted
