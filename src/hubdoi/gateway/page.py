"""HTML from templates: everything escaped, headers that keep a page from harm, errors as pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from ..net.routes import ErrorRoute, is_same_site, templates_of
from ..records.errors import (
    HubdoiError,
    InvalidMetadata,
    PolicyRefused,
    ServiceError,
    SignInRequired,
)
from .doi_api import institution_of
from .people import Member, Role
from .sessions import SignedIn

COOKIE = "hubdoi_gateway"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every page carries: no script at all, no frame, nothing kept in a cache."""

_MOST_FIELDS = 2000
Form = Mapping[str, str]


class Page(ErrorRoute):
    """A route whose errors are pages too; who has to sign in is sent to do that."""

    answered = (HubdoiError,)

    def refusal(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HubdoiError)
        asks = request.method == "GET" and not request.url.path.endswith("/callback")
        if isinstance(error, SignInRequired) and asks:
            query = f"?{request.url.query}" if request.url.query else ""
            return see_other(f"/gateway/sign-in?next={quote(request.url.path + query)}")
        return refusal_page(request, error)


def refusal_page(request: Request, error: HubdoiError) -> HTMLResponse:
    """The page that says why a request was refused."""
    status = 502 if isinstance(error, ServiceError) else error.http_status
    return render(request, "message.html", status=status, message=error.message)


def session_of(request: Request) -> SignedIn | None:
    return institution_of(request).sessions.get(request.cookies.get(COOKIE))


def signed_in(request: Request, role: Role = "curator") -> tuple[SignedIn, Member]:
    """Who is signed in, when their role is enough.

    Raises:
        SignInRequired: nobody is.
        PolicyRefused: the role is not enough.
    """
    session = session_of(request)
    if session is None:
        raise SignInRequired("Sign in first.")
    member = institution_of(request).people.member(session.username)
    member.check_role(role)
    return session, member


async def sent_form(request: Request) -> Form:
    """The form in the body, each field once.

    Raises:
        PolicyRefused: another site made the browser send it.
        InvalidMetadata: it is no form.
    """
    if not is_same_site(request.headers):
        raise PolicyRefused("Another site cannot make a browser do this.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise InvalidMetadata("The form cannot be read; send it again from its page.") from None
    return dict(pairs)


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page that `template` makes of `values`, as who is signed in sees it."""
    institution = institution_of(request)
    try:
        session = session_of(request)
        member = institution.people.member(session.username) if session else None
    except HubdoiError:
        # The page may say that the database is away.
        session = member = None
    content = (
        templates()
        .get_template(template)
        .render(
            institution=institution.settings.institution,
            hub=institution.settings.hub,
            with_orcid=bool(institution.settings.orcid_client),
            with_sign_ins=institution.grants.are_kept,
            is_test=institution.registrar.is_test,
            session=session,
            member=member,
            path=request.url.path,
            **values,
        )
    )
    return HTMLResponse(content, status, HEADERS)


def keep(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    """Have the browser keep a cookie for `seconds`."""
    secure = institution_of(request).url.startswith("https:")
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/gateway",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def see_other(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, headers=dict(HEADERS))


@cache
def templates() -> Environment:
    """The templates of the gateway's pages, which have two filters of their own."""
    environment = templates_of("hubdoi.gateway")
    environment.filters["day"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
    return environment
