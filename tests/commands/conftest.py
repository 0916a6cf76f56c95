"""A session that talks to a fresh sandbox as Ada."""

from __future__ import annotations

import pytest

from hubdoi.commands import Context
from hubdoi.commands.session import Session
from hubdoi.sandbox import Sandbox


@pytest.fixture
def shown() -> list[object]:
    """What a command showed before its result was there."""
    return []


@pytest.fixture
def context(sandbox: Sandbox, shown: list[object], monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    session = Session()
    session.use("sandbox")
    return Context(session=session, show=shown.append)
