"""Fixtures that every test can use: a real sandbox, served over loopback."""

from __future__ import annotations

from collections.abc import Iterator

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
