"""What becomes of URLs that cannot be asked."""

from __future__ import annotations

from time import monotonic

import pytest

from hubdoi.net.connections import FAILURES, Connections


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/é", "http://ü.invalid/", "http://127.0.0.1:9/\ud800", "ftp://x/"]
)
def test_a_url_that_cannot_be_asked_has_no_answer(url: str) -> None:
    connections = Connections(trust_env=False)
    try:
        with pytest.raises(FAILURES), connections.send("GET", url, [], None, monotonic() + 60):
            pass
    finally:
        connections.close()
