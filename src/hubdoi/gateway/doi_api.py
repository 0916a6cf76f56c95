"""The contract of a Hub's DOI API, which is all that a client needs to know."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from ..config import Secret
from ..hub.doi_server import (
    MINT_ROUTE,
    STATUS_ROUTE,
    VERSION_ROUTE,
    Key,
    PathDoi,
    PathRepo,
    check_key,
    json_object,
)
from ..records import MintRequest
from ..records.errors import InvalidInput, SignInRequired
from .credentials import Credentials, is_of_gateway, is_of_hub
from .institution import Institution, InstitutionBackend

_MOST_TOKEN = 4096

_token = Security(
    HTTPBearer(
        scheme_name="token",
        description="a token of the Hub: it says who asks, and that they may write; or one of JupyterHub, with that of the Hub in X-Hub-Token",
        auto_error=False,
    )
)
router = APIRouter(tags=["DOI"], dependencies=[_token])


def institution_of(request: Request) -> Institution:
    """The gateway that this application serves."""
    found: Institution = request.app.state.institution
    return found


def credentials_of(request: Request) -> Credentials:
    """Who asks: a token of the Hub, or one of JupyterHub with that of the Hub in ``X-Hub-Token``.

    Raises:
        SignInRequired: a header holds something else.
    """
    header = request.headers.get("authorization")
    token = None
    if header is not None:
        scheme, _, text = header.partition(" ")
        token = _token_in(text if scheme.lower() in ("bearer", "token") else "")
    is_identity = institution_of(request).jupyterhub is not None
    # A token of the Hub is never shown to JupyterHub, and one of the gateway never to the Hub.
    if token is None or is_of_hub(token) or not (is_identity or is_of_gateway(token)):
        return Credentials(token)
    beside = request.headers.get("x-hub-token")
    return Credentials(_token_in(beside) if beside is not None else None, token)


def _token_in(text: str) -> Secret:
    text = text.strip()
    if not text or len(text) > _MOST_TOKEN or not text.isascii() or not text.isprintable():
        raise SignInRequired("Send a token of the Hub as: Authorization: Bearer hf_…")
    return Secret(text)


def backend_of(request: Request) -> InstitutionBackend:
    """What who asks may see and do.

    Raises:
        ServiceBusy: they ask too often.
    """
    sent = credentials_of(request)
    backend = institution_of(request).backend(sent.hub, sent.identity)
    backend.check_rate()
    return backend


@router.get(**STATUS_ROUTE)
def read_status(request: Request, repo: PathRepo) -> JSONResponse:
    return JSONResponse(backend_of(request).status(repo).to_json())


@router.post(**MINT_ROUTE)
async def mint(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
    sent = await request.body()

    def carry_out() -> dict[str, Any]:
        backend = backend_of(request)
        try:
            body = json_object(sent)
            check_key(idempotency_key)
            asked = MintRequest.from_json(body)
            return backend.mint(repo, asked, key=idempotency_key).to_json()
        except InvalidInput:
            # Who asks comes before what they ask: a stranger learns nothing from a broken body.
            backend.check_may_mint(repo)
            raise

    return JSONResponse(await run_in_threadpool(carry_out), status_code=201)


@router.get(**VERSION_ROUTE)
def read_version(request: Request, doi: PathDoi) -> JSONResponse:
    return JSONResponse(institution_of(request).version(doi).to_json())
