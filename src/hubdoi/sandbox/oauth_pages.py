"""The pages on which a person lets an application in, or does not."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from ..records import Person
from ..records.errors import SignInRequired
from .access import grant_of, person_of, world_of
from .forms import Form, signed_form
from .oauth import Application, OAuthError, check_challenge, scopes_of
from .page import HEADERS, Page, page_address, render, see_other
from .refusal import Refusal
from .scopes import SCOPES

router = APIRouter(include_in_schema=False, route_class=Page)
Signed = Annotated[Form, Depends(signed_form)]


@router.get("/oauth/authorize")
def authorize(request: Request) -> Response:
    query = request.query_params
    application, redirect_uri = _checked(
        request, query.get("client_id", ""), query.get("redirect_uri", "")
    )
    try:
        scopes = _asked(application, dict(query))
    except OAuthError as error:
        return _back(request, redirect_uri, query.get("state"), error=error)
    person = person_of(request)
    if person is None:
        if query.get("prompt") == "none":
            refused = OAuthError("login_required", "Nobody is signed in.")
            return _back(request, redirect_uri, query.get("state"), error=refused)
        return see_other("/login?next=" + quote(page_address(request), safe="/"))
    if query.get("prompt") == "none":
        refused = OAuthError("consent_required", "The person has to agree.")
        return _back(request, redirect_uri, query.get("state"), error=refused)
    names = ("client_id", "redirect_uri", "state", "code_challenge", "nonce")
    return _consent(
        request,
        person,
        application,
        scopes,
        action="/oauth/authorize",
        hidden={name: query[name] for name in names if name in query} | {"scope": " ".join(scopes)},
        redirect_uri=redirect_uri,
    )


@router.post("/oauth/authorize")
def answered(request: Request, form: Signed) -> Response:
    person = _person(request)
    application, redirect_uri = _checked(request, form.get("client_id"), form.get("redirect_uri"))
    state = form.get("state") or None
    asked = {name: form.get(name) for name in ("scope", "code_challenge") if form.get(name)}
    if asked.get("code_challenge"):
        asked["code_challenge_method"] = "S256"
    try:
        scopes = _asked(application, {"response_type": "code", **asked})
        if form.get("do") != "allow":
            raise OAuthError("access_denied", "The person did not agree.")
    except OAuthError as error:
        return _back(request, redirect_uri, state, error=error)
    code = world_of(request).oauth.allow(
        application,
        person.username,
        scopes,
        redirect_uri=redirect_uri,
        challenge=asked.get("code_challenge"),
        nonce=form.get("nonce") or None,
    )
    return _back(request, redirect_uri, state, code=code)


@router.get("/device")
def device(request: Request, user_code: str = "") -> Response:
    person = _person(request)
    found = world_of(request).oauth.device(user_code) if user_code else None
    if found is None:
        return render(request, "device.html", person=person, wrong=bool(user_code), done=None)
    return _consent(
        request,
        person,
        found.application,
        found.scopes,
        action="/device",
        hidden={"user_code": found.user_code},
        code=found.user_code,
    )


@router.post("/device")
def device_answered(request: Request, form: Signed) -> Response:
    person = _person(request)
    world = world_of(request)
    allowed = form.get("do") == "allow"
    with world.transaction():
        found = world.oauth.device(form.get("user_code"))
        if found is not None:
            world.oauth.answer_device(found, person.username if allowed else None)
    if found is None:
        return render(request, "device.html", person=person, status=404, wrong=True, done=None)
    done = "allowed" if allowed else "denied"
    return render(request, "device.html", person=person, wrong=False, done=done)


@router.get("/settings/connected-applications")
def connected(request: Request) -> Response:
    person = person_of(request)
    if person is None:
        return see_other("/login?next=" + quote(page_address(request), safe="/"))
    listed = [
        (application, [SCOPES[scope] for scope in scopes])
        for application, scopes in world_of(request).oauth.applications_of(person.username)
    ]
    return render(request, "applications.html", person=person, listed=listed)


@router.post("/settings/connected-applications")
def revoked(request: Request, form: Signed) -> Response:
    world_of(request).oauth.revoke(form.get("client_id"), _person(request).username)
    return see_other("/settings/connected-applications")


def _consent(
    request: Request,
    person: Person,
    application: Application,
    scopes: tuple[str, ...],
    *,
    action: str,
    hidden: dict[str, str],
    redirect_uri: str | None = None,
    code: str | None = None,
) -> Response:
    headers = {}
    if redirect_uri is not None:
        # Browsers hold the redirect after a form to this rule as well.
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(redirect_uri))
        policy = HEADERS["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace(
            "form-action 'self'", f"form-action 'self' {origin}"
        )
    return render(
        request,
        "consent.html",
        person=person,
        headers=headers,
        application=application,
        allowed=[SCOPES[scope] for scope in scopes],
        action=action,
        hidden=hidden,
        code=code,
        target=None if redirect_uri is None else urlsplit(redirect_uri).netloc,
    )


def _person(request: Request) -> Person:
    # An application must not answer for the person whose token it has.
    person = None if grant_of(request) else person_of(request)
    if person is None:
        raise SignInRequired("Sign in first.")
    return person


def _checked(request: Request, client_id: str, redirect_uri: str) -> tuple[Application, str]:
    """The application and where its answer goes.

    Raises:
        Refusal: one of them is not known, so the person must not be sent there.
    """
    application = world_of(request).oauth.application(client_id)
    if application is None:
        raise Refusal(400, "This application is not registered here; check its client_id.")
    if not redirect_uri and len(application.redirect_uris) == 1:
        redirect_uri = application.redirect_uris[0]
    if not application.accepts(redirect_uri):
        raise Refusal(
            400, "This application is not registered for that redirect_uri; nothing was sent there."
        )
    return application, redirect_uri


def _asked(application: Application, query: dict[str, str]) -> tuple[str, ...]:
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is supported.")
    challenge = query.get("code_challenge")
    if challenge and query.get("code_challenge_method", "plain") != "S256":
        raise OAuthError("invalid_request", "The code challenge must be made with S256.")
    if challenge:
        check_challenge(challenge)
    if not challenge and application.secret is None:
        raise OAuthError("invalid_request", "An application without a secret needs PKCE.")
    return scopes_of(query.get("scope"))


def _back(
    request: Request,
    redirect_uri: str,
    state: str | None,
    *,
    code: str | None = None,
    error: OAuthError | None = None,
) -> Response:
    answer = {"iss": world_of(request).endpoint}
    if error is not None:
        answer |= {"error": error.code, "error_description": error.description}
    if code is not None:
        answer["code"] = code
    if state is not None:
        answer["state"] = state
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", 303, headers=dict(HEADERS))
