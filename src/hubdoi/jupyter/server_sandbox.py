"""How a kernel finds the sandbox that all notebooks of its Jupyter server share."""

from __future__ import annotations

import json
import os
from pathlib import Path
from secrets import token_hex
from typing import Any

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
        token = server.get("token") or os.environ.get("JUPYTERHUB_API_TOKEN") or ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return _asked(method, url, token)


def _asked(method: str, url: str, token: str) -> dict[str, Any] | None:
    import httpx

    from ..config import is_loopback

    # A server that asks for no token still asks that a POST repeat its cookie.
    xsrf = token_hex(16)
    headers = {"X-XSRFToken": xsrf, "Cookie": f"_xsrf={xsrf}"}
    if token:
        headers["Authorization"] = f"token {token}"
    try:
        answer = httpx.request(method, url, headers=headers, timeout=_SECONDS, trust_env=False)
        found = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    if not isinstance(found, dict) or not {"endpoint", "datacite", "users"} <= found.keys():
        return None
    return found if is_loopback(str(found["endpoint"])) else None
