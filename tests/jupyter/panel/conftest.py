"""One sandbox for the tests of a module; each test finds it as it is at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ipywidgets import Widget

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


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close the panels of a test: one that is left looks again at every mint of a later test."""
    yield
    Widget.close_all()
