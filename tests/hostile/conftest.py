from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubdoi.sandbox import Sandbox


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    """A sandbox that the tests of one module only read."""
    with Sandbox() as running:
        yield running
