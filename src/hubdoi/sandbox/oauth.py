"""Signing in by OAuth 2: applications, what people allowed them, and the tokens that came of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, delete, func, insert, select, update

from ..minting.database import Database
from .oauth_tables import APPLICATIONS, CODES, DEVICES, TOKENS
from .scopes import SCOPES

CLI = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"
"""The application that `hf auth login` says it is; every Hub knows it."""

ACCESS_SECONDS = 8 * 3600
DEVICE_SECONDS = 900
POLL_SECONDS = 1
_REFRESH_SECONDS = 30 * 24 * 3600
_CODE_SECONDS = 300
_MAX_APPLICATIONS = 10_000
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# What browsers and `urlsplit` understand alike.
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:[0-9]+)?")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# No vowels and nothing that looks like another: what people type from one screen to another.
_USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"


class OAuthError(Exception):
    """An error of RFC 6749: `code` is its name, `status` that of the answer."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks for access: public when it has no secret."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret: str | None = None

    def accepts(self, redirect_uri: str) -> bool:
        """Whether a code may go to that URL; the port of a loopback address is free (RFC 8252)."""
        return any(_same_redirect(known, redirect_uri) for known in self.redirect_uris)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows, and whose it is."""

    application: str
    username: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """New tokens. `nonce` is what the application asked to find in its ID token."""

    grant: Grant
    access_token: str
    refresh_token: str
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device that waits for a person to type its code."""

    user_code: str
    application: Application
    scopes: tuple[str, ...]


