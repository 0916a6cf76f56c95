"""The contract of a Hub's DOI API, which is all that a client needs to know."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import JSONResponse

from ..config import Secret
from ..hub.doi_server import PathRepo, doi_router
from ..hub.doi_shapes import WithdrawalAnswer, problems
from ..records.errors import SignInRequired
from ..records.request import RequestKind
from .backend import InstitutionBackend, backend_for
from .credentials import Credentials, is_of_gateway, is_of_hub
from .institution import Institution

_MOST_TOKEN = 4096


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


router = doi_router(
    backend_of,
    lambda request, doi: institution_of(request).version(doi),
    "a token of the Hub: it says who asks, and that they may write; or one of JupyterHub, with that of the Hub in X-Hub-Token",
)


@router.delete(
    "/api/{kind}/{namespace}/{name}/doi/review",
    response_model=WithdrawalAnswer,
    responses=problems(401, 403, 404, 422),
    summary="Take back what who asks has asked for, and no curator has decided",
)
def withdraw(
    request: Request,
    repo: PathRepo,
    what: Annotated[
        RequestKind | None,
        Query(description="where requests of different kinds wait: which one"),
    ] = None,
) -> JSONResponse:
    told = backend_of(request).withdraw(repo, what)
    return JSONResponse({"repo": {"type": repo.type, "id": repo.id}, "message": told.text})
