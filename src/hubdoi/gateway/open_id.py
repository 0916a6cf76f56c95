"""Sign in with OpenID Connect: Hugging Face, or the institution's own provider.

Authorization code with PKCE (RFC 7636). The ID token comes from the provider itself, over TLS or
loopback, so that its signature need not be checked (OpenID Connect Core, 3.1.3.7); its issuer,
audience, time and nonce are.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..config import Secret, check_encrypted
from ..minting.database import Database
from ..net.http import Http
from ..records.errors import InvalidInput, SignInRequired, UnexpectedAnswer
from .sessions import digest
from .settings import Settings
from .tables import sign_ins

_TOKENS = frozenset({"access_token", "refresh_token", "id_token", "device_code"})
_SECONDS = 600
_PATIENCE = 20.0
"""Seconds for which the provider is waited for."""
_SKEW = 3600
"""A clock an hour off keeps nobody out: the nonce shows that the token is fresh."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps until it comes back."""

    url: str
    state: str


class OpenId:
    """The provider that the settings name.

    Raises:
        InvalidInput: there is none.
    """

    groups: tuple[str, ...] | None = None
    """The groups of who came back; None where the settings name no claim for them."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.client, self.secret, issuer = self._application()
        self.issuer = issuer.rstrip("/")
        self.scope = settings.oidc_scope
        self._known: Mapping[str, Any] | None = None

    def _application(self) -> tuple[str, Secret | None, str]:
        """The client that the provider knows, its secret, and the issuer."""
        settings = self.settings
        if not settings.oidc_client:
            raise InvalidInput(
                "Sign-in is not configured: set HUBDOI_GATEWAY_OIDC_CLIENT to the application that the provider knows."
            )
        return settings.oidc_client, settings.oidc_secret, settings.oidc_issuer or settings.hub

    def check(self) -> None:
        """Let a provider pass that answers as one does. Raises as `finish`."""
        self._endpoint("authorization_endpoint")

    def begin(self, redirect_uri: str, next_page: str) -> Begun:
        """Send a browser to the provider. Raises as `finish`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self.database.transaction() as db:
            db.execute(sign_ins.delete().where(sign_ins.c.expires < time.time()))
            db.execute(
                sign_ins.insert().values(
                    digest=digest(state),
                    verifier=verifier,
                    nonce=nonce,
                    next=next_page,
                    expires=time.time() + _SECONDS,
                )
            )
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.client,
                "redirect_uri": redirect_uri,
                **({"scope": self.scope} if self.scope else {}),
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge.decode(),
                "code_challenge_method": "S256",
            }
        )
        there = self._endpoint("authorization_endpoint")
        return Begun(f"{there}{'&' if '?' in there else '?'}{query}", state)

    def finish(self, redirect_uri: str, state: str, kept: str, code: str) -> tuple[str, str]:
        """The user name of who came back, and the page that they wanted; each answer counts once.

        Raises:
            SignInRequired: the answer is not of a sign-in that this browser began, or too late.
            ServiceError: the provider does not answer as one should.
        """
        with self.database.transaction() as db:
            row = db.execute(
                sign_ins.delete()
                .where(sign_ins.c.digest == digest(state), sign_ins.c.expires > time.time())
                .returning(sign_ins.c.verifier, sign_ins.c.nonce, sign_ins.c.next)
            ).first()
        if row is None or not secrets.compare_digest(state.encode(), kept.encode()):
            raise SignInRequired("That sign-in took too long, or began elsewhere; sign in again.")
        form: dict[str, str | Secret] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client,
            "code_verifier": row.verifier,
        }
        if self.secret:
            form["client_secret"] = self.secret
        tokens = wrapped(self._answer("POST", self._endpoint("token_endpoint"), form=form))
        return self._username(tokens, row.nonce), row.next

    def _username(self, tokens: Mapping[str, Any], nonce: str) -> str:
        """The name under which who signed in is listed."""
        claims = self._claims(tokens.get("id_token") or Secret(""), nonce)
        token = tokens.get("access_token") or Secret("none")
        bearer = {"Authorization": Secret(f"Bearer {token.reveal()}")}
        about = self._answer("GET", self._endpoint("userinfo_endpoint"), headers=bearer)
        if about.get("sub") != claims.get("sub"):
            raise UnexpectedAnswer("The sign-in provider named two people; try again.")
        told = {**claims, **about}
        if self.settings.oidc_groups:
            self.groups = names_of(told.get(self.settings.oidc_groups))
        name = told.get(self.settings.oidc_claim)
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise UnexpectedAnswer(
                f"The sign-in provider did not send {self.settings.oidc_claim}; check HUBDOI_GATEWAY_OIDC_CLAIM."
            )
        return name.strip()

    def _claims(self, token: Secret, nonce: str) -> dict[str, Any]:
        try:
            part = token.reveal().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            right = (
                claims["iss"].rstrip("/") == self.issuer
                and self.client in audience
                and claims["nonce"] == nonce
                and claims["exp"] > time.time() - _SKEW
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            right, claims = False, {}
        if not right:
            raise UnexpectedAnswer("The sign-in provider's answer is not for this gateway.")
        return dict(claims)

    def _endpoint(self, name: str) -> str:
        if self._known is None:
            self._known = self._answer("GET", f"{self.issuer}/.well-known/openid-configuration")
        url = self._known.get(name)
        if not isinstance(url, str) or not _is_address(url):
            raise UnexpectedAnswer(f"{self.issuer} does not say where its {name} is.")
        # The secret of this gateway goes there, and what people allowed.
        check_encrypted(url)
        return url

    def _answer(self, method: str, url: str, **more: Any) -> Mapping[str, Any]:
        # Its endpoints may be on several servers.
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        with closing(Http(base, contact=self.settings.contact)) as http:
            until = monotonic() + _PATIENCE
            answer = http.request(method, url.removeprefix(base), until=until, **more)
        if answer.status >= 300 or not isinstance(answer.json, dict):
            raise UnexpectedAnswer(
                f"The sign-in provider refused (HTTP {answer.status}); sign in again."
            )
        return answer.json


def wrapped(tokens: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's answer, its tokens as secrets; what stands for one and is no text is left out."""
    return {
        name: Secret(value) if name in _TOKENS else value
        for name, value in tokens.items()
        if name not in _TOKENS or isinstance(value, str)
    }


def names_of(groups: Any) -> tuple[str, ...]:
    """The names in a list of groups; Hugging Face's organisations are objects."""
    found = []
    for one in groups if isinstance(groups, list) else [groups]:
        name = one.get("preferred_username") or one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and name.strip() and name.isprintable():
            found.append(name.strip())
    return tuple(found)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def is_ours(next_page: str) -> bool:
    """Whether a page may be gone to after a sign-in: one of this gateway."""
    return next_page.startswith("/gateway") and not set(next_page) & set("\\\r\n")
