"""The contract of a Hub's DOI API, which is all that a client needs to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from ..config import Secret
from ..hub.doi_server import (
    ACTIVITIES_ROUTE,
    AMEND_ROUTE,
    MINT_ROUTE,
    PREVIEW_ROUTE,
    RELEASE_ROUTE,
    RESERVE_ROUTE,
    STATUS_ROUTE,
    VERSION_ROUTE,
    Key,
    PathDoi,
    PathRepo,
    QueryDoi,
    check_key,
    json_object,
)
from ..records import Doi, MintRequest
from ..records.amendment import AmendRequest
from ..records.errors import InvalidInput, SignInRequired
from .backend import InstitutionBackend, backend_for
from .credentials import Credentials, is_of_gateway, is_of_hub
from .institution import Institution

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
    backend = backend_for(institution_of(request), sent.hub, sent.identity)
    backend.check_rate()
    return backend


@router.get(**STATUS_ROUTE)
def read_status(request: Request, repo: PathRepo) -> JSONResponse:
    return JSONResponse(backend_of(request).status(repo).to_json())


@router.post(**MINT_ROUTE)
async def mint(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
    def carry_out(backend: InstitutionBackend, body: dict[str, Any]) -> dict[str, Any]:
        check_key(idempotency_key)
        asked = MintRequest.from_json(body)
        return backend.mint(repo, asked, key=idempotency_key).to_json()

    return await _answer(request, repo, carry_out, status=201)


@router.post(**PREVIEW_ROUTE)
async def preview_amendment(request: Request, repo: PathRepo) -> JSONResponse:
    def carry_out(backend: InstitutionBackend, body: dict[str, Any]) -> dict[str, Any]:
        return backend.preview_amendment(repo, AmendRequest.from_json(body)).to_json()

    return await _answer(request, repo, carry_out)


@router.post(**AMEND_ROUTE)
async def amend(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
    def carry_out(backend: InstitutionBackend, body: dict[str, Any]) -> dict[str, Any]:
        check_key(idempotency_key)
        asked = AmendRequest.from_json(body)
        return backend.amend(repo, asked, key=idempotency_key).to_json()

    return await _answer(request, repo, carry_out, status=201)


@router.post(**RESERVE_ROUTE)
def reserve(request: Request, repo: PathRepo) -> JSONResponse:
    return JSONResponse(backend_of(request).reserve(repo).to_json(), status_code=201)


@router.delete(**RELEASE_ROUTE)
def release(request: Request, repo: PathRepo) -> JSONResponse:
    return JSONResponse(backend_of(request).release(repo).to_json())


@router.get(**ACTIVITIES_ROUTE)
def read_activities(
    request: Request,
    repo: PathRepo,
    doi: QueryDoi,
) -> JSONResponse:
    return JSONResponse(backend_of(request).activities(repo, Doi.parse(doi)).to_json())


@router.get(**VERSION_ROUTE)
def read_version(request: Request, doi: PathDoi) -> JSONResponse:
    return JSONResponse(institution_of(request).version(doi).to_json())


async def _answer(
    request: Request,
    repo: PathRepo,
    carry_out: Callable[[InstitutionBackend, dict[str, Any]], dict[str, Any]],
    *,
    status: int = 200,
) -> JSONResponse:
    """What `carry_out` answers for who asks and the body of a POST."""
    sent = await request.body()

    def answer() -> dict[str, Any]:
        backend = backend_of(request)
        try:
            return carry_out(backend, json_object(sent))
        except InvalidInput:
            # Who asks comes before what they ask: a stranger learns nothing from a broken body.
            backend.check_may_mint(repo)
            raise

    return JSONResponse(await run_in_threadpool(answer), status_code=status)
