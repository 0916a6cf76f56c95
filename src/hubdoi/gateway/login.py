"""Sign in with the Hub from a notebook, and out again, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from ..hub.doi_server import json_object
from ..records.errors import SignInRequired
from .audit import GATEWAY
from .doi_api import credentials_of, institution_of
from .grants import Signed

router = APIRouter(prefix="/api/gateway/login", include_in_schema=False)


@router.post("")
def begin(request: Request) -> dict[str, Any]:
    """The code to show, and the handle with which to ask whether it was entered."""
    institution = institution_of(request)
    return institution.grants.begin(_owner(request))


@router.post("/finish")
async def finish(request: Request) -> JSONResponse:
    """202 while the person has not decided; then who they are, and the token of their notebook.

    ``slow_down`` beside ``pending`` asks for 5 seconds more between two requests (RFC 8628, 3.5).
    """
    handle = str(json_object(await request.body()).get("handle") or "")

    def carry_out() -> JSONResponse:
        institution = institution_of(request)
        signed = institution.grants.finish(handle, _owner(request), institution.hub_name)
        if not isinstance(signed, Signed):
            return JSONResponse({"pending": True, "slow_down": signed == "slow_down"}, 202)
        institution.audit.add(signed.username, "allowed the gateway to see who they are", GATEWAY)
        token = {"token": signed.token.reveal()} if signed.token else {}
        return JSONResponse(
            {"username": signed.username, **token}, headers={"Cache-Control": "no-store"}
        )

    return await run_in_threadpool(carry_out)


@router.delete("")
def end(request: Request) -> dict[str, bool]:
    """Delete what the person allowed."""
    institution, sent = institution_of(request), credentials_of(request)
    owner = institution.grant(sent.identity)
    if owner is None:
        raise SignInRequired("Nobody is signed in.")
    return {"ended": institution.grants.forget(owner)}


def _owner(request: Request) -> str | None:
    """Whose the grant will be: a person of JupyterHub; without JupyterHub the holder of a new token.

    Raises:
        SignInRequired: JupyterHub does not say who asks.
    """
    institution = institution_of(request)
    if institution.jupyterhub is None:
        return None
    owner = institution.grant(credentials_of(request).identity)
    if owner is None:
        raise SignInRequired("Sign in from a notebook of JupyterHub: its token says who you are.")
    return owner
