"""Two gateway processes behind one URL, with nginx as docs/how-to/run-a-gateway.md shows it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from hubdoi import Client
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment
from .nginx import Nginx
from .test_corrections import csrf_of

REPO = "ada/tiny-bert"
Serve = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nginx]:
    directory = tmp_path / "nginx"
    directory.mkdir()
    made = Nginx(directory)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    yield made
    made.stop()


def test_one_is_killed_and_nobody_notices(
    serve: Serve, plain_hub: Sandbox, postgres: Postgres, nginx: Nginx
) -> None:
    variables = environment(plain_hub, postgres.new_database(), HUBDOI_GATEWAY_URL=nginx.url)
    processes = [serve(variables) for _ in range(2)]
    backends = [line["endpoint"] for _, line in processes]
    nginx.start(backends)

    def researcher() -> Client:
        """With connections of their own."""
        return Client(nginx.url, token=plain_hub.users["ada"])

    minting = researcher()
    first = minting.mint(REPO, agree=minting.terms(REPO))
    # Whoever asks, either process knows of it.
    assert {str(researcher().status(REPO).version.doi) for _ in range(8)} == {str(first.doi)}  # type: ignore[union-attr]
    assert nginx.served == {urlsplit(backend).netloc for backend in backends}

    # A curator who signed in at one is signed in at the other, and can send forms through nginx.
    institution = Institution(Settings.read(variables))
    institution.people.put("grace", role="admin")
    cookies = {"hubdoi_gateway": institution.sessions.begin("grace")}
    pages = [httpx.get(f"{backend}/gateway", cookies=cookies) for backend in backends]
    assert [page.status_code for page in pages] == [200, 200]
    browser = httpx.Client(
        base_url=nginx.url, cookies=cookies, headers={"Origin": nginx.url}, timeout=60
    )
    form = {"csrf": csrf_of(browser.get("/gateway/people").text), "username": "ada"}
    assert browser.post("/gateway/people", data=form).status_code == 303
    assert institution.people.member("ada").is_listed
    institution.close()
    # Those who ask too often, and Prometheus from outside, are turned away here.
    assert browser.get("/metrics").status_code == 404
    assert browser.post("/api/models/x/y/doi", content=b"x" * 1_100_000).status_code == 413

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
    assert browser.get("/readyz").json() == {"status": "ok"}
