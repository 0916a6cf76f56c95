"""Two gateway processes behind one URL, as docs/how-to/run-a-gateway.md has them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from hubdoi import Client
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.sandbox import Sandbox

from .balancer import Balancer
from .conftest import Postgres, environment

REPO = "ada/tiny-bert"
Serve = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def balancer() -> Iterator[Balancer]:
    with Balancer() as running:
        yield running
        running.shutdown()


def test_one_is_killed_and_nobody_notices(
    serve: Serve, plain_hub: Sandbox, postgres: Postgres, balancer: Balancer
) -> None:
    variables = environment(plain_hub, postgres.new_database(), HUBDOI_GATEWAY_URL=balancer.url)
    processes = [serve(variables) for _ in range(2)]
    balancer.backends = [line["endpoint"] for _, line in processes]

    def researcher() -> Client:
        """With connections of their own, which come to the next process."""
        return Client(balancer.url, token=plain_hub.users["ada"])

    minting = researcher()
    first = minting.mint(REPO, agree=minting.terms(REPO))
    # Whoever asks, either process knows of it.
    assert {str(researcher().status(REPO).version.doi) for _ in range(4)} == {str(first.doi)}  # type: ignore[union-attr]
    assert set(balancer.served) == set(balancer.backends)

    # A curator who signed in at one is signed in at the other.
    institution = Institution(Settings.read(variables))
    institution.people.put("grace", role="curator")
    cookies = {"hubdoi_gateway": institution.sessions.begin("grace")}
    pages = [httpx.get(f"{backend}/gateway", cookies=cookies) for backend in balancer.backends]
    assert [page.status_code for page in pages] == [200, 200]
    institution.close()

    kept = researcher()
    assert kept.status(REPO).state == "current"
    killed, _ = processes[0]
    killed.kill()
    killed.wait()
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO)
    for client in (kept, researcher(), researcher()):
        assert client.status(REPO).state == "behind"
    second = kept.mint(REPO, agree=kept.terms(REPO))
    history = researcher().history(REPO)
    assert [version.doi for version in history.versions] == [second.doi, first.doi]
    assert httpx.get(f"{balancer.url}/readyz").json() == {"status": "ok"}
