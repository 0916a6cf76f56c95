"""The Jupyter Server extension, in a real Jupyter server with its own directories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import nbclient
import nbformat
import pytest

from hubdoi.client import Client
from hubdoi.commands import Context, run
from hubdoi.commands.session import Session
from hubdoi.jupyter.server_sandbox import ROUTE, VARIABLE, find, reset
from hubdoi.records.errors import SandboxError
from hubdoi.sandbox import Sandbox
from tests.ports import JUPYTER_CONFIG, free_ports

TUTORIALS = Path(__file__).parents[2] / "notebooks"

# JupyterLab and its like take more than half of the time in which a server starts.
_OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "jupyterhub", "notebook")
ONLY_OURS = f"--ServerApp.jpserver_extensions={dict.fromkeys([*_OTHERS, 'notebook_shim'], False)}"


class Server:
    """A `jupyter server` on a free port, with a home of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.runtime = home / "runtime"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "HUBDOI"))}
        environ |= {
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
        }
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1",
                   f"--port={free_ports(1)[0]}", f"--ServerApp.root_dir={home}", ONLY_OURS, *options]  # fmt: skip
        (home / "config").mkdir(exist_ok=True)
        (home / "config" / "jupyter_server_config.py").write_text(JUPYTER_CONFIG)
        self.log = home / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=environ, cwd=home, stdout=log, stderr=subprocess.STDOUT
            )
        self.file = self.runtime / f"jpserver-{self.process.pid}.json"
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.file.exists() and self.file.stat().st_size and self._answers():
                return
            time.sleep(0.1)
        raise AssertionError(f"the Jupyter server did not start:\n{self.log.read_text()}")

    @property
    def url(self) -> str:
        return str(json.loads(self.file.read_text())["url"])

    @property
    def token(self) -> str:
        return str(json.loads(self.file.read_text())["token"])

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + "api", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.stop()


def test_two_kernels_of_one_server_see_the_same_sandbox_and_it_ends_with_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(server.file))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: find(), range(4)))
    first = found[0]
    assert first is not None
    assert all(other == first for other in found)
    assert first["endpoint"].startswith("http://127.0.0.1:")
    ada = Client(first["endpoint"], first["users"]["ada"])
    grace = Client(first["endpoint"], first["users"]["grace"])
    version = ada.mint("ada/tiny-bert", agree=ada.terms("ada/tiny-bert"))
    assert grace.status("ada/tiny-bert").doi == version.doi

    server.stop()
    with pytest.raises(httpx.HTTPError):
        httpx.get(first["endpoint"], trust_env=False)
    assert list((server.home / "data" / "hubdoi" / "sandbox").glob("*.db"))
    assert find() is None


def test_the_sandbox_keeps_its_repositories_from_one_server_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dois = []
    for how in (signal.SIGKILL, signal.SIGTERM):
        server = Server(tmp_path)
        try:
            monkeypatch.setenv(VARIABLE, str(server.file))
            found = find()
            assert found is not None
            client = Client(found["endpoint"], found["users"]["ada"])
            if not dois:
                client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
            dois.append(client.status("ada/tiny-bert").doi)
        finally:
            server.stop(how)
    assert dois[0] is not None
    assert dois[0] == dois[1]


def test_the_route_is_behind_jupyters_own_authentication(server: Server) -> None:
    for headers in (
        {},
        {"Authorization": "token wrong"},
        {"Cookie": "_xsrf=aa", "X-XSRFToken": "aa"},
    ):
        refused = httpx.post(server.url + ROUTE, headers=headers, trust_env=False)
        assert refused.status_code == 403
        assert "hf_" not in refused.text
    allowed = {"Authorization": f"token {server.token}"}
    assert httpx.get(server.url + ROUTE, headers=allowed, trust_env=False).status_code == 405
    answer = httpx.post(server.url + ROUTE, headers=allowed, timeout=60, trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()["users"]) == {"ada", "grace"}


