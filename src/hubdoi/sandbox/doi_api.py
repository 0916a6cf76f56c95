"""The DOI side of the Hub's API (design chapter 7): one service behind HTTP."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from ..errors import DoiNotFound, InvalidDoi, InvalidInput, InvalidRepo, RepoNotFound
from ..records import Doi, MintRequest, Repo
from .access import person_of, require_support, world_of
from .schemas import (
    DoiStatus,
    MintBody,
    Problem,
    SupportAnswer,
    SupportBody,
    SupportList,
    VersionAnswer,
)

__all__ = ["router", "support_router"]

router = APIRouter(tags=["DOI"])
support_router = APIRouter(tags=["support"])

Kind = Annotated[Literal["models", "datasets"], Path(description="models or datasets")]
Namespace = Annotated[str, Path(max_length=96, description="the user or organisation")]
Name = Annotated[str, Path(max_length=96, description="the name of the repository")]

MAX_KEY = 255


class BadBody(InvalidInput):
    """A body that is not a JSON object."""

    http_status = 400


class BadKey(InvalidInput):
    """An Idempotency-Key that cannot be one."""

    http_status = 400


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "no consent (`ConsentRequired`), or a body that is not a JSON object",
        401: "no token, or one that is not known",
        403: "no write access",
        404: "no such repository, or none that this token can see",
        409: "`TermsChanged`, `AlreadyRegistered` or `RepoNotEligible`",
        413: "a body that is too large",
        421: "another Host than the one that is served",
        422: "a part of the body that cannot be read, or an Idempotency-Key used with another body",
        429: "asked too often",
    }
    return {status: {"model": Problem, "description": meanings[status]} for status in statuses}


@router.get(
    "/api/{kind}/{namespace}/{name}/doi",
    response_model=DoiStatus,
    responses=_problems(401, 404),
    summary="State, head, lock, versions and terms of a repository",
)
def read_status(request: Request, kind: Kind, namespace: Namespace, name: Name) -> JSONResponse:
    world = world_of(request)
    status = world.service.status(_repo(kind, namespace, name), person_of(request))
    return JSONResponse(status.to_json())


@router.post(
    "/api/{kind}/{namespace}/{name}/doi",
    status_code=201,
    response_model=VersionAnswer,
    responses=_problems(400, 401, 403, 404, 409, 413, 422),
    summary="Mint the DOI of the head, or of a revision",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": MintBody.model_json_schema()}},
        }
    },
)
async def mint(
    request: Request,
    kind: Kind,
    namespace: Namespace,
    name: Name,
    idempotency_key: Annotated[str | None, Header(max_length=MAX_KEY)] = None,
) -> JSONResponse:
    world = world_of(request)
    person = person_of(request)
    # Who asks comes before what they ask: a stranger learns nothing from a broken body.
    body = await _body(request) if person else {}
    if idempotency_key is not None and not (
        idempotency_key.strip() and idempotency_key.isprintable()
    ):
        raise BadKey("An Idempotency-Key is 1 to 255 printable characters.")
    repo = _repo(kind, namespace, name)

    def carry_out() -> dict[str, Any]:
        return world.service.mint(
            repo, person, MintRequest.from_json(body), key=idempotency_key
        ).to_json()

    return JSONResponse(await run_in_threadpool(carry_out), status_code=201)


@router.post(
    "/api/{kind}/{namespace}/{name}/doi/requests",
    status_code=202,
    response_model=SupportAnswer,
    responses=_problems(400, 401, 403, 404, 413, 422),
    summary="Ask support for an action that the lock refuses",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SupportBody.model_json_schema()}},
        }
    },
)
async def ask_support(
    request: Request, kind: Kind, namespace: Namespace, name: Name
) -> JSONResponse:
    world = world_of(request)
    person = person_of(request)
    body = await _body(request) if person else {}

    def carry_out() -> dict[str, Any]:
        return world.support.ask(
            _repo(kind, namespace, name),
            person,
            body.get("action"),
            body.get("reason"),
            body.get("to"),
        ).to_json()

    return JSONResponse(await run_in_threadpool(carry_out), status_code=202)


@router.get(
    "/api/dois/{doi:path}",
    response_model=VersionAnswer,
    responses=_problems(404),
    summary="The version that a DOI names",
)
def read_version(request: Request, doi: str) -> JSONResponse:
    world = world_of(request)
    try:
        named = Doi.parse(doi)
    except InvalidDoi as error:
        raise DoiNotFound(error.message) from error
    return JSONResponse(world.service.version(named).to_json())


@support_router.get("/api/support/requests", response_model=SupportList, responses=_problems(401),
            summary="The requests to support; with the support token")  # fmt: skip
def read_requests(request: Request) -> JSONResponse:
    require_support(request)
    return JSONResponse(
        {"requests": [found.to_json() for found in world_of(request).support.requests()]}
    )


@support_router.post(
    "/api/support/requests/{number}/grant",
    response_model=SupportAnswer,
    responses=_problems(401, 404, 409),
    summary="Grant a request; with the support token",
)
def grant(request: Request, number: Annotated[int, Path(ge=1, le=2**62)]) -> JSONResponse:
    require_support(request)
    return JSONResponse(world_of(request).support.grant(number).to_json())


def _repo(kind: str, namespace: str, name: str) -> Repo:
    try:
        return Repo("model" if kind == "models" else "dataset", f"{namespace}/{name}")
    except InvalidRepo as error:
        raise RepoNotFound(error.message) from error


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise BadBody(
            'The body is not JSON; send an object such as {"agree": true, "terms": "…"}.'
        ) from None
    if not isinstance(body, dict):
        raise BadBody(
            'The body is not a JSON object; send one such as {"agree": true, "terms": "…"}.'
        )
    return body
