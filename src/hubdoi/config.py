"""Where the endpoint, the registrar, the credentials and the style come from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .records import HUGGING_FACE
from .records.errors import InsecureEndpoint, InvalidInput
from .regular_file import read_regular

DATACITE_API = "https://api.datacite.org"
DATACITE_TEST_API = "https://api.test.datacite.org"
ORCID_API = "https://pub.orcid.org"
ROR_API = "https://api.ror.org"
TIMEOUT = 300.0
"""Seconds for all the requests of one command."""

_PREFIX = re.compile(r"10\.\d{4,9}(\.\d+)*")
_YEAR = 366 * 86400
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+")

CHOSEN: dict[str, Any] = {}
"""What ``%doi use`` chose in this process: settings that come before the environment's."""

# Setting -> the environment variables that give it, the first that is set.
_ENVIRONMENT = {
    "endpoint": ("HUBDOI_ENDPOINT", "HF_ENDPOINT"),
    "registrar": ("HUBDOI_REGISTRAR",),
    "token": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "identity": ("JUPYTERHUB_API_TOKEN",),
    "datacite_api": ("HUBDOI_DATACITE_API",),
    "datacite_repository": ("DATACITE_REPOSITORY",),
    "datacite_password": ("DATACITE_PASSWORD",),
    "datacite_prefix": ("DATACITE_PREFIX",),
    "datacite_publisher": ("DATACITE_PUBLISHER",),
    "datacite_test": ("HUBDOI_DATACITE_TEST",),
    "contact": ("HUBDOI_CONTACT",),
    "style": ("HUBDOI_STYLE",),
    "lookup": ("HUBDOI_LOOKUP",),
    "orcid_api": ("HUBDOI_ORCID_API",),
    "ror_api": ("HUBDOI_ROR_API",),
    "timeout": ("HUBDOI_TIMEOUT",),
}


GATEWAY_URL = "HUBDOI_GATEWAY_URL"
"""The variable with which JupyterHub announces the institution's gateway to its notebooks."""

