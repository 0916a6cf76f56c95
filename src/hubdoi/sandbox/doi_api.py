"""The DOI side of the Hub's API: one service behind HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from ..hub.doi_server import PathRepo, answer_post, bearer, doi_router, json_object
from ..hub.doi_shapes import (
    SupportAnswer,
    SupportBody,
    SupportList,
    problems,
    request_body,
)
from ..minting.service import DoiService
from ..records import Doi, MintRequest, Person, Repo, Status, Version
from ..records.amendment import Activities, Amendment, AmendRequest
from ..records.errors import DoiNotFound
from ..records.reservation import Reservation
from .access import person_of, require_support, world_of
from .support import SupportRequest
from .world import World


@dataclass(frozen=True, slots=True)
class Asker:
    """What whoever sent a request may see and do in this world."""

    world: World
    person: Person | None

    @property
    def service(self) -> DoiService:
        return self.world.service

    def check_may_mint(self, repo: Repo) -> None:
        self.service.check_may_mint(repo, self.person)

    def status(self, repo: Repo) -> Status:
        with self.world.reading():
            return self.service.status(repo, self.person)

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        return self.service.mint(repo, self.person, request, key=key)

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        return self.service.preview_amendment(repo, self.person, request)

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        return self.service.amend(repo, self.person, request, key=key)

    def reserve(self, repo: Repo) -> Reservation:
        return self.service.reserve(repo, self.person)

    def release(self, repo: Repo) -> Reservation:
        return self.service.release(repo, self.person)

    def activities(self, repo: Repo, doi: str) -> Activities:
        uid = self.world.store.info(repo, self.person).uid
        named = Doi.parse(doi)
        if self.world.ledger.uid_of(named) != uid:
            raise DoiNotFound(f"{named} is not a DOI of {repo.id}.")
        return self.service.activities(named, self.person)


def asker_of(request: Request) -> Asker:
    """Who asks. Raises as `person_of`."""
    return Asker(world_of(request), person_of(request))


router = doi_router(
    asker_of,
    lambda request, doi: world_of(request).service.version(doi),
    "the token of a person",
)
support_router = APIRouter(
    tags=["support"], dependencies=[bearer("support", "the support token of the data directory")]
)


@router.post(
    "/api/{kind}/{namespace}/{name}/doi/requests",
    status_code=202,
    response_model=SupportAnswer,
    responses=problems(400, 401, 403, 404, 409, 413, 422),
    summary="Ask support for an action that the lock refuses",
    openapi_extra=request_body(SupportBody),
)
async def ask_support(request: Request, repo: PathRepo) -> JSONResponse:
    def carry_out(who: Asker, sent: bytes) -> SupportRequest:
        # Of nobody not even the body is read: what they are told is to sign in for this.
        body = json_object(sent) if who.person else {}
        return who.world.support.ask_from_json(repo, who.person, body)

    return await answer_post(request, repo, asker_of, carry_out, 202)


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
