"""The routes of a Hub's DOI API, the same for every server: what each of them does is its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from ..net.routes import PlainRoute
from ..records import Doi, MintRequest, Repo, Status, Version
from ..records.amendment import Activities, Amendment, AmendRequest
from ..records.errors import DoiNotFound, InvalidDoi, InvalidInput, InvalidRepo, RepoNotFound
from ..records.reservation import Reservation
from .doi_shapes import (
    ActivityList,
    AmendBody,
    AmendmentAnswer,
    DoiStatus,
    MintBody,
    ReservationAnswer,
    VersionAnswer,
    problems,
    request_body,
)
from .wire import header_text

_TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}

MAX_KEY = 255
Key = Annotated[
    str | None,
    Header(
        description="the same key with the same body always has the same answer",
        json_schema_extra={"minLength": 1, "maxLength": MAX_KEY},
    ),
]


class BadBody(InvalidInput):
    """A body that is not a JSON object."""

    http_status = 400


class BadKey(InvalidInput):
    """An Idempotency-Key that cannot be one."""

    http_status = 400


def _repo_of(kind: str, namespace: str, name: str) -> Repo:
    if kind not in _TYPES:
        raise RepoNotFound("Only models and datasets have DOIs here.")
    try:
        return Repo(cast(Any, _TYPES[kind]), f"{namespace}/{name}")
    except InvalidRepo as error:
        raise RepoNotFound(error.message) from error


# Not in a thread, where FastAPI would call what does not wait.
async def _repo_of_path(
    kind: Annotated[
        str, Path(description="models or datasets", json_schema_extra={"enum": list(_TYPES)})
    ],
    namespace: Annotated[str, Path(description="the user or organisation")],
    name: Annotated[str, Path(description="the name of the repository")],
) -> Repo:
    return _repo_of(kind, namespace, name)


PathRepo = Annotated[Repo, Depends(_repo_of_path)]
"""The repository of an API path; RepoNotFound where there can be none."""


class DoiRoute(PlainRoute):
    """A route of the DOI API."""

    read: ClassVar[Mapping[str, Callable[[Request], Any]]] = {
        "repo": lambda request: _repo_of(**request.path_params),
        "idempotency_key": lambda request: request.headers.get("idempotency-key"),
    }


def doi_of_path(doi: str) -> Doi:
    """The DOI of a URL; DoiNotFound where there can be none."""
    try:
        return Doi.parse(doi)
    except InvalidDoi as error:
        raise DoiNotFound(error.message) from error


PathDoi = Annotated[Doi, Depends(doi_of_path)]

QueryDoi = Annotated[str, Query(description="a DOI of the repository", max_length=2048)]


class Asker(Protocol):
    """What whoever sent a request may see and do: `DoiService`, for one person."""

    def check_may_mint(self, repo: Repo) -> None: ...
    def status(self, repo: Repo) -> Status: ...
    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version: ...
    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment: ...
    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version: ...
    def reserve(self, repo: Repo) -> Reservation: ...
    def release(self, repo: Repo) -> Reservation: ...
    def activities(self, repo: Repo, doi: str) -> Activities: ...


_Asker = TypeVar("_Asker", bound=Asker)


def doi_router(
    asker: Callable[[Request], Asker], version: Callable[[Request, Doi], Version], token: str
) -> APIRouter:
    """The routes of a server that knows who asks, and what a DOI names; `token` describes theirs."""
    router = APIRouter(tags=["DOI"], dependencies=[bearer("token", token)], route_class=DoiRoute)
    path = "/api/{kind}/{namespace}/{name}/doi"

    @router.get(
        path,
        response_model=DoiStatus,
        responses=problems(401, 404, 409, 422),
        summary="State, latest commit, lock, versions and terms of a repository",
    )
    def read_status(request: Request, repo: PathRepo) -> JSONResponse:
        return JSONResponse(asker(request).status(repo).to_json())

    @router.post(
        path,
        status_code=201,
        response_model=VersionAnswer,
        responses=problems(400, 401, 403, 404, 409, 413, 422),
        summary="Mint the DOI of the latest commit, or of a revision",
        openapi_extra=request_body(MintBody),
    )
    async def mint(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
        def carry_out(who: Asker, sent: bytes) -> Version:
            body = json_object(sent)
            check_key(idempotency_key)
            return who.mint(repo, MintRequest.from_json(body), key=idempotency_key)

        return await answer_post(request, repo, asker, carry_out, 201)

    @router.post(
        f"{path}/amendments/preview",
        response_model=AmendmentAnswer,
        responses=problems(401, 403, 404, 413, 422),
        summary="What a correction of a record would change, and the terms of it",
        openapi_extra=request_body(AmendBody),
    )
    async def preview_amendment(request: Request, repo: PathRepo) -> JSONResponse:
        def carry_out(who: Asker, sent: bytes) -> Amendment:
            return who.preview_amendment(repo, AmendRequest.from_json(json_object(sent)))

        return await answer_post(request, repo, asker, carry_out)

    @router.post(
        f"{path}/amendments",
        status_code=201,
        response_model=VersionAnswer,
        responses=problems(400, 401, 403, 404, 409, 413, 422),
        summary="Correct the record of a DOI; the DOI, the repository and the revision stay",
        openapi_extra=request_body(AmendBody),
    )
    async def amend(request: Request, repo: PathRepo, idempotency_key: Key = None) -> JSONResponse:
        def carry_out(who: Asker, sent: bytes) -> Version:
            body = json_object(sent)
            check_key(idempotency_key)
            return who.amend(repo, AmendRequest.from_json(body), key=idempotency_key)

        return await answer_post(request, repo, asker, carry_out, 201)

    @router.post(
        f"{path}/reservation",
        status_code=201,
        response_model=ReservationAnswer,
        responses=problems(401, 403, 404, 422),
        summary="Keep a DOI for the next version; the next mint publishes it",
    )
    def reserve(request: Request, repo: PathRepo) -> JSONResponse:
        return JSONResponse(asker(request).reserve(repo).to_json(), 201)

    @router.delete(
        f"{path}/reservation",
        response_model=ReservationAnswer,
        responses=problems(401, 403, 404, 409, 422),
        summary="Give up the reserved DOI; the answer is what was given up",
    )
    def release(request: Request, repo: PathRepo) -> JSONResponse:
        return JSONResponse(asker(request).release(repo).to_json())

    @router.get(
        f"{path}/activities",
        response_model=ActivityList,
        responses=problems(401, 404, 422),
        summary="The registration and the corrections of a DOI, oldest first",
    )
    def read_activities(request: Request, repo: PathRepo, doi: QueryDoi) -> JSONResponse:
        return JSONResponse(asker(request).activities(repo, doi).to_json())

    @router.get(
        "/api/dois/{doi:path}",
        response_model=VersionAnswer,
        responses=problems(401, 404, 422),
        summary="The version that a DOI names",
    )
    def read_version(request: Request, doi: PathDoi) -> JSONResponse:
        return JSONResponse(version(request, doi).to_json())

    return router


def bearer(name: str, whose: str) -> Any:
    """A token in the OpenAPI document; who asks is each server's to say."""
    return Security(HTTPBearer(scheme_name=name, description=whose, auto_error=False))


