"""The DOI side of the Hub's API (design chapter 7): one service behind HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, cast

from fastapi import APIRouter, Header, Path, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from ..records import Doi, MintRequest, Person, Repo
from ..records.errors import DoiNotFound, InvalidDoi, InvalidInput, InvalidRepo, RepoNotFound
from .access import person_of, require_support, world_of
from .schemas import (
    DoiStatus,
    MintBody,
    Problem,
    SupportAnswer,
    SupportBody,
    SupportList,
    VersionAnswer,
    request_body,
)


def _bearer(name: str, whose: str) -> Any:
    """For the OpenAPI document; who asks is `person_of`'s to say."""
    return Security(HTTPBearer(scheme_name=name, description=whose, auto_error=False))


router = APIRouter(tags=["DOI"], dependencies=[_bearer("token", "the token of a person")])
support_router = APIRouter(
    tags=["support"], dependencies=[_bearer("support", "the support token of the data directory")]
)

_TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}

Kind = Annotated[
    str, Path(description="models or datasets", json_schema_extra={"enum": list(_TYPES)})
]
Namespace = Annotated[str, Path(description="the user or organisation")]
Name = Annotated[str, Path(description="the name of the repository")]

MAX_KEY = 255
Key = Annotated[
    str | None,
    Header(
        description="the same key with the same body has the same answer again, for good",
        json_schema_extra={"minLength": 1, "maxLength": MAX_KEY},
    ),
]


class BadBody(InvalidInput):
    """A body that is not a JSON object."""

    http_status = 400


class BadKey(InvalidInput):
    """An Idempotency-Key that cannot be one."""

    http_status = 400


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "no consent (`ConsentRequired`), a body that is not a JSON object, or a bad Idempotency-Key",
        401: "no token, or one that is not known",
        403: "no write access",
        404: "no such repository, revision or DOI, or none that this token can see",
        409: "`TermsChanged`, `AlreadyRegistered` or `RepoNotEligible`; a request that cannot be granted",
        413: "a body that is too large",
        422: "a part that cannot be read, or an Idempotency-Key used with another body",
    }
    headers = {
        name: {"schema": {"type": "string"}, "description": meaning}
        for name, meaning in (
            ("X-Error-Code", "the name of the error, as `code`"),
            ("X-Error-Message", "the sentence, as `error`"),
        )
    }
    return {
        status: {"model": Problem, "description": meanings[status], "headers": headers}
        for status in statuses
    }


@router.get(
    "/api/{kind}/{namespace}/{name}/doi",
    response_model=DoiStatus,
    responses=_problems(401, 404, 409, 422),
    summary="State, head, lock, versions and terms of a repository",
)
def read_status(request: Request, kind: Kind, namespace: Namespace, name: Name) -> JSONResponse:
    world = world_of(request)
    person = person_of(request)
    status = world.service.status(_repo(kind, namespace, name), person)
    return JSONResponse(status.to_json())


@router.post(
    "/api/{kind}/{namespace}/{name}/doi",
    status_code=201,
    response_model=VersionAnswer,
    responses=_problems(400, 401, 403, 404, 409, 413, 422),
    summary="Mint the DOI of the head, or of a revision",
    openapi_extra=request_body(MintBody),
)
async def mint(
    request: Request,
    kind: Kind,
    namespace: Namespace,
    name: Name,
    idempotency_key: Key = None,
) -> JSONResponse:
    service = world_of(request).service

    def carry_out(repo: Repo, person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        _check_key(idempotency_key)
        asked = MintRequest.from_json(body)
        return service.mint(repo, person, asked, key=idempotency_key).to_json()

    return await _answer(request, kind, namespace, name, 201, carry_out)


@router.post(
    "/api/{kind}/{namespace}/{name}/doi/requests",
    status_code=202,
    response_model=SupportAnswer,
    responses=_problems(400, 401, 403, 404, 409, 413, 422),
    summary="Ask support for an action that the lock refuses",
    openapi_extra=request_body(SupportBody),
)
async def ask_support(
    request: Request, kind: Kind, namespace: Namespace, name: Name
) -> JSONResponse:
    support = world_of(request).support

    def carry_out(repo: Repo, person: Person | None, body: dict[str, Any]) -> dict[str, Any]:
        return support.ask_from_json(repo, person, body).to_json()

    return await _answer(request, kind, namespace, name, 202, carry_out)


@router.get(
    "/api/dois/{doi:path}",
    response_model=VersionAnswer,
    responses=_problems(401, 404, 422),
    summary="The version that a DOI names",
)
def read_version(request: Request, doi: str) -> JSONResponse:
    world = world_of(request)
    try:
        named = Doi.parse(doi)
    except InvalidDoi as error:
        raise DoiNotFound(error.message) from error
    return JSONResponse(world.service.version(named).to_json())


@support_router.get("/api/support/requests", response_model=SupportList, responses=_problems(401, 403),
            summary="The requests to support; with the support token")  # fmt: skip
def read_requests(request: Request) -> JSONResponse:
    require_support(request)
    return JSONResponse(
        {"requests": [found.to_json() for found in world_of(request).support.requests()]}
    )


@support_router.post(
    "/api/support/requests/{number}/grant",
    response_model=SupportAnswer,
    responses=_problems(401, 403, 404, 409, 422),
    summary="Grant a request; with the support token",
)
def grant(request: Request, number: Annotated[int, Path(ge=1, le=2**62)]) -> JSONResponse:
    require_support(request)
    return JSONResponse(world_of(request).support.grant(number).to_json())


async def _answer(
    request: Request,
    kind: str,
    namespace: str,
    name: str,
    status: int,
    carry_out: Callable[[Repo, Person | None, dict[str, Any]], dict[str, Any]],
) -> JSONResponse:
    """What `carry_out` answers for the repository, the person and the body of a POST."""
    sent = await request.body()

    def answer() -> dict[str, Any]:
        person = person_of(request)
        repo = _repo(kind, namespace, name)
        try:
            # Who asks comes before what they ask: a stranger learns nothing from a broken body.
            return carry_out(repo, person, _object(sent) if person else {})
        except InvalidInput:
            world_of(request).service.check_may_mint(repo, person)
            raise

    return JSONResponse(await run_in_threadpool(answer), status_code=status)


def _repo(kind: str, namespace: str, name: str) -> Repo:
    if kind not in _TYPES:
        raise RepoNotFound("There are models and datasets here, and nothing else has a DOI.")
    try:
        return Repo(cast(Any, _TYPES[kind]), f"{namespace}/{name}")
    except InvalidRepo as error:
        raise RepoNotFound(error.message) from error


def _check_key(key: str | None) -> None:
    if key is not None and not (key.strip() and key.isprintable() and len(key) <= MAX_KEY):
        raise BadKey(f"An Idempotency-Key is 1 to {MAX_KEY} printable characters.")


def _object(sent: bytes) -> dict[str, Any]:
    try:
        body = json.loads(sent, object_pairs_hook=_once, parse_constant=_no_constant)
    except BadBody:
        raise
    except (ValueError, RecursionError):
        raise BadBody(
            'The body is not JSON; send an object such as {"agree": true, "terms": "…"}.'
        ) from None
    if not isinstance(body, dict):
        raise BadBody(
            'The body is not a JSON object; send one such as {"agree": true, "terms": "…"}.'
        )
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says the same thing twice says nothing that anybody can rely on."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadBody("The body has the same key twice; say each thing once.")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
