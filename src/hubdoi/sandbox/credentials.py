"""The secrets of one sandbox: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import hmac
import json
import secrets
import string
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from ..records import TEST_PREFIX
from ..records.errors import SandboxError
from .data_directory import write_secret

DATACITE_USERNAME = "SANDBOX.HF"
DATACITE_PREFIX = TEST_PREFIX

_ALPHABET = string.ascii_letters + string.digits


class Credentials:
    """Tokens of people, the support token, the password and API key of the DataCite account, the session key.

    `id` is no secret: it names the sandbox under whichever URL it is reached.

    They are read from `path`, or made and written there with mode 0600.

    Raises:
        SandboxError: the file cannot be read or written, or is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        held = _read(path)
        self._users: dict[str, str] = dict(held.get("users", {}))
        self.support_token: str = held.get("support_token") or _token("hfs_")
        self.datacite_password: str = held.get("datacite_password") or _random(32)
        # As DataCite's own look: they take the place of the password.
        self.datacite_key: str = held.get("datacite_key") or f"DC.{_random(32)}"
        self.id: str = held.get("id") or uuid4().hex
        self.session_key: bytes = bytes.fromhex(held.get("session_key") or secrets.token_hex(32))
        if not {"id", "datacite_key"} <= held.keys():
            self._write()

    @property
    def users(self) -> Mapping[str, str]:
        return MappingProxyType(dict(self._users))

    @property
    def datacite_repository(self) -> dict[str, str]:
        """User name, password, API key and prefix of the DataCite account."""
        return {
            "username": DATACITE_USERNAME,
            "password": self.datacite_password,
            "api_key": self.datacite_key,
            "prefix": DATACITE_PREFIX,
        }

    def add(self, *usernames: str) -> None:
        """Make a token for each of `usernames` that has none."""
        with self._lock:
            new = {name: _token("hf_") for name in usernames if name not in self._users}
            if new:
                self._users |= new
                self._write()

    def token_for(self, username: str) -> str:
        """The token of `username`, made now if there is none."""
        self.add(username)
        return self._users[username]

    def username_of(self, token: str) -> str | None:
        """Whose `token` this is. How long it takes says nothing of how much of it was right."""
        found = None
        for username, known in list(self._users.items()):
            if _same(token, known):
                found = username
        return found

    def is_support(self, token: str) -> bool:
        return _same(token, self.support_token)

    def is_datacite(self, username: str, password: str) -> bool:
        right_name = _same(username.upper(), DATACITE_USERNAME)
        known = _same(password, self.datacite_password) | _same(password, self.datacite_key)
        return known and right_name

    def __repr__(self) -> str:
        return f"Credentials(users={sorted(self._users)})"

    def _write(self) -> None:
        content = {
            "id": self.id,
            "users": self._users,
            "support_token": self.support_token,
            "datacite_password": self.datacite_password,
            "datacite_key": self.datacite_key,
            "session_key": self.session_key.hex(),
        }
        write_secret(self._path, json.dumps(content).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(held, dict) or not isinstance(held.get("users"), dict):
            raise ValueError
        bytes.fromhex(held["session_key"])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SandboxError(
            f"The sandbox cannot read {path} ({error.strerror}); make it readable for you."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise SandboxError(
            f"{path} does not hold the credentials of a sandbox; "
            "move it away and new ones will be made."
        ) from None
    return held


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def _token(prefix: str) -> str:
    return prefix + _random(34)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