class OAuth:
    """The applications, codes, devices and tokens in `database`; secrets are kept as digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(
        self, name: str, redirect_uris: Sequence[str], *, public: bool
    ) -> tuple[Application, str | None]:
        """A new application, and its secret unless it is public.

        Raises:
            OAuthError: a redirect URI cannot be used, or there are too many applications.
        """
        for uri in redirect_uris:
            _check_redirect(uri)
        secret = None if public else "hf_oauth_secret_" + secrets.token_urlsafe(32)
        made = Application(
            secrets.token_hex(16), name, tuple(redirect_uris), _digest(secret) if secret else None
        )
        with self._database.transaction() as connection:
            count = connection.execute(select(func.count()).select_from(APPLICATIONS)).scalar_one()
            if count >= _MAX_APPLICATIONS:
                raise OAuthError("invalid_request", "Too many applications are registered here.")
            connection.execute(
                insert(APPLICATIONS).values(
                    id=made.id,
                    secret=made.secret,
                    name=name,
                    redirect_uris=json.dumps(list(redirect_uris)),
                )
            )
        return made, secret

    def application(self, client_id: str) -> Application | None:
        if client_id == CLI:
            return Application(CLI, "Hugging Face CLI", ())
        with self._database.reading() as connection:
            row = connection.execute(
                select(APPLICATIONS).where(APPLICATIONS.c.id == client_id)
            ).first()
        if row is None:
            return None
        return Application(row.id, row.name, tuple(json.loads(row.redirect_uris)), row.secret)

    def authenticate(self, client_id: str, secret: str | None) -> Application:
        """The application that asks for tokens.

        Raises:
            OAuthError: there is none, or the secret is wrong.
        """
        found = self.application(client_id)
        if found is None or (
            found.secret is not None
            and not hmac.compare_digest(found.secret, _digest(secret or ""))
        ):
            raise OAuthError(
                "invalid_client", "The application is unknown, or its secret is wrong.", 401
            )
        return found

    def allow(
        self,
        application: Application,
        username: str,
        scopes: Sequence[str],
        *,
        redirect_uri: str,
        challenge: str | None,
        nonce: str | None,
    ) -> str:
        """A person allowed it: the code that the application changes for tokens."""
        code = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            connection.execute(delete(CODES).where(CODES.c.expires < time.time() - 3600))
            connection.execute(
                insert(CODES).values(
                    digest=_digest(code),
                    application=application.id,
                    username=username,
                    scope=" ".join(scopes),
                    redirect_uri=redirect_uri,
                    challenge=challenge,
                    nonce=nonce,
                    expires=time.time() + _CODE_SECONDS,
                    family=secrets.token_hex(16),
                    used=False,
                )
            )
        return code

    def application_of(self, code: str) -> str:
        """The id of the application that a code was made for, or the empty string."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(CODES.c.application).where(CODES.c.digest == _digest(code))
            ).scalar()
        return found or ""

    def redeem(
        self, application: Application, code: str, *, redirect_uri: str, verifier: str | None
    ) -> Issued:
        """Change the code of a redirect for tokens, once.

        Raises:
            OAuthError: the code, the redirect URI or the verifier is wrong. A code that comes
                twice was stolen: the tokens that came of it are revoked (RFC 6749, 4.1.2).
        """
        stolen = False
        with self._database.transaction() as connection:
            row = connection.execute(select(CODES).where(CODES.c.digest == _digest(code))).first()
            if row is not None and row.application == application.id:
                if row.used:
                    connection.execute(delete(TOKENS).where(TOKENS.c.family == row.family))
                    stolen = True
                elif (
                    row.expires > time.time()
                    and row.redirect_uri == redirect_uri
                    and _verifies(row.challenge, verifier)
                ):
                    connection.execute(
                        update(CODES).where(CODES.c.digest == row.digest).values(used=True)
                    )
                    return self._issue(_grant(row), row.family, row.nonce)
        more = " It was used before, so its tokens were revoked." if stolen else ""
        raise OAuthError("invalid_grant", f"The code cannot be used; sign in again.{more}")

    def begin_device(self, application: Application, scopes: Sequence[str]) -> tuple[str, str]:
        """The code that a device polls with, and the one that a person types."""
        code = secrets.token_urlsafe(32)
        letters = "".join(secrets.choice(_USER_CODE) for _ in range(8))
        user_code = f"{letters[:4]}-{letters[4:]}"
        with self._database.transaction() as connection:
            connection.execute(delete(DEVICES).where(DEVICES.c.expires < time.time()))
            connection.execute(
                insert(DEVICES).values(
                    digest=_digest(code),
                    user_code=user_code,
                    application=application.id,
                    scope=" ".join(scopes),
                    expires=time.time() + DEVICE_SECONDS,
                    polled=0.0,
                    denied=False,
                )
            )
        return code, user_code

    def device(self, user_code: str) -> Device | None:
        """The device that waits with that code, however it was typed."""
        typed = "".join(user_code.upper().split()).replace("-", "")
        with self._database.reading() as connection:
            row = connection.execute(
                select(DEVICES).where(
                    DEVICES.c.user_code == f"{typed[:4]}-{typed[4:]}",
                    DEVICES.c.expires > time.time(),
                    DEVICES.c.username.is_(None),
                    DEVICES.c.denied.is_(False),
                )
            ).first()
        application = self.application(row.application) if row is not None else None
        if row is None or application is None:
            return None
        return Device(row.user_code, application, tuple(row.scope.split()))

    def answer_device(self, device: Device, username: str | None) -> None:
        """`username` allowed it; None: it was denied."""
        with self._database.transaction() as connection:
            connection.execute(
                update(DEVICES)
                .where(DEVICES.c.user_code == device.user_code)
                .values(username=username, denied=username is None)
            )

    def poll_device(self, application: Application, code: str) -> Issued:
        """Tokens for a device that was allowed.

        Raises:
            OAuthError: not yet, not so fast, no, or too late (RFC 8628, 3.5).
        """
        now = time.time()
        with self._database.transaction() as connection:
            row = connection.execute(
                select(DEVICES).where(
                    DEVICES.c.digest == _digest(code), DEVICES.c.application == application.id
                )
            ).first()
            if row is not None and (row.username or row.denied or row.expires <= now):
                connection.execute(delete(DEVICES).where(DEVICES.c.digest == row.digest))
                if row.username and row.expires > now:
                    return self._issue(_grant(row), secrets.token_hex(16))
            elif row is not None:
                connection.execute(
                    update(DEVICES).where(DEVICES.c.digest == row.digest).values(polled=now)
                )
        if row is None or row.expires <= now:
            raise OAuthError("expired_token", "The code has expired; begin again.")
        if row.denied:
            raise OAuthError("access_denied", "The request was denied.")
        if now - row.polled < POLL_SECONDS * 0.8:
            raise OAuthError("slow_down", f"Poll every {POLL_SECONDS} s at most.")
        raise OAuthError("authorization_pending", "Nobody has entered the code yet.")

    def refresh(self, application: Application, token: str, scope: str | None = None) -> Issued:
        """New tokens for a refresh token, which can be used once.

        `scope` may ask for less than was allowed, for the access token alone (RFC 6749, 6).

        Raises:
            OAuthError: it cannot be used, or `scope` asks for more than was allowed. A refresh
                token that comes twice revokes its whole family.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                select(TOKENS).where(TOKENS.c.digest == _digest(token), TOKENS.c.kind == "refresh")
            ).first()
            if row is not None and row.application == application.id:
                if row.used or row.expires <= time.time():
                    connection.execute(delete(TOKENS).where(TOKENS.c.family == row.family))
                else:
                    allowed = _grant(row)
                    asked = scopes_of(scope) if scope else allowed.scopes
                    if not set(asked) <= set(allowed.scopes):
                        raise OAuthError("invalid_scope", "More scopes than the person allowed.")
                    connection.execute(
                        update(TOKENS).where(TOKENS.c.digest == row.digest).values(used=True)
                    )
                    grant = replace(allowed, scopes=asked)
                    return self._issue(grant, row.family, allowed=allowed.scopes)
        raise OAuthError("invalid_grant", "The refresh token cannot be used; sign in again.")

    def access(self, token: str) -> Grant | None:
        """What an access token allows, or None."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(TOKENS).where(
                    TOKENS.c.digest == _digest(token),
                    TOKENS.c.kind == "access",
                    TOKENS.c.expires > time.time(),
                )
            ).first()
        return None if row is None else _grant(row)

    def applications_of(self, username: str) -> list[tuple[Application, tuple[str, ...]]]:
        """The applications that hold tokens of a user, by name, and what they may do."""
        allowed: dict[str, set[str]] = {}
        with self._database.reading() as connection:
            rows = connection.execute(
                select(TOKENS.c.application, TOKENS.c.scope).where(
                    TOKENS.c.username == username,
                    TOKENS.c.expires > time.time(),
                    TOKENS.c.used.is_(False),
                )
            ).all()
            for row in rows:
                allowed.setdefault(row.application, set()).update(row.scope.split())
            found = [
                (application, tuple(scope for scope in SCOPES if scope in scopes))
                for client_id, scopes in allowed.items()
                if (application := self.application(client_id)) is not None
            ]
        return sorted(found, key=lambda each: (each[0].name.lower(), each[0].id))

    def revoke(self, client_id: str, username: str) -> None:
        """Take back all that a user allowed an application; doing it twice does no harm."""
        with self._database.transaction() as connection:
            for table in (TOKENS, CODES, DEVICES):
                connection.execute(
                    delete(table).where(
                        table.c.application == client_id, table.c.username == username
                    )
                )

    def _issue(
        self,
        grant: Grant,
        family: str,
        nonce: str | None = None,
        allowed: tuple[str, ...] | None = None,
    ) -> Issued:
        """Tokens for `grant`; the refresh token keeps `allowed`, by default the same scopes."""
        access = "hf_oauth_" + secrets.token_urlsafe(32)
        refresh = "hf_oauth_refresh_" + secrets.token_urlsafe(32)
        now = time.time()
        rows: list[dict[str, Any]] = [
            {
                "digest": _digest(token),
                "kind": kind,
                "application": grant.application,
                "username": grant.username,
                "scope": " ".join(scopes),
                "family": family,
                "expires": now + seconds,
                "used": False,
            }
            for kind, token, seconds, scopes in (
                ("access", access, ACCESS_SECONDS, grant.scopes),
                ("refresh", refresh, _REFRESH_SECONDS, allowed or grant.scopes),
            )
        ]
        with self._database.transaction() as connection:
            connection.execute(delete(TOKENS).where(TOKENS.c.expires < now))
            connection.execute(insert(TOKENS), rows)
        return Issued(grant, access, refresh, nonce)


