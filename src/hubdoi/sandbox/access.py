"""Who asks: a token in the Authorization header, or a browser that signed in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request, Response

from ..records import Person
from ..records.errors import SignInRequired, WriteAccessRequired
from .guard import SAFE_METHODS
from .oauth import Grant
from .refusal import Refusal
from .scopes import SIGNING_IN, expanded, needed_for
from .sessions import SECONDS as SESSION_SECONDS

if TYPE_CHECKING:
    from .world import World


def world_of(request: Request) -> World:
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
    if token is not None:
        username = world.credentials.username_of(token)
    else:
        username = _session_user(request) if _counts(request) else None
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
    # There is none where nothing is at the URL.
    route = getattr(request.scope.get("route"), "path", "")
    needed = needed_for(request.method, route)
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
    world = world_of(request)
    response.set_cookie(
        cookie_name(world),
        world.sessions.begin(username),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        path="/",
    )


def end_session(request: Request, response: Response) -> None:
    """Sign out: the cookie is of no use any more, here or in other hands."""
    world = world_of(request)
    if cookie := request.cookies.get(cookie_name(world)):
        world.sessions.end(cookie)
    response.delete_cookie(cookie_name(world), httponly=True, samesite="strict", path="/")


def cookie_name(world: World) -> str:
    """The name of the session's cookie.

    Browsers keep one set of cookies for all ports of a host: with the port in its name, two
    sandboxes of one machine do not sign each other out.
    """
    return f"hubdoi_session_{urlsplit(world.endpoint).port or 80}"


def csrf_token(request: Request) -> str:
    """What a form of this session carries; the empty string without a session."""
    cookie = request.cookies.get(cookie_name(world_of(request)))
    if not cookie or _session_user(request) is None:
        return ""
    key = world_of(request).credentials.session_key
    return hmac.new(key, b"csrf:" + cookie.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def check_csrf(request: Request, token: str) -> None:
    """Let only forms pass that this session was given; from here on the session counts.

    Raises:
        WriteAccessRequired: `token` is not the one of this session.
    """
    expected = csrf_token(request)
    if not expected or not hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()):
        raise WriteAccessRequired("This form is out of date; reload the page and try again.")
    request.state.csrf_checked = True


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token.strip()


def _session_user(request: Request) -> str | None:
    world = world_of(request)
    cookie = request.cookies.get(cookie_name(world))
    return world.sessions.username_of(cookie) if cookie else None


def _counts(request: Request) -> bool:
    """Whether the session counts for this request.

    The browser sends the cookie with whatever another page makes it ask for: it counts to see
    pages, and for forms that proved to be ours. The API takes tokens only.
    """
    if request.method in SAFE_METHODS:
        return not request.url.path.startswith(("/api/", "/datacite/", "/oauth/userinfo"))
    return getattr(request.state, "csrf_checked", False)
