"""Who asks: a token in the Authorization header, or a signed session cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

from fastapi import Request, Response

from ..records import Person
from ..records.errors import SignInRequired, WriteAccessRequired
from .oauth import Grant
from .refusal import Refusal
from .scopes import SIGNING_IN, expanded, needed_for

if TYPE_CHECKING:
    from .world import World


_COOKIE = "hubdoi_session"
_SESSION_SECONDS = 12 * 3600


def world_of(request: Request) -> World:
    """The world that this application serves."""
    world: World = request.app.state.world
    return world


def person_of(request: Request) -> Person | None:
    """Who asks, or None for an anonymous request.

    A token that an application got, and that does not allow reading, is as good as none where
    reading is all that is asked for.

    Raises:
        Refusal: the Authorization header holds a token that nobody has (401), or one that does not
            allow this request (403).
    """
    world = world_of(request)
    token = _bearer(request)
    username = _session_user(request) if token is None else world.credentials.username_of(token)
    grant = None if username else grant_of(request)
    if grant is not None:
        if not _allows(request, grant):
            return None
        username = grant.username
    person = None if username is None else world.store.people.person(username)
    if person is None and token is not None:
        raise Refusal(
            401,
            "The token is not one of this sandbox; use one that it printed when it started.",
            "SignInRequired",
            header="Invalid credentials in Authorization header",
        )
    return person


def grant_of(request: Request) -> Grant | None:
    """What the token of the request allows, when an application got it by OAuth."""
    token = _bearer(request)
    return None if token is None else world_of(request).oauth.access(token)


def _allows(request: Request, grant: Grant) -> bool:
    needed = needed_for(request.method, request.url.path)
    if needed is None or needed in expanded(grant.scopes):
        return True
    if needed == "read-repos":
        return False
    if needed == SIGNING_IN:
        raise Refusal(403, "An application cannot sign a browser in; use the person's own token.")
    raise Refusal(
        403,
        f"This token does not allow that: it lacks the scope {needed}; sign in again with it.",
        "InsufficientScope",
    )


def require_person(request: Request) -> Person:
    """Who asks.

    Raises:
        SignInRequired: nobody that we know.
    """
    person = person_of(request)
    if person is None:
        raise SignInRequired("Sign in first: send the token of a user of this sandbox.")
    return person


def require_support(request: Request) -> None:
    """Let only support pass.

    Raises:
        SignInRequired: there is no token.
        WriteAccessRequired: it is not the support token.
    """
    token = _bearer(request)
    if token is None:
        raise SignInRequired("Only support can do this: send the support token.")
    if not world_of(request).credentials.is_support(token):
        raise WriteAccessRequired("Only support can do this; this is not the support token.")


def is_datacite_account(request: Request) -> bool | None:
    """Whether the request carries the DataCite account: None without Basic credentials."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return False
    username, _, password = decoded.partition(":")
    return world_of(request).credentials.is_datacite(username, password)


def begin_session(request: Request, response: Response, username: str) -> None:
    """Sign `username` in on this browser for 12 hours."""
    expiry = int(time.time()) + _SESSION_SECONDS
    # The nonce makes every session's CSRF token its own.
    payload = f"{username}|{expiry}|{secrets.token_hex(8)}"
    value = f"{payload}|{_sign(request, 'session', payload)}"
    response.set_cookie(
        _COOKIE, value, max_age=_SESSION_SECONDS, httponly=True, samesite="strict", path="/"
    )


def end_session(response: Response) -> None:
    """Sign out on this browser."""
    response.delete_cookie(_COOKIE, httponly=True, samesite="strict", path="/")


def csrf_token(request: Request) -> str:
    """What a form of this session carries; the empty string without a session."""
    cookie = request.cookies.get(_COOKIE)
    return _sign(request, "csrf", cookie) if cookie and _session_user(request) else ""


def check_csrf(request: Request, token: str) -> None:
    """Let only forms pass that this session was given.

    Raises:
        WriteAccessRequired: `token` is not the one of this session.
    """
    expected = csrf_token(request)
    if not expected or not hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()):
        raise WriteAccessRequired("This form is out of date; reload the page and try again.")


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token.strip()


def _session_user(request: Request) -> str | None:
    cookie = request.cookies.get(_COOKIE, "")
    payload, _, signature = cookie.rpartition("|")
    expected = _sign(request, "session", payload)
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
        return None
    username, expiry, _ = payload.split("|")
    return username if int(expiry) > time.time() else None


def _sign(request: Request, purpose: str, payload: str) -> str:
    key = world_of(request).credentials.session_key
    return hmac.new(
        key, f"{purpose}:{payload}".encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
