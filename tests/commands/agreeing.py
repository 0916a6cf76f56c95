"""Mint as a person does: read the terms, then agree to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hubdoi.commands import Context, run
from hubdoi.records import Version
from hubdoi.records.errors import ConsentRequired


def agreed(context: Context, *words: str, body: Mapping[str, Any] | None = None) -> Version:
    """What `words` mint: without ``--agree`` first, which shows the terms, and then with it."""
    with pytest.raises(ConsentRequired, match="Nothing was generated"):
        run(words, context, body=body)
    version = run([*words, "--agree"], context, body=body)
    assert isinstance(version, Version)
    return version
