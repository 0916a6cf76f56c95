"""The endpoints of OAuth 2 and OpenID Connect that applications call."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from ..records import Person
from ..records.errors import HubdoiError
from .access import grant_of, world_of
from .bodies import JsonBody, text_of
from .forms import Form, read_form
from .oauth import (
    ACCESS_SECONDS,
    CLI,
    DEVICE_SECONDS,
    POLL_SECONDS,
    Application,
    Issued,
    OAuthError,
    scopes_of,
)
from .refusal import Refusal
from .scopes import SCOPES

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_NAME = 200
_CLAIMS = (
    "sub name preferred_username profile picture email email_verified isPro orgs "
    "iss aud iat exp nonce"
).split()


class _Endpoint(APIRoute):
    """A route whose errors are those of RFC 6749."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await answer(request)
            except OAuthError as error:
                response = _error(error.code, error.description, error.status)
            except Refusal as error:
                response = _error("invalid_request", error.message, error.status)
            except HubdoiError as error:
                response = _error("server_error", error.message, error.http_status)
            response.headers["Cache-Control"] = "no-store"
            return response

        return handler


# The kind of the tokens (RFC 6750).
_KIND = "bearer"
# When the secret of an application expires (RFC 7591).
_NEVER = 0
router = APIRouter(include_in_schema=False, route_class=_Endpoint)
SentForm = Annotated[Form, Depends(read_form)]


@router.get("/.well-known/openid-configuration")
@router.get("/.well-known/oauth-authorization-server")
def discovery(request: Request) -> dict[str, Any]:
    issuer = world_of(request).endpoint
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
        "registration_endpoint": f"{issuer}/oauth/register",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": list(SCOPES),
        "claims_supported": _CLAIMS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", _DEVICE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "none"
        ],
        "authorization_response_iss_parameter_supported": True,
    }  # fmt: skip


@router.get("/oauth/jwks")
def keys(request: Request) -> dict[str, Any]:
    return world_of(request).id_tokens.public_keys()


@router.post("/oauth/register", status_code=201)
def register(request: Request, body: JsonBody) -> dict[str, Any]:
    """Dynamic client registration (RFC 7591)."""
    name = text_of(body, "client_name", at_most=_MAX_NAME, default="An application").strip()
    uris = body.get("redirect_uris", [])
    method = body.get("token_endpoint_auth_method", "client_secret_basic")
    if not name:
        raise OAuthError("invalid_client_metadata", "'client_name' is empty.")
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris[:20]):
        raise OAuthError("invalid_redirect_uri", "'redirect_uris' must be a list of URLs.")
    if method not in ("client_secret_basic", "client_secret_post", "none") or len(uris) > 20:
        raise OAuthError("invalid_client_metadata", "The authentication method is not known.")
    made, secret = world_of(request).oauth.register(name, uris, public=method == "none")
    answer = {
        "client_id": made.id,
        "client_name": made.name,
        "redirect_uris": list(made.redirect_uris),
        "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code", "refresh_token", _DEVICE_GRANT],
        "response_types": ["code"],
    }
    if secret:
        answer |= {"client_secret": secret, "client_secret_expires_at": _NEVER}
    return answer


@router.post("/oauth/device")
def device(request: Request, form: SentForm) -> dict[str, Any]:
    """Device authorization (RFC 8628)."""
    world = world_of(request)
    application = _application(request, form)
    # `hf auth login` names no scopes: it is to do everything that its user can.
    asked = form.get("scope") or (" ".join(SCOPES) if application.id == CLI else None)
    code, user_code = world.oauth.begin_device(application, scopes_of(asked))
    page = f"{world.endpoint}/device"
    return {
        "device_code": code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": DEVICE_SECONDS,
        "interval": POLL_SECONDS,
    }


@router.post("/oauth/token")
def token(request: Request, form: SentForm) -> dict[str, Any]:
    oauth = world_of(request).oauth
    application = _application(request, form)
    grant_type = form.get("grant_type")
    if grant_type == "authorization_code":
        issued = oauth.redeem(
            application,
            form.get("code"),
            redirect_uri=form.get("redirect_uri"),
            verifier=form.get("code_verifier") or None,
        )
    elif grant_type == "refresh_token":
        issued = oauth.refresh(application, form.get("refresh_token"), form.get("scope"))
    elif grant_type == _DEVICE_GRANT:
        issued = oauth.poll_device(application, form.get("device_code"))
    else:
        raise OAuthError(
            "unsupported_grant_type", f"{grant_type[:60]!r} is not a supported grant type."
        )
    return _tokens(request, issued)


@router.api_route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo(request: Request) -> Response:
    found = grant_of(request)
    person = None if found is None else world_of(request).store.people.person(found.username)
    if found is None or person is None:
        return JSONResponse(
            {"error": "invalid_token", "error_description": "The access token is not valid."},
            401,
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    if "openid" not in found.scopes:
        return JSONResponse(
            {"error": "insufficient_scope", "error_description": "The scope openid is needed."},
            403,
            {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="openid"'},
        )
    return JSONResponse(_claims(request, person, found.scopes))


def _application(request: Request, form: Form) -> Application:
    client_id, secret = form.get("client_id"), form.get("client_secret") or None
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError:
            raise OAuthError("invalid_client", "The credentials cannot be read.", 401) from None
        client_id, _, secret = (unquote_plus(part) for part in decoded.partition(":"))
    oauth = world_of(request).oauth
    # The Hub's JavaScript client leaves it to the code to say whose it is: where there is no secret
    # to know, the proof key alone shows who may redeem it.
    return oauth.authenticate(client_id or oauth.application_of(form.get("code")), secret)


def _tokens(request: Request, issued: Issued) -> dict[str, Any]:
    world = world_of(request)
    grant = issued.grant
    answer: dict[str, Any] = {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": _KIND,
        "expires_in": ACCESS_SECONDS,
        "scope": " ".join(grant.scopes),
    }
    person = world.store.people.person(grant.username)
    if "openid" in grant.scopes and person is not None:
        claims = _claims(request, person, grant.scopes)
        if issued.nonce:
            claims["nonce"] = issued.nonce
        answer["id_token"] = world.id_tokens.sign(world.endpoint, grant.application, claims)
    return answer


def _claims(request: Request, person: Person, scopes: tuple[str, ...]) -> dict[str, Any]:
    world = world_of(request)
    claims: dict[str, Any] = {"sub": f"user-{person.username}"}
    if "profile" in scopes:
        claims |= {
            "name": person.full_name,
            "preferred_username": person.username,
            "profile": f"{world.endpoint}/{person.username}",
            "picture": f"{world.endpoint}/avatars/{person.username}.svg",
            "isPro": False,
        }
    if "email" in scopes:
        claims |= {
            "email": f"{person.username}@users.noreply.sandbox.invalid",
            "email_verified": True,
        }
    if "read-memberships" in scopes:
        claims["orgs"] = [
            {
                "sub": f"org-{name}",
                "name": world.store.people.owner(name)[0],
                "preferred_username": name,
                "picture": f"{world.endpoint}/avatars/{name}.svg",
                "isEnterprise": False,
                "roleInOrg": "write",
            }
            for name in person.organizations
        ]
    return claims


def _error(code: str, description: str, status: int) -> JSONResponse:
    headers = {"WWW-Authenticate": "Basic"} if status == 401 else {}
    return JSONResponse({"error": code, "error_description": description}, status, headers)
