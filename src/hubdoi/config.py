"""Where the endpoint, the registrar, the credentials and the style come from (design chapter 8)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from .records import HUGGING_FACE
from .records.errors import InsecureEndpoint, InvalidInput

DATACITE_API = "https://api.datacite.org"
DATACITE_TEST_API = "https://api.test.datacite.org"

_PREFIX = re.compile(r"10\.\d{4,9}(\.\d+)*")
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+")

CHOSEN: dict[str, Any] = {}
"""What ``%doi use`` chose in this process: settings that come before the environment's."""

# Setting -> the environment variables that give it, the first that is set.
_ENVIRONMENT = {
    "endpoint": ("HUBDOI_ENDPOINT", "HF_ENDPOINT"),
    "registrar": ("HUBDOI_REGISTRAR",),
    "token": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "datacite_api": ("HUBDOI_DATACITE_API",),
    "datacite_repository": ("DATACITE_REPOSITORY",),
    "datacite_password": ("DATACITE_PASSWORD",),
    "datacite_prefix": ("DATACITE_PREFIX",),
    "datacite_publisher": ("DATACITE_PUBLISHER",),
    "datacite_test": ("HUBDOI_DATACITE_TEST",),
    "contact": ("HUBDOI_CONTACT",),
    "style": ("HUBDOI_STYLE",),
}


class Secret:
    """A token or password: shown as dots wherever it is printed, read only by `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def fits_header(self) -> bool:
        """Whether it is visible ASCII, as every token is."""
        return self._value.isascii() and self._value.isprintable() and " " not in self._value

    @property
    def is_text(self) -> bool:
        """Whether it is Unicode text on one line, as every password is."""
        return not any(c in "\r\n\0" or 0xD800 <= ord(c) < 0xE000 for c in self._value)

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written to disk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one client; `token` None means that nobody is signed in.

    `datacite_test` chooses DataCite's test system, unless `datacite_api` names another address.
    `datacite_publisher` is DataCite's property 4: who holds and publishes the repositories.
    `contact` is the e-mail address that services are told, so that they can write.
    """

    endpoint: str = HUGGING_FACE
    registrar: str = "auto"
    token: Secret | None = None
    datacite_api: str = DATACITE_API
    datacite_repository: str | None = None
    datacite_password: Secret | None = field(default=None)
    datacite_prefix: str | None = None
    datacite_publisher: str = "Hugging Face"
    datacite_test: bool = False
    contact: str | None = None
    style: str | None = None

    def __post_init__(self) -> None:
        if self.datacite_test and self.datacite_api == DATACITE_API:
            object.__setattr__(self, "datacite_api", DATACITE_TEST_API)
        object.__setattr__(self, "endpoint", check_endpoint(self.endpoint))
        object.__setattr__(self, "datacite_api", check_endpoint(self.datacite_api))
        if self.datacite_prefix and not _PREFIX.fullmatch(self.datacite_prefix):
            raise InvalidInput(
                f"{self.datacite_prefix[:40]!r} is not the prefix of a DOI; it is written like 10.12345."
            )
        if self.contact and not _ADDRESS.fullmatch(self.contact):
            raise InvalidInput(
                f"{self.contact[:60]!r} is not an e-mail address; it is what services write to when something is wrong."
            )
        for address, secret in (
            (self.endpoint, self.token),
            (self.datacite_api, self.datacite_password),
        ):
            if secret and address.startswith("http:") and not is_loopback(address):
                if os.environ.get("HUBDOI_ALLOW_HTTP") == "1":
                    continue
                raise InsecureEndpoint(
                    f"{address} would carry your credentials unencrypted; use https, or set HUBDOI_ALLOW_HTTP=1 if you must."
                )

    @classmethod
    def resolve(
        cls,
        *choices: Mapping[str, Any],
        environ: Mapping[str, str] | None = None,
        traitlets: Mapping[str, Any] | None = None,
    ) -> Config:
        """The first that is set wins: `choices` in their order, the environment, `traitlets`, the defaults.

        A token of ``hf auth login``, or in the keyring under ``hubdoi-huggingface``, ``token``, is
        used for huggingface.co and for the HF_ENDPOINT of the environment, and sent to no other
        address. A DataCite password that is not set is looked for in the keyring under
        ``hubdoi-datacite`` and the account's name.

        Raises:
            InvalidInput: a setting cannot be read.
            InsecureEndpoint: credentials would travel unencrypted.
        """
        environ = os.environ if environ is None else environ
        from_environment: dict[str, Any] = {}
        for setting, variables in _ENVIRONMENT.items():
            found = next((environ[name] for name in variables if environ.get(name)), None)
            if found:
                from_environment[setting] = found
        values: dict[str, Any] = {}
        for layer in (traitlets or {}, from_environment, *reversed(choices)):
            values.update(
                {key: value for key, value in layer.items() if value is not None and value != ""}
            )
        known = {field.name for field in fields(cls)}
        unknown = sorted(values.keys() - known)
        if unknown:
            raise InvalidInput(
                f"There is no setting {unknown[0]!r}; the settings are {', '.join(sorted(known))}."
            )
        anonymous = values.get("token") is False
        if anonymous:
            values.pop("token")
        for name in ("token", "datacite_password"):
            if isinstance(values.get(name), str):
                values[name] = Secret(values[name].strip())
        if isinstance(values.get("datacite_test"), str):
            values["datacite_test"] = values["datacite_test"].upper() in ("1", "ON", "YES", "TRUE")
        if values.get("datacite_repository") and not values.get("datacite_password"):
            found = _from_keyring("datacite", values["datacite_repository"])
            values |= {"datacite_password": Secret(found)} if found else {}
        config = cls(**values)
        trusted = {HUGGING_FACE, (environ.get("HF_ENDPOINT") or HUGGING_FACE).rstrip("/")}
        if config.token is None and not anonymous and config.endpoint in trusted:
            stored = _stored_token() or _from_keyring("huggingface", "token")
            config = replace(config, token=Secret(stored)) if stored else config
        return config


def check_endpoint(address: str) -> str:
    """`address` without a trailing slash.

    Raises:
        InvalidInput: it is not an http(s) address, or has a user name and password in it.
    """
    text = str(address).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in text:
        raise InvalidInput(
            f"{text[:80]!r} is not the address of a server; it starts with https://."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput(
            "Give the address of the server alone, and the credentials through the environment."
        )
    return text


def is_loopback(address: str) -> bool:
    """Whether `address` is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # A name, of which only one is sure to stay here.
        return host == "localhost"


def _stored_token() -> str | None:
    """The token that ``hf auth login`` stored, without importing huggingface_hub for a missing file."""
    from pathlib import Path

    home = (
        os.environ.get("HF_HOME")
        or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    )
    path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()
    try:
        if not path.is_file():
            return None
        from huggingface_hub import get_token

        return get_token()
    except OSError:
        return None


def _from_keyring(service: str, username: str) -> str | None:
    """A password of the user's keyring, where the library is installed and a keyring is there."""
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(f"hubdoi-{service}", username)
    except (KeyringError, RuntimeError, OSError):
        # A locked keyring, or one without a desktop to unlock it, is no keyring.
        return None
