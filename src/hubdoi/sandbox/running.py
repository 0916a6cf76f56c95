"""Where a sandbox runs, for the commands of support that are called from another process."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from ..records.errors import SandboxError

_FILE = "running.json"
_LISTENING = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"
_PORT = "port"


def announce(data: Path, endpoint: str) -> None:
    """Note in the data directory where it is served."""
    with suppress(OSError):
        _write(data / _FILE, json.dumps({"endpoint": endpoint}))
        _write(data / _PORT, endpoint.rpartition(":")[2])


def last_port(data: Path) -> int:
    """The port at which `data` was served last; 0 where that is not known."""
    try:
        port = int((data / _PORT).read_text("utf-8"))
    except (OSError, ValueError):
        return 0
    return port if 1024 <= port < 65536 else 0


def remember_last(data: Path) -> None:
    """Note for this user which one was served last, for support that names no directory."""
    with suppress(OSError):
        state = user_state_path("hubdoi")
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(state / "last-sandbox", str(data))


def withdraw(data: Path) -> None:
    """It is served no more."""
    with suppress(OSError):
        (data / _FILE).unlink(missing_ok=True)


def connection(data: Path) -> dict[str, Any]:
    """How to use the sandbox that serves `data`: ``endpoint``, ``datacite``, ``users`` with their tokens.

    Raises:
        SandboxError: none runs there.
    """
    endpoint, credentials = _read(data)
    return {
        "endpoint": endpoint,
        "datacite": f"{endpoint}/datacite",
        "users": dict(credentials["users"]),
    }


def running(data: Path | None) -> tuple[str, str]:
    """The endpoint and the support token of the sandbox that serves `data`, or that was served last.

    Raises:
        SandboxError: none runs there.
    """
    if data is None:
        try:
            data = Path((user_state_path("hubdoi") / "last-sandbox").read_text("utf-8"))
        except OSError:
            raise SandboxError(
                "No sandbox is running; name its data directory with --data DIR."
            ) from None
    endpoint, credentials = _read(data)
    return endpoint, str(credentials["support_token"])


def _read(data: Path) -> tuple[str, dict[str, Any]]:
    try:
        endpoint = json.loads((data / _FILE).read_text("utf-8"))["endpoint"]
        credentials = json.loads((data / "credentials.json").read_text("utf-8"))
        if not {"users", "support_token"} <= credentials.keys() or not _is_served_by(
            (data / "credentials.json").stat().st_uid, endpoint
        ):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SandboxError(
            f"No sandbox is running in {data}; start one with: hubdoi sandbox serve --data {data}"
        ) from None
    return str(endpoint), credentials


def _is_served_by(owner: int, endpoint: str) -> bool:
    """Whether `owner` listens on the port, or nobody, as far as the system tells (Linux does).

    A sandbox that was killed left its port to whoever wants it, and would be sent tokens there.
    """
    port = f":{int(endpoint.rpartition(':')[2]):04X}"
    users = set()
    for table in _LISTENING:
        with suppress(OSError):
            for line in table.read_text("ascii").splitlines()[1:]:
                _, local, _, state, _, _, _, user, *_ = line.split()
                if state == _LISTENS and local.endswith(port):
                    users.add(int(user))
    return not users or owner in users


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