_LARGEST_TOML = 16_000_000
_SECRETS = ("token", "identity", "datacite_password")


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
    """The settings of one client; `token` and `identity` None mean that nobody is signed in.

    `identity` says at an institution's gateway who somebody is, and goes to that alone.
    `datacite_test` chooses DataCite's test system, unless `datacite_api` names another URL.
    `datacite_publisher` is DataCite's property 4: who holds and publishes the repositories.
    `contact` is the e-mail address that services are told, so that they can write. With `lookup`
    the panel looks up names while they are written, at `orcid_api` and `ror_api`; None is ORCID's
    and ROR's own API, and with a Hub on this machine that Hub. `timeout` is how many seconds all
    requests of one command may take together.
    """

    endpoint: str = HUGGING_FACE
    registrar: str = "auto"
    token: Secret | None = None
    identity: Secret | None = None
    datacite_api: str = DATACITE_API
    datacite_repository: str | None = None
    datacite_password: Secret | None = field(default=None)
    datacite_prefix: str | None = None
    datacite_publisher: str = "Hugging Face"
    datacite_test: bool = False
    contact: str | None = None
    style: str | None = None
    lookup: bool = True
    orcid_api: str | None = None
    ror_api: str | None = None
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        object.__setattr__(self, "timeout", _seconds(self.timeout))
        if self.datacite_test and self.datacite_api == DATACITE_API:
            object.__setattr__(self, "datacite_api", DATACITE_TEST_API)
        object.__setattr__(self, "endpoint", check_endpoint(self.endpoint))
        object.__setattr__(self, "datacite_api", check_endpoint(self.datacite_api))
        for name in ("orcid_api", "ror_api"):
            if getattr(self, name):
                object.__setattr__(self, name, check_endpoint(getattr(self, name)))
        if self.datacite_prefix and not _PREFIX.fullmatch(self.datacite_prefix):
            raise InvalidInput(
                f"{self.datacite_prefix[:40]!r} is not the prefix of a DOI; it is written like 10.12345."
            )
        if self.contact and not _ADDRESS.fullmatch(self.contact):
            raise InvalidInput(
                f"{self.contact[:60]!r} is not an e-mail address; it is what services write to when something is wrong."
            )
        for token in (self.token, self.identity):
            if token is not None and not token.fits_header:
                raise InvalidInput(
                    "The token contains characters that no token has; copy it again, without line breaks."
                )
        if self.datacite_password is not None and not self.datacite_password.is_text:
            raise InvalidInput(
                "DATACITE_PASSWORD contains characters that no password has; copy it again, without line breaks."
            )
        for address, secret in (
            (self.endpoint, self.token or self.identity),
            (self.datacite_api, self.datacite_password),
        ):
            if secret:
                check_encrypted(address)

    @property
    def is_signed_in(self) -> bool:
        """Whether there is anything that says who asks."""
        return self.token is not None or self.identity is not None

    @classmethod
    def resolve(
        cls,
        *choices: Mapping[str, Any],
        environ: Mapping[str, str] | None = None,
        traitlets: Mapping[str, Any] | None = None,
    ) -> Config:
        """The first that is set wins: `choices` in their order, the environment, `traitlets`, the defaults.

        A token of the environment or of `traitlets` goes to huggingface.co and to the Hubs that
        the environment itself names (HF_ENDPOINT, HUBDOI_ENDPOINT, HUBDOI_GATEWAY_URL), one of
        `traitlets` to the Hub named beside it as well. A Hub that `choices` name needs its token in
        `choices`. JupyterHub's token (JUPYTERHUB_API_TOKEN) goes to HUBDOI_GATEWAY_URL alone. A
        DataCite password goes in the same way to DataCite and to HUBDOI_DATACITE_API.

        A token of ``hf auth login``, or in the keyring under ``hubdoi-huggingface``, ``token``, is
        used for huggingface.co and for the HF_ENDPOINT of the environment, and sent to no other
        URL. A DataCite password that is not set is looked for in the keyring under
        ``hubdoi-datacite`` and the account's name.

        Raises:
            InvalidInput: a setting cannot be read.
            InsecureEndpoint: credentials would travel unencrypted.
        """
        # Whatever fails from here on, no frame of this class has a bare token or password in it.
        choices = tuple(_wrapped(layer) for layer in choices)
        traitlets = _wrapped(traitlets or {})
        named_here = ("HF_ENDPOINT", "HUBDOI_ENDPOINT", GATEWAY_URL)
        hubs = {name: _endpoint_in(environ, name) for name in named_here}
        here = _endpoint_in(environ, "HUBDOI_DATACITE_API")
        environ = _wrapped(_settings_of(os.environ if environ is None else environ))
        layers = [*choices, environ, traitlets]
        values: dict[str, Any] = {}
        for layer in reversed(layers):
            values.update(layer)
        known = {field.name for field in fields(cls)}
        unknown = sorted(values.keys() - known)
        if unknown:
            raise InvalidInput(
                f"There is no setting {unknown[0]!r}; the settings are {', '.join(sorted(known))}."
            )
        endpoint = check_endpoint(values.get("endpoint", HUGGING_FACE))
        if endpoint not in {HUGGING_FACE, *hubs.values()} and not _is_given_with(
            "token", "endpoint", layers, environ
        ):
            values.pop("token", None)
        datacite = check_endpoint(values.get("datacite_api", DATACITE_API))
        is_datacite = datacite in (DATACITE_API, DATACITE_TEST_API, here)
        if not is_datacite and not _is_given_with(
            "datacite_password", "datacite_api", layers, environ
        ):
            values.pop("datacite_password", None)
        if not any("identity" in layer for layer in choices) and (
            endpoint == HUGGING_FACE or endpoint != hubs[GATEWAY_URL]
        ):
            values.pop("identity", None)
        anonymous = values.get("token") is False
        if anonymous:
            values.pop("token")
        for name in ("datacite_test", "lookup"):
            if isinstance(values.get(name), str):
                values[name] = values[name].upper() in ("1", "ON", "YES", "TRUE")
        has_password = values.get("datacite_password") or not is_datacite
        if values.get("datacite_repository") and not has_password:
            found = _from_keyring("datacite", values["datacite_repository"])
            values |= {"datacite_password": found} if found else {}
        config = cls(**values)
        signed_in = (HUGGING_FACE, hubs["HF_ENDPOINT"])
        if config.token is None and not anonymous and config.endpoint in signed_in:
            stored = _stored_token() or _from_keyring("huggingface", "token")
            config = replace(config, token=stored) if stored else config
        return config


def _is_given_with(
    secret: str, url: str, layers: Sequence[Mapping[str, Any]], environ: Mapping[str, Any]
) -> bool:
    """Whether who named the server of `url` gave the `secret` too, or who comes before them did."""
    given = next((i for i, layer in enumerate(layers) if secret in layer), len(layers))
    named = next((i for i, layer in enumerate(layers) if url in layer), len(layers))
    return given <= named and (given == len(layers) or layers[given] is not environ)


