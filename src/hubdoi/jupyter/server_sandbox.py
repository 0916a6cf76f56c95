"""How a kernel finds the sandbox that all notebooks of its Jupyter server share."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from ..config import Secret, is_loopback
from ..records.errors import HubdoiError

VARIABLE = "HUBDOI_JUPYTER_SANDBOX"
"""The environment variable with the connection file of the Jupyter server that started a kernel."""

ROUTE = "hubdoi/sandbox"
"""The path of the extension's route, under the server's base URL."""

_SECONDS = 60


def reset() -> dict[str, Any] | None:
    """The server's sandbox after everything that was made in it was deleted; else as `find`."""
    return _request("DELETE")


def find() -> dict[str, Any] | None:
    """The server's sandbox, started if nobody has: ``endpoint``, ``datacite``, ``users`` with tokens.

    None where no Jupyter server with the extension started this process, or where it cannot give
    a sandbox: a server that only takes a password has no token to ask with.
    """
    return _request("POST")


def _request(method: str) -> dict[str, Any] | None:
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        server = json.loads(Path(path).read_text(encoding="utf-8"))
        url = f"{server['url'].rstrip('/')}/{ROUTE}"
        token = Secret(str(server.get("token") or _hub_token(url)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return _asked(method, url, token)


def _hub_token(url: str) -> str:
    """JupyterHub's token for its single-user server, for no other server than that."""
    service = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    there = urlsplit(url)
    if service.port is not None and service.port != there.port:
        return ""
    if not is_loopback(url) and service.hostname != there.hostname:
        return ""
    return os.environ.get("JUPYTERHUB_API_TOKEN") or ""


def _asked(method: str, url: str, token: Secret) -> dict[str, Any] | None:
    from ..net.http import Http

    # A token that crosses the network in the clear belongs to whoever listens.
    if not url.startswith("https:") and not is_loopback(url):
        return None

    # A server that asks for no token still asks that a POST repeat its cookie.
    xsrf = token_hex(16)
    headers = {"X-XSRFToken": xsrf, "Cookie": f"_xsrf={xsrf}"}
    base, path = url.removesuffix(f"/{ROUTE}"), f"/{ROUTE}"
    try:
        # Nothing is heard of a server while it starts its sandbox.
        with closing(Http(base, token=token if token.reveal() else None, silence=_SECONDS)) as http:
            answer = http.request(method, path, headers=headers, until=monotonic() + _SECONDS)
    except HubdoiError:
        return None
    found = answer.json if answer.status == 200 else None
    return found if isinstance(found, dict) and _is_sandbox(found) else None


def _is_sandbox(found: dict[str, Any]) -> bool:
    users = found.get("users")
    return (
        all(
            isinstance(url := found.get(n), str) and is_loopback(url)
            for n in ("endpoint", "datacite")
        )
        and isinstance(users, dict)
        and all(isinstance(token, str) for token in users.values())
    )
