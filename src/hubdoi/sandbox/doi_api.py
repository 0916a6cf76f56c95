"""The DOI side of the Hub's API: one service behind HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

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
from ..hub.doi_shapes import (
    SupportAnswer,
    SupportBody,
    SupportList,
    problems,
    request_body,
)
from ..records import Doi, MintRequest, Person, Repo
from ..records.amendment import AmendRequest
from ..records.errors import DoiNotFound, InvalidInput
from .access import person_of, require_support, world_of


def _bearer(name: str, whose: str) -> Any:
    """For the OpenAPI document; who asks is `person_of`'s to say."""
    return Security(HTTPBearer(scheme_name=name, description=whose, auto_error=False))


router = APIRouter(tags=["DOI"], dependencies=[_bearer("token", "the token of a person")])
support_router = APIRouter(
    tags=["support"], dependencies=[_bearer("support", "the support token of the data directory")]
)


@router.get(**STATUS_ROUTE)
def read_status(request: Request, repo: PathRepo) -> JSONResponse:
    world = world_of(request)
    person = person_of(request)
    status = world.service.status(repo, person)
    return JSONResponse(status.to_json())


@router.post(**MINT_ROUTE)
async def mint(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
    service = world_of(request).service

    def carry_out(person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        check_key(idempotency_key)
        asked = MintRequest.from_json(body)
        return service.mint(repo, person, asked, key=idempotency_key).to_json()

    return await _answer(request, repo, carry_out, status=201)


@router.post(**PREVIEW_ROUTE)
async def preview_amendment(request: Request, repo: PathRepo) -> JSONResponse:
    service = world_of(request).service

    def carry_out(person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        return service.preview_amendment(repo, person, AmendRequest.from_json(body)).to_json()

    return await _answer(request, repo, carry_out)


@router.post(**AMEND_ROUTE)
async def amend(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
    service = world_of(request).service

    def carry_out(person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        check_key(idempotency_key)
        asked = AmendRequest.from_json(body)
        return service.amend(repo, person, asked, key=idempotency_key).to_json()

    return await _answer(request, repo, carry_out, status=201)


@router.post(**RESERVE_ROUTE)
def reserve(request: Request, repo: PathRepo) -> JSONResponse:
    person = person_of(request)
    return JSONResponse(world_of(request).service.reserve(repo, person).to_json(), status_code=201)


@router.delete(**RELEASE_ROUTE)
def release(request: Request, repo: PathRepo) -> JSONResponse:
    person = person_of(request)
    return JSONResponse(world_of(request).service.release(repo, person).to_json())


@router.get(**ACTIVITIES_ROUTE)
def read_activities(
    request: Request,
    repo: PathRepo,
    doi: QueryDoi,
) -> JSONResponse:
    world, person = world_of(request), person_of(request)
    uid = world.store.info(repo, person).uid
    named = Doi.parse(doi)
    if world.ledger.uid_of(named) != uid:
        raise DoiNotFound(f"{named} is not a DOI of {repo.id}.")
    return JSONResponse(world.service.activities(named, person).to_json())


@router.post(
    "/api/{kind}/{namespace}/{name}/doi/requests",
    status_code=202,
    response_model=SupportAnswer,
    responses=problems(400, 401, 403, 404, 409, 413, 422),
    summary="Ask support for an action that the lock refuses",
    openapi_extra=request_body(SupportBody),
)
async def ask_support(request: Request, repo: PathRepo) -> JSONResponse:
    support = world_of(request).support

    def carry_out(person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        return support.ask_from_json(repo, person, body).to_json()

    return await _answer(request, repo, carry_out, status=202)


@router.get(**VERSION_ROUTE)
def read_version(request: Request, doi: PathDoi) -> JSONResponse:
    return JSONResponse(world_of(request).service.version(doi).to_json())


@support_router.get("/api/support/requests", response_model=SupportList, responses=problems(401, 403),
            summary="The requests to support; with the support token")  # fmt: skip
def read_requests(request: Request) -> JSONResponse:
    require_support(request)
    return JSONResponse(
        {"requests": [found.to_json() for found in world_of(request).support.requests()]}
    )


@support_router.post(
    "/api/support/requests/{number}/grant",
    response_model=SupportAnswer,
    responses=problems(401, 403, 404, 409, 422),
    summary="Grant a request; with the support token",
)
def grant(request: Request, number: Annotated[int, Path(ge=1, le=2**62)]) -> JSONResponse:
    require_support(request)
    return JSONResponse(world_of(request).support.grant(number).to_json())


async def _answer(
    request: Request,
    repo: Repo,
    carry_out: Callable[[Person | None, dict[str, Any]], dict[str, Any]],
    *,
    status: int = 200,
) -> JSONResponse:
    """What `carry_out` answers for the person and the body of a POST."""
    sent = await request.body()

    def answer() -> dict[str, Any]:
        person = person_of(request)
        try:
            # Who asks comes before what they ask: a stranger learns nothing from a broken body.
            return carry_out(person, json_object(sent) if person else {})
        except InvalidInput:
            world_of(request).service.check_may_mint(repo, person)
            raise

    return JSONResponse(await run_in_threadpool(answer), status_code=status)
