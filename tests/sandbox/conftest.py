from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.world import World
from tests.sandbox.plain_browser import Browser


@pytest.fixture
def ada(demo: Sandbox) -> HfApi:
    return demo.hf_api("ada")


@pytest.fixture
def grace(demo: Sandbox) -> HfApi:
    return demo.hf_api("grace")


@pytest.fixture
def nobody(demo: Sandbox) -> HfApi:
    return demo.hf_api(None)


@pytest.fixture
def browser(demo: Sandbox) -> Iterator[Browser]:
    """Nobody's browser at `demo`."""
    made = Browser(demo)
    yield made
    made.client.close()


@pytest.fixture
def adas(demo: Sandbox) -> Iterator[Browser]:
    """Ada's browser at `demo`, signed in."""
    made = Browser(demo).sign_in("ada")
    yield made
    made.client.close()


@pytest.fixture
def http(demo: Sandbox) -> Iterator[Callable[..., httpx.Response]]:
    """Plain requests to `demo`, by default as ada: ``http("GET", "/api/models")``."""
    with httpx.Client(base_url=demo.endpoint, timeout=60) as client:

        def ask(method: str, path: str, user: str | None = "ada", **more) -> httpx.Response:
            headers = dict(more.pop("headers", {}))
            if user is not None:
                headers["Authorization"] = f"Bearer {demo.users[user]}"
            return client.request(method, path, headers=headers, **more)

        yield ask


@pytest.fixture
def world(planted: Callable[[str | None], Path]) -> Iterator[World]:
    clock = "2026-11-23T09:00:00Z"
    with World(planted(clock), clock=clock) as opened:
        yield opened
