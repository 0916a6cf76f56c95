"""The configuration of a gateway: one schema, read from the environment and from one file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..config import DATACITE_API, Config, Secret, check_encrypted, check_endpoint
from ..records import HUGGING_FACE
from ..records.errors import InvalidInput

FILE = "HUBDOI_GATEWAY_CONFIG"
"""The variable that names the configuration file (TOML); the environment wins over it."""
SHORTEST_SECRET = 16
_SERVERS = ("hub", "url", "jupyterhub", "oidc_issuer", "orcid_issuer")
REQUIREMENTS = ("orcid", "license", "description")


def _setting(variable: str, about: str, default: Any = None, *, shown: bool = True) -> Any:
    return field(default=default, repr=shown, metadata={"variable": variable, "about": about})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a gateway is told when it starts; each field has a variable and, in the file, its name."""

    database: str | None = _setting(
        "HUBDOI_GATEWAY_DATABASE",
        "an SQLAlchemy URL; without it SQLite in the data directory, for one process",
        # It may have a password in it.
        shown=False,
    )
    hub: str = _setting("HUBDOI_GATEWAY_HUB", "the URL of the Hub", HUGGING_FACE)
    hub_token: Secret | None = _setting(
        "HUBDOI_GATEWAY_HUB_TOKEN",
        "a read token of the institution, with which `reconcile` sees its private repositories",
    )
    webhook_secret: Secret | None = _setting(
        "HUBDOI_GATEWAY_WEBHOOK_SECRET",
        "the secret of the Hub's webhook; without it the gateway takes none",
    )
    owners: tuple[str, ...] = _setting(
        "HUBDOI_GATEWAY_OWNERS",
        "users and organisations on the Hub that this institution serves, separated by commas",
        (),
    )
    url: str | None = _setting(
        "HUBDOI_GATEWAY_URL",
        "the public URL of the gateway; without it, where it listens",
    )
    institution: str = _setting(
        "HUBDOI_GATEWAY_INSTITUTION", "its name, as people read it", "The institution"
    )
    terms: str | None = _setting(
        "HUBDOI_GATEWAY_TERMS",
        "a UTF-8 file with the terms; {institution}, {account}, {hub} and {test} are filled in",
    )
    quota: int | None = _setting(
        "HUBDOI_GATEWAY_QUOTA", "how many DOIs a person may mint in 365 days; without it any number"
    )
    rate: int | None = _setting(
        "HUBDOI_GATEWAY_RATE", "how many requests a person may make in a minute", 6000
    )
    require: tuple[str, ...] = _setting(
        "HUBDOI_GATEWAY_REQUIRE",
        f"metadata without which nothing is minted: {', '.join(REQUIREMENTS)}",
        (),
    )
    people: str = _setting(
        "HUBDOI_GATEWAY_PEOPLE",
        "who may mint: anyone who may write to a repository of these owners, or only those who are listed with hubdoi gateway user set",
        "anyone",
    )
    review: bool = _setting(
        "HUBDOI_GATEWAY_REVIEW",
        "1: a curator decides each mint, correction and reservation first; a group's policy wins",
        False,
    )
    suffix: str = _setting(
        "HUBDOI_GATEWAY_SUFFIX",
        "the suffix of new DOIs; {hash} is required, {revision} is the first 7 digits",
        "hf.{revision}.{hash}",
    )
    datacite_api: str = _setting("HUBDOI_DATACITE_API", "DataCite's REST API", DATACITE_API)
    datacite_repository: str | None = _setting("DATACITE_REPOSITORY", "the repository account")
    datacite_password: Secret | None = _setting(
        "DATACITE_PASSWORD", "its password, or an API key (DC.…)"
    )
    datacite_prefix: str | None = _setting("DATACITE_PREFIX", "its prefix")
    datacite_publisher: str = _setting(
        "DATACITE_PUBLISHER", "the publisher in the metadata", "Hugging Face"
    )
    jupyterhub: str | None = _setting(
        "HUBDOI_GATEWAY_JUPYTERHUB",
        "the API of JupyterHub, such as https://hub.example.org/hub/api; then only its people mint, with a token that has the scope custom:hubdoi:mint",
    )
    hub_client: str | None = _setting(
        "HUBDOI_GATEWAY_HUB_CLIENT",
        "the application of the Hub with which people sign in from a notebook (%doi login); what they allow is kept, encrypted",
    )
    hub_client_secret: Secret | None = _setting(
        "HUBDOI_GATEWAY_HUB_CLIENT_SECRET", "its secret; without it a public client"
    )
    key: Secret | None = _setting(
        "HUBDOI_GATEWAY_KEY",
        "the key that encrypts it: 32 random bytes in URL-safe base64; older keys after it, separated by commas",
    )
    oidc_issuer: str | None = _setting(
        "HUBDOI_GATEWAY_OIDC_ISSUER",
        "the OpenID Connect provider with which people sign in to the pages; without it JupyterHub, else the Hub",
    )
    oidc_client: str | None = _setting(
        "HUBDOI_GATEWAY_OIDC_CLIENT",
        "the application that the provider knows; its callback is URL/gateway/callback",
    )
    oidc_secret: Secret | None = _setting(
        "HUBDOI_GATEWAY_OIDC_SECRET", "its secret; without it a public client"
    )
    oidc_claim: str = _setting(
        "HUBDOI_GATEWAY_OIDC_CLAIM",
        "the claim with the name under which a person is listed",
        "preferred_username",
    )
    oidc_groups: str | None = _setting(
        "HUBDOI_GATEWAY_OIDC_GROUPS",
        "the claim with the groups of a person, such as groups; a group's policy counts for them",
    )
    oidc_scope: str = _setting(
        "HUBDOI_GATEWAY_OIDC_SCOPE", "what the provider is asked for", "openid profile"
    )
    smtp: Secret | None = _setting(
        "HUBDOI_GATEWAY_SMTP",
        "the mail server, smtp://user:password@host:587 (with STARTTLS) or smtps://…; without it no mail is sent",
    )
    mail_from: str | None = _setting(
        "HUBDOI_GATEWAY_MAIL_FROM",
        "who the mails are from; without it HUBDOI_CONTACT",
    )
    mail_to: tuple[str, ...] = _setting(
        "HUBDOI_GATEWAY_MAIL_TO",
        "the curators' e-mail addresses, separated by commas",
        (),
    )
    notify: Secret | None = _setting(
        "HUBDOI_GATEWAY_NOTIFY",
        "a URL, such as a chat's, that is told of what needs a curator",
    )
    notify_secret: Secret | None = _setting(
        "HUBDOI_GATEWAY_NOTIFY_SECRET",
        "the key with which that is signed",
    )
    orcid_client: str | None = _setting(
        "HUBDOI_GATEWAY_ORCID_CLIENT",
        "the application of ORCID with which people show that an iD is theirs; its callback is URL/gateway/orcid/callback",
    )
    orcid_secret: Secret | None = _setting("HUBDOI_GATEWAY_ORCID_SECRET", "its secret")
    orcid_issuer: str = _setting(
        "HUBDOI_GATEWAY_ORCID_ISSUER",
        "ORCID; https://sandbox.orcid.org to try it",
        "https://orcid.org",
    )
    traces: str | None = _setting(
        "HUBDOI_GATEWAY_TRACES",
        "the URL of an OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces; without it no traces",
    )
    contact: str | None = _setting(
        "HUBDOI_CONTACT", "an e-mail address that services and researchers can write to"
    )

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, **chosen: Any) -> Settings:
        """The settings of the environment, then of the file that it names; `chosen` win over both.

        A variable whose name ends in ``_FILE`` names a file with the value, for secrets.

        Raises:
            InvalidInput: a setting cannot be read, or there is no such setting.
        """
        environ = os.environ if environ is None else environ
        values = _from_file(environ.get(FILE))
        known = {one.name: one for one in fields(cls)}
        for name in values:
            if name not in known:
                raise InvalidInput(
                    f"The gateway has no setting {name[:60]!r}; the settings are {', '.join(known)}."
                )
        for name, one in known.items():
            found = _from_environment(environ, one.metadata["variable"])
            if found is not None:
                values[name] = found
        values |= chosen
        return cls(**{name: _value(known[name], value) for name, value in values.items()})

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name in _SERVERS and getattr(self, one.name):
                variable = one.metadata["variable"]
                object.__setattr__(self, one.name, _url(variable, getattr(self, one.name)))
        for name in ("jupyterhub", "oidc_issuer", "orcid_issuer"):
            if getattr(self, name):
                check_encrypted(getattr(self, name))
        if self.url and urlsplit(self.url).path:
            raise InvalidInput(
                "HUBDOI_GATEWAY_URL has a path, and the gateway's pages have none; give it a name or a port of its own, such as https://dois.example.org."
            )
        if self.webhook_secret and len(self.webhook_secret.reveal()) < SHORTEST_SECRET:
            raise InvalidInput(
                f"HUBDOI_GATEWAY_WEBHOOK_SECRET has fewer than {SHORTEST_SECRET} characters; make a longer one, and write it into the Hub's webhook as well."
            )
        if self.people not in ("anyone", "listed"):
            raise InvalidInput("HUBDOI_GATEWAY_PEOPLE is anyone or listed.")
        for name in self.require:
            if name not in REQUIREMENTS:
                raise InvalidInput(
                    f"{name[:40]!r} cannot be required; choose from {', '.join(REQUIREMENTS)}."
                )

    def for_person(self, token: Secret | None) -> Config:
        """The settings of one client of the Hub and of DataCite.

        Raises:
            InvalidInput, InsecureEndpoint: a setting cannot be used.
        """
        return Config(
            endpoint=self.hub,
            token=token,
            registrar="datacite",
            datacite_api=self.datacite_api,
            datacite_repository=self.datacite_repository,
            datacite_password=self.datacite_password,
            datacite_prefix=self.datacite_prefix,
            datacite_publisher=self.datacite_publisher,
            contact=self.contact,
        )


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that look like settings of a gateway and are none, each with the one that was meant."""
    names = [one.metadata["variable"] for one in fields(Settings)]
    known = {FILE, *names, *(f"{name}_FILE" for name in names)}
    return {
        name: next(iter(get_close_matches(name, known, 1)), None)
        for name in sorted(environ)
        if name.startswith("HUBDOI_GATEWAY_") and name not in known
    }


def _url(variable: str, value: str) -> str:
    try:
        return check_endpoint(value)
    except InvalidInput as error:
        raise InvalidInput(f"{variable}: {error.message}") from None


def _from_environment(environ: Mapping[str, str], variable: str) -> str | None:
    path = environ.get(f"{variable}_FILE")
    if environ.get(variable):
        if path:
            raise InvalidInput(f"{variable} and {variable}_FILE are both set; remove one of them.")
        return environ[variable]
    if not path:
        return None
    try:
        found = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidInput(
            f"{variable}_FILE names {path}, which cannot be read: {reason}."
        ) from None
    if not found:
        raise InvalidInput(f"{variable}_FILE names {path}, which is empty.")
    return found


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InvalidInput(
            f"{FILE} names {path}, which cannot be read: {error.strerror}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The configuration file {path} is not TOML: {error}.") from None


def _value(one: Any, value: Any) -> Any:
    """`value` as the type of the setting `one`."""
    variable, kind = one.metadata["variable"], one.type
    if value is None:
        return one.default
    if "tuple" in kind:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(p, str) for p in parts):
            raise InvalidInput(f"{variable} is a list of names, separated by commas.")
        return tuple(part.strip() for part in parts if part.strip())
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "on", "yes", "true"):
            return True
        if str(value).lower() in ("0", "off", "no", "false"):
            return False
        raise InvalidInput(f"{variable} is 1 or 0.")
    if "int" in kind:
        try:
            # In a file, true is no 1 and 1.5 no whole number.
            number = int(value) if type(value) in (int, str) else 0
        except (TypeError, ValueError):
            number = 0
        if number < 1:
            raise InvalidInput(f"{variable} is a whole number, 1 or more.")
        return number
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise InvalidInput(f"{variable} is text.")
    return Secret(value.strip()) if "Secret" in kind else value.strip() or one.default