def test_a_server_without_authentication_still_refuses_a_foreign_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, "--IdentityProvider.token=", "--ServerApp.base_url=/deep/")
    try:
        foreign = {"Origin": "https://evil.example", "Cookie": "_xsrf=aa", "X-XSRFToken": "aa"}
        assert httpx.post(server.url + ROUTE, headers=foreign, trust_env=False).status_code == 404
        monkeypatch.setenv(VARIABLE, str(server.file))
        found = find()
        assert found is not None
        assert set(found["users"]) == {"ada", "grace"}
    finally:
        server.stop()


def test_two_servers_at_once_have_a_sandbox_each(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Server(tmp_path)
    try:
        endpoints = set()
        for running in (server, other):
            monkeypatch.setenv(VARIABLE, str(running.file))
            found = find()
            assert found is not None
            endpoints.add(found["endpoint"])
        assert len(endpoints) == 2
    finally:
        other.stop()


def test_nothing_is_found_without_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find() is None
    for text in ("", "[]", "{}", '{"url": 7}', '{"url": "http://127.0.0.1:9/", "token": "x"}'):
        file = tmp_path / "jpserver.json"
        file.write_text(text)
        monkeypatch.setenv(VARIABLE, str(file))
        assert find() is None


def test_installing_enables_the_extension() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = listed.stdout + listed.stderr
    assert "hubdoi.jupyter.server" in shown
    assert any("hubdoi.jupyter.server" in line and "OK" in line for line in shown.splitlines())


def test_resetting_the_shared_sandbox_says_what_is_lost_and_asks(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(server.file))
    monkeypatch.delenv("HUBDOI_SANDBOX_DATA", raising=False)
    session = Session()
    session.find_sandbox, session.reset_found_sandbox = find, reset
    context = Context(session=session)
    run(["use", "sandbox"], context)
    before = session.client.endpoint
    session.client.mint("ada/tiny-bert", agree=session.client.terms("ada/tiny-bert"))
    with pytest.raises(SandboxError, match=r"deletes every DOI.*reset --yes"):
        run(["sandbox", "reset"], context)
    assert run(["status", "ada/tiny-bert"], context).state == "current"
    assert "was reset" in str(run(["sandbox", "reset", "--yes"], context))
    assert session.client.endpoint == before
    assert run(["status", "ada/tiny-bert"], context).state == "unregistered"


@pytest.mark.parametrize("tutorial", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_tutorial_runs_twice_beside_a_sandbox_that_is_in_use(
    tutorial: Path, in_use: Server, elsewhere: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(in_use.file))
    monkeypatch.delenv("HUBDOI_SANDBOX_DATA", raising=False)
    monkeypatch.setenv("TUTORIAL_HUB", elsewhere.endpoint)
    monkeypatch.setenv("TUTORIAL_DATACITE", elsewhere.datacite_url)
    shared = find()
    assert shared is not None
    client = Client(shared["endpoint"], shared["users"]["ada"])
    if not client.status("ada/tiny-bert").doi:
        client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    for _ in range(2):
        # It raises for a cell that fails and is not marked for it.
        notebook = nbformat.read(tutorial, as_version=4)
        nbclient.execute(notebook, cwd=str(in_use.home), timeout=120)
    assert len(client.history("ada/tiny-bert").versions) == 1


@pytest.fixture(scope="module")
def in_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tutorials, whose sandbox others use as well."""
    running = Server(tmp_path_factory.mktemp("in-use"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A Hub with DOIs and without a DOI API, as huggingface.co is."""
    data = tmp_path_factory.mktemp("elsewhere")
    with Sandbox(data=data) as hub:
        client = Client(hub.endpoint, hub.users["ada"])
        for repo in ("ada/tiny-bert", "datasets/ada/notes"):
            client.mint(repo, agree=client.terms(repo))
        client.hf_api().upload_file(
            path_or_fileobj=b"---\nlicense: apache-2.0\n---\n# Tiny",
            path_in_repo="README.md",
            repo_id="ada/tiny-bert",
        )
    with Sandbox(data=data, without_doi_api=True) as hub:
        yield hub
