"""The contract of a Hub's DOI API, which is all that a client needs to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from ..config import Secret
from ..hub.doi_requests import (
    Key,
    Kind,
    Name,
    Namespace,
    check_key,
    json_object,
    repo_of_path,
)
from ..hub.doi_shapes import DoiStatus, MintBody, VersionAnswer, problems, request_body
from ..records import Doi, MintRequest, Repo
from ..records.errors import DoiNotFound, InvalidDoi, InvalidInput, SignInRequired
from .institution import Institution, InstitutionBackend

_MOST_TOKEN = 4096

_token = Security(
    HTTPBearer(
        scheme_name="token",
        description="a token of the Hub: it says who asks, and that they may write",
        auto_error=False,
    )
)
router = APIRouter(tags=["DOI"], dependencies=[_token])


def institution_of(request: Request) -> Institution:
    """The gateway that this application serves."""
    found: Institution = request.app.state.institution
    return found


def token_of(request: Request) -> Secret | None:
    """The token in the Authorization header, or None.

    Raises:
        SignInRequired: the header holds something else.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _MOST_TOKEN or not token.isascii():
        raise SignInRequired("Send a token of the Hub as: Authorization: Bearer hf_…")
    return Secret(token)


def backend_of(request: Request) -> InstitutionBackend:
    """What who asks may see and do."""
    return institution_of(request).backend(token_of(request))


@router.get(
    "/api/{kind}/{namespace}/{name}/doi",
    response_model=DoiStatus,
    responses=problems(401, 404, 409, 422),
    summary="State, latest commit, lock, versions and terms of a repository",
)
def read_status(request: Request, kind: Kind, namespace: Namespace, name: Name) -> JSONResponse:
    repo = repo_of_path(kind, namespace, name)
    return JSONResponse(backend_of(request).status(repo).to_json())


@router.post(
    "/api/{kind}/{namespace}/{name}/doi",
    status_code=201,
    response_model=VersionAnswer,
    responses=problems(400, 401, 403, 404, 409, 413, 422),
    summary="Mint the DOI of the latest commit, or of a revision",
    openapi_extra=request_body(MintBody),
)
async def mint(
    request: Request, kind: Kind, namespace: Namespace, name: Name, idempotency_key: Key = None
) -> JSONResponse:
    sent = await request.body()

    def carry_out() -> dict[str, Any]:
        repo = repo_of_path(kind, namespace, name)
        backend = backend_of(request)
        return _for_writers(
            backend,
            repo,
            lambda: backend.mint(
                repo, MintRequest.from_json(_body(sent, idempotency_key)), key=idempotency_key
            ).to_json(),
        )

    return JSONResponse(await run_in_threadpool(carry_out), status_code=201)


@router.get(
    "/api/dois/{doi:path}",
    response_model=VersionAnswer,
    responses=problems(401, 404, 422),
    summary="The version that a DOI names",
)
def read_version(request: Request, doi: str) -> JSONResponse:
    try:
        named = Doi.parse(doi)
    except InvalidDoi as error:
        raise DoiNotFound(error.message) from error
    return JSONResponse(institution_of(request).version(named).to_json())


def _body(sent: bytes, key: str | None) -> dict[str, Any]:
    body = json_object(sent)
    check_key(key)
    return body


def _for_writers(
    backend: InstitutionBackend, repo: Repo, carry_out: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The answer; who asks comes before what they ask, so a stranger learns nothing from a bad body."""
    try:
        return carry_out()
    except InvalidInput:
        backend.check_may_mint(repo)
        raise