async def answer_post(
    request: Request,
    repo: Repo,
    asker: Callable[[Request], _Asker],
    carry_out: Callable[[_Asker, bytes], Any],
    status: int = 200,
) -> JSONResponse:
    """The record that `carry_out` makes for who asks, of the body of a POST."""
    sent = await request.body()

    def answer() -> dict[str, Any]:
        who = asker(request)
        try:
            return cast(dict[str, Any], carry_out(who, sent).to_json())
        except InvalidInput:
            # Who asks comes before what they ask: a stranger learns nothing from a broken body.
            who.check_may_mint(repo)
            raise

    return JSONResponse(await run_in_threadpool(answer), status)


def error_response(status: int, message: str, code: str | None = None, **more: Any) -> JSONResponse:
    """An error that no exception of the tree stands for; `more` goes into the body."""
    named = {"code": code} if code else {}
    headers = {"X-Error-Message": header_text(message), **({"X-Error-Code": code} if code else {})}
    return JSONResponse({"error": message, **named, **more}, status, headers)


def not_valid(error: Exception) -> str:
    """Why FastAPI cannot read a request."""
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = dict(next(iter(error.errors()), {}))
    where = ".".join(str(part) for part in first.get("loc", ()))[:200]
    what = str(first.get("msg", "it cannot be read"))[:300]
    return f"The request cannot be used: {where}: {what}."


def check_key(key: str | None) -> None:
    """Raise BadKey for what cannot be an Idempotency-Key."""
    if key is not None and not (key.strip() and key.isprintable() and len(key) <= MAX_KEY):
        raise BadKey(f"An Idempotency-Key is 1 to {MAX_KEY} printable characters.")


def json_object(sent: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BadBody: it is none, or has a key twice.
    """
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
        raise BadBody("The body has the same key twice; give each key once.")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