def _settings_of(environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        setting: next((environ[name] for name in variables if environ.get(name)), None)
        for setting, variables in _ENVIRONMENT.items()
    }


def _endpoint_in(environ: Mapping[str, str] | None, variable: str) -> str:
    """The Hub that `variable` of the environment names, or huggingface.co."""
    named = (os.environ if environ is None else environ).get(variable)
    if not named:
        return HUGGING_FACE
    try:
        return check_endpoint(named)
    except InvalidInput:
        # Whether it can be used is said where it is used.
        return HUGGING_FACE


def _wrapped(layer: Mapping[str, Any]) -> dict[str, Any]:
    """What is set in `layer`, its secrets wrapped."""
    return {
        name: Secret(value.strip()) if name in _SECRETS and isinstance(value, str) else value
        for name, value in layer.items()
        if value is not None and value != ""
    }


def check_endpoint(address: str) -> str:
    """`address` in its one spelling: without a trailing slash, in lower case, without a default port.

    Raises:
        InvalidInput: it is not an http(s) URL, or has a user name and password in it.
    """
    text = str(address).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in text:
        raise InvalidInput(f"{text[:80]!r} is not the URL of a server; it starts with https://.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput(
            "Give the URL of the server alone, and the credentials through the environment."
        )
    host = parts.hostname.rstrip(".")
    host = f"[{host}]" if ":" in host else host
    is_default = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    # One spelling for one server: what is kept for it is found again under every other (R8).
    return f"{parts.scheme}://{host}{'' if is_default else f':{parts.port}'}{parts.path}"


def _seconds(given: Any) -> float:
    try:
        seconds = float(given)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    if not 0 < seconds < _YEAR:
        raise InvalidInput(
            f"The timeout {str(given)[:40]!r} is not a number of seconds; write it like 300."
        )
    return seconds


def check_encrypted(address: str) -> None:
    """Let URLs pass that credentials may go to.

    Raises:
        InsecureEndpoint: they would go unencrypted to another machine.
    """
    if not address.startswith("http:") or is_loopback(address):
        return
    if os.environ.get("HUBDOI_ALLOW_HTTP") != "1":
        raise InsecureEndpoint(
            f"{address} would carry your credentials unencrypted; use https, or set HUBDOI_ALLOW_HTTP=1 if you must."
        )


def user_path(text: str | Path) -> Path:
    """The path that a person wrote, ``~`` included.

    Raises:
        InvalidInput: it begins with the ``~name`` of a user that there is not.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        pass
    raise InvalidInput(
        f"{str(text)[:80]!r} begins with the name of an unknown user; write the whole path."
    )


def nearest_file(name: str, folder: Path | None = None) -> Path | None:
    """The file `name` in `folder`, else the working directory, or in the nearest one above it."""
    try:
        place = (folder or Path.cwd()).resolve()
    except (OSError, RuntimeError, ValueError):
        # The working directory was removed, or `folder` is a loop of links or no name of a folder.
        return None
    for above in (place, *place.parents):
        with suppress(OSError):
            if (above / name).is_file():
                return above / name
    return None


def read_toml(file: Path) -> dict[str, Any]:
    """What a TOML file says.

    Raises:
        InvalidInput: it cannot be read, or is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(read_regular(file, _LARGEST_TOML, must_exist=True).decode())
    except InvalidInput:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from None


def is_loopback(address: str) -> bool:
    """Whether `address` is on this machine."""
    from ipaddress import ip_address

    host = ""
    try:
        host = urlsplit(address).hostname or ""
        return ip_address(host).is_loopback
    except ValueError:
        # A name, of which only one is sure to stay here.
        return host == "localhost"


def _stored_token() -> Secret | None:
    """The token that ``hf auth login`` stored, without importing huggingface_hub for a missing file."""
    home = (
        os.environ.get("HF_HOME")
        or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    )
    try:
        path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()
        if not path.is_file():
            return None
        from huggingface_hub import get_token

        found = get_token()
        return Secret(found) if found else None
    except (OSError, RuntimeError, ValueError):
        # RuntimeError: `~name` of a user that there is not.
        return None


def _from_keyring(service: str, username: str) -> Secret | None:
    """A password of the user's keyring, where the library is installed and a keyring is there."""
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(f"hubdoi-{service}", username)
        return Secret(found) if found else None
    except (KeyringError, RuntimeError, OSError):
        # A locked keyring, or one without a desktop to unlock it, is no keyring.
        return None
