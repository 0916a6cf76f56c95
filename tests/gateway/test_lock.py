"""What a gateway says of the lock that the Hub does not give its DOIs."""

from __future__ import annotations

from collections.abc import Callable

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox

from .conftest import environment


def test_nobody_is_promised_a_lock(
    serve_here: Callable[..., str], plain_hub: Sandbox, database_url: str
) -> None:
    url = serve_here(environment(plain_hub, database_url))
    status = Client(url, plain_hub.users["ada"]).status("ada/tiny-bert")
    for shown in status._repr_mimebundle_().values():
        assert "does not lock a repository for a DOI that is made here" in " ".join(shown.split())