def _grant(row: Row[Any]) -> Grant:
    """What a row of CODES, DEVICES or TOKENS says was allowed."""
    return Grant(row.application, row.username, tuple(row.scope.split()))


def scopes_of(text: str | None) -> tuple[str, ...]:
    """The scopes that an application asks for; those of signing in when it names none.

    Raises:
        OAuthError: one of them is not known.
    """
    asked = tuple(dict.fromkeys((text or "openid profile").split()))
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown:
        raise OAuthError("invalid_scope", f"{unknown[0][:60]!r} is not a scope of this Hub.")
    return asked


def check_challenge(challenge: str) -> None:
    """Refuse what no verifier can have made.

    Raises:
        OAuthError: it is not a SHA-256 in base64url (RFC 7636, 4.2).
    """
    if _CHALLENGE.fullmatch(challenge) is None:
        raise OAuthError("invalid_request", "A code challenge has 43 characters of base64url.")


def _check_redirect(uri: str) -> None:
    if not _can_be_redirect(uri):
        raise OAuthError(
            "invalid_redirect_uri",
            "A redirect URI begins with https://, or with http:// and a loopback address, "
            "and has no user name and no fragment.",
        )


def _can_be_redirect(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return (
            (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
            and _HOST.fullmatch(parts.netloc) is not None
            and parts.port != 0
            and uri.isprintable()
            and " " not in uri
            and "#" not in uri
            and len(uri) <= 2000
        )
    except ValueError:
        return False


def _same_redirect(known: str, given: str) -> bool:
    if known == given:
        return True
    if not _can_be_redirect(given):
        return False
    one, other = urlsplit(known), urlsplit(given)
    return (
        one.hostname in _LOOPBACK
        and one.hostname == other.hostname
        and one._replace(netloc="") == other._replace(netloc="")
    )


def _verifies(challenge: str | None, verifier: str | None) -> bool:
    if challenge is None:
        # Somebody took the challenge out of the request that this verifier belongs to (RFC 9700, 4.8.2).
        return verifier is None
    digest = hashlib.sha256((verifier or "").encode("utf-8", "replace")).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
