"""One sandbox for the tests of a module; each test finds it as it is at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubdoi.sandbox import Sandbox


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    # A reset keeps the terms, which somebody wrote by hand.
    (running_sandbox.world.data / "terms.txt").unlink(missing_ok=True)
    return running_sandbox
