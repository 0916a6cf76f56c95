"""A real JupyterHub, run with the configuration in the guide: who may mint, and who decides."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.fernet import Fernet
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from hubdoi.client import Client
from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.commands.session import Session
from hubdoi.records.errors import PolicyRefused
from hubdoi.sandbox import Sandbox
from tests.ports import free_ports

from .conftest import Served, environment
from .test_grants import deciding

REPO = "ada/tiny-bert"
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "jupyterhub_config.py"
PASSWORD = "a password that everybody has"
# What an institution has already: people, groups, and how servers are started.
OWN = """
c = get_config()
load_subconfig({guide!r})
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.Authenticator.allowed_users = {{"ada", "charles", "grace"}}
c.JupyterHub.load_groups = {{"researchers": ["ada"], "library": ["grace"]}}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r} + "/{{username}}"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.Spawner.environment["JUPYTERHUB_SINGLEUSER_APP"] = "jupyter_server.serverapp.ServerApp"
c.Spawner.args = ["--allow-root", "--ServerApp.jpserver_extensions={{'jupyterlab': False, 'notebook': False, 'jupyter_lsp': False}}"]
c.Spawner.cmd = [{bin!r} + "/jupyterhub-singleuser"]
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{bin!r} + "/configurable-http-proxy"]
"""


class JupyterHub:
    """JupyterHub in a process of its own."""

    def __init__(self, directory: Path, gateway: str, secret: Path) -> None:
        port, hub_port, proxy_port = free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        self._api = f"http://127.0.0.1:{hub_port}/hub/api"
        config = directory / "jupyterhub_config.py"
        config.write_text(
            OWN.format(
                guide=str(GUIDE),
                password=PASSWORD,
                home=str(directory / "home"),
                bin=str(Path(sys.executable).parent),
                port=port,
                hub_port=hub_port,
                proxy_port=proxy_port,
            )
        )
        told = {
            "HUBDOI_GATEWAY_URL": gateway,
            "HUBDOI_GATEWAY_OIDC_SECRET_FILE": str(secret),
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=directory,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **told},
        )
        lines = []
        assert self._process.stderr is not None
        for line in self._process.stderr:
            lines.append(line)
            if "JupyterHub is now running" in line:
                break
        else:
            raise AssertionError("".join(lines))
        # Its servers write there as well, and would wait for a reader.
        self._reader = threading.Thread(target=lines.extend, args=(self._process.stderr,))
        self._reader.start()
        self.log = lines

    def browser(self, username: str) -> httpx.Client:
        """A browser in which that person is signed in."""
        client = httpx.Client(base_url=self.url, follow_redirects=True, timeout=60)
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', client.get("/hub/login").text)
        assert xsrf
        form = {"username": username, "password": PASSWORD, "_xsrf": xsrf[1]}
        answer = client.post("/hub/login", params={"next": "/hub/home"}, data=form)
        assert answer.url.path == "/hub/home"
        return client

    def token(self, username: str) -> str:
        """A token of that person, with all that they may."""
        client = self.browser(username)
        xsrf = [c.value for c in client.cookies.jar if c.name == "_xsrf"][-1]
        headers = {"X-XSRFToken": xsrf or "", "Referer": f"{self.url}/hub/home"}
        answer = client.post(f"/hub/api/users/{username}/tokens", json={}, headers=headers)
        return str(answer.raise_for_status().json()["token"])

    def notebook(self, username: str) -> Callable[[str], str]:
        """Start the person's server and a notebook's kernel in it: code in, what is shown out."""
        headers = {"Authorization": f"token {self.token(username)}"}
        api = httpx.Client(headers=headers, timeout=240)
        # Beside the proxy, which does not wait so long.
        server = f"{self._api}/users/{username}/server"
        api.post(server, json={}).raise_for_status()
        # The stream of events ends when the server answers.
        stream = {"Accept": "text/event-stream"}
        progress = api.get(f"{server}/progress", headers=stream).text
        assert '"ready": true' in progress, "".join(self.log[-40:])
        kernels = f"{self.url}/user/{username}/api/kernels"
        kernel = api.post(kernels, json={}).raise_for_status().json()["id"]
        url = f"{kernels}/{kernel}/channels".replace("http", "ws", 1)
        loop = IOLoop(make_current=False)

        async def execute(code: str) -> str:
            connection = await websocket_connect(HTTPRequest(url, headers=headers))
            number = uuid4().hex
            message = {
                "header": {"msg_id": number, "msg_type": "execute_request", "version": "5.3"},
                "parent_header": {},
                "metadata": {},
                "content": {"code": code, "silent": False, "allow_stdin": False},
                "channel": "shell",
            }
            await connection.write_message(json.dumps(message))
            shown = []
            while True:
                text = await connection.read_message()
                assert isinstance(text, str)
                answer = json.loads(text)
                if answer["parent_header"].get("msg_id") != number:
                    continue
                content = answer["content"]
                shown.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
                shown.append(content.get("evalue") or "")
                if content.get("execution_state") == "idle":
                    connection.close()
                    return "\n".join(shown)

        return lambda code: loop.run_sync(lambda: execute(code))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()


class Here:
    """A Hub, JupyterHub and the gateway between them."""

    def __init__(self, hub: Sandbox, jupyterhub: JupyterHub, gateway: str) -> None:
        self.hub = hub
        self.jupyterhub = jupyterhub
        self.gateway = gateway


@pytest.fixture
def here(
    plain_hub: Sandbox,
    tmp_path: Path,
    serve: Callable[..., Served],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Here]:
    (port,) = free_ports(1)
    gateway = f"http://127.0.0.1:{port}"
    secret = tmp_path / "secret"
    secret.write_text(secrets.token_hex(32))
    jupyterhub = JupyterHub(tmp_path, gateway, secret)
    try:
        variables = environment(
            plain_hub,
            f"sqlite:///{tmp_path / 'gateway.db'}",
            HUBDOI_GATEWAY_URL=gateway,
            HUBDOI_GATEWAY_INSTITUTION="The library",
            HUBDOI_GATEWAY_REVIEW="1",
            HUBDOI_GATEWAY_JUPYTERHUB=f"{jupyterhub.url}/hub/api",
            HUBDOI_GATEWAY_HUB_CLIENT=plain_hub.world.oauth.register("x", [], public=True)[0].id,
            HUBDOI_GATEWAY_KEY=Fernet.generate_key().decode(),
            HUBDOI_GATEWAY_OIDC_CLIENT="service-hubdoi",
            HUBDOI_GATEWAY_OIDC_SECRET_FILE=str(secret),
        )
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                patched.setenv(name, value)
            run(["gateway", "user", "set", "grace", "--role", "curator"], Context(lasting=False))
            # ada is in that group of JupyterHub, and nobody lists her here.
            policy = [
                "gateway",
                "policy",
                "set",
                "researchers",
                "--suffix",
                "lab.{revision}.{hash}",
            ]
            run(policy, Context(lasting=False))
        serve(variables, "--port", str(port))
        yield Here(plain_hub, jupyterhub, gateway)
    finally:
        jupyterhub.stop()


def start(hub_token: str) -> str:
    return f"import os; os.environ['HF_TOKEN'] = {hub_token!r}\n%load_ext hubdoi\n%doi use"


def test_with_a_real_jupyterhub(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    # One test, since all this takes longer to start than to use.
    who_has_not_the_role_mints_nothing(here, monkeypatch)
    ada_needs_no_token_of_the_hub(here, monkeypatch)
    ada_mints_grace_approves_ada_cites(here)


def ada_needs_no_token_of_the_hub(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", here.jupyterhub.token("ada"))
    monkeypatch.delenv("HF_TOKEN")
    # As on a command line in JupyterHub's terminal: JupyterHub's token says who it is, each time.
    context = Context(Session(), show=deciding(here.hub, "ada"), lasting=False)
    context.session.use(None)
    assert "%doi login" in (context.session.client.status(REPO).obstacle or "")
    assert run(["login"], context).person.username == "ada"
    assert context.session.client.status(REPO).can_mint
    run(["logout"], context)
    assert not context.session.client.status(REPO).can_mint


def ada_mints_grace_approves_ada_cites(here: Here) -> None:
    notebook = here.jupyterhub.notebook("ada")
    shown = notebook(start(here.hub.users["ada"]))
    assert here.hub.datacite_repository["username"] in shown
    assert "of The library" in shown
    assert "Ada Lovelace (ada)" in shown
    assert "Nothing was generated" in notebook(f"%doi mint {REPO}")
    assert "sent to The library" in notebook(f"%doi mint {REPO} --agree")

    curator = here.jupyterhub.browser("grace")
    queue = curator.get(f"{here.gateway}/gateway")
    assert queue.url.port == httpx.URL(here.gateway).port
    number = re.search(r"/gateway/requests/(\d+)", queue.text)
    assert number
    page = curator.get(f"{here.gateway}{number[0]}").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token
    form = {"csrf": token[1], "decision": "approve", "title": "Tiny BERT"}
    assert curator.post(f"{here.gateway}{number[0]}", data=form).is_success

    notebook(f"%doi mint {REPO} --agree --wait --timeout 60")
    citation = notebook(f"%doi cite {REPO}")
    prefix = here.hub.datacite_repository["prefix"]
    assert f"{prefix}/lab." in citation


def who_has_not_the_role_mints_nothing(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDOI_GATEWAY_URL", here.gateway)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", here.jupyterhub.token("charles"))
    monkeypatch.setenv("HF_TOKEN", here.hub.users["ada"])
    context = Context()
    assert run(["use"], context).kind == "gateway"
    with pytest.raises(PolicyRefused, match="charles has no role at JupyterHub"):
        run(["mint", REPO], context)
    refused = here.jupyterhub.browser("charles").get(f"{here.gateway}/gateway")
    assert refused.status_code == 403
    # A token of the Hub alone is not enough here, and is never shown to JupyterHub.
    status: Any = Client(here.gateway, here.hub.users["ada"]).status(REPO)
    assert (status.can_mint, status.obstacle_code) == (False, "PolicyRefused")
    unknown = {"Authorization": "Bearer nonsense", "X-Hub-Token": here.hub.users["ada"]}
    answer = httpx.get(f"{here.gateway}/api/models/{REPO}/doi", headers=unknown)
    assert answer.json()["obstacle_code"] == "SignInRequired"
