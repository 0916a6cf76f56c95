"""Where the Hub sends its webhooks, and where a notebook that waits hears of them."""

from __future__ import annotations

import asyncio
import hmac
from time import monotonic

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from ..hub.doi_server import json_object
from ..records.errors import RepoNotFound, SignInRequired
from .doi_api import institution_of

router = APIRouter(include_in_schema=False)

_PATIENCE = 20.0
"""Seconds for which a question waits for a webhook; less than a proxy and a graceful stop wait."""
_PAUSE = 1.0


@router.post("/webhooks/hub")
async def receive(request: Request) -> JSONResponse:
    """Take a webhook of the Hub; the answer says whether the repository is looked at again."""
    institution = institution_of(request)
    secret = institution.settings.webhook_secret
    if secret is None:
        raise RepoNotFound("There is nothing at this URL.")
    sent = request.headers.get("x-webhook-secret", "")
    # Before the body is read: a stranger's is not worth it.
    if not hmac.compare_digest(sent.encode(), secret.reveal().encode()):
        raise SignInRequired(
            "X-Webhook-Secret is not the secret of this gateway; write HUBDOI_GATEWAY_WEBHOOK_SECRET into the Hub's webhook."
        )
    body = await request.body()
    queued = await run_in_threadpool(lambda: institution.watch.told(json_object(body), body))
    return JSONResponse({"queued": queued}, 202)


@router.get("/api/gateway/webhooks/{uid}")
async def news(request: Request, uid: str, after: float | None = None) -> dict[str, float]:
    """When the last webhook about a repository came; with `after`, once it is another moment.

    It says nothing else, and who does not know the Hub's identifier of a repository cannot ask.
    """
    institution = institution_of(request)
    if institution.settings.webhook_secret is None:
        raise RepoNotFound("There is nothing at this URL.")
    deadline = monotonic() + _PATIENCE
    while True:
        told = await run_in_threadpool(institution.watch.last_told, uid[:200])
        if after is None or told != after or monotonic() > deadline:
            return {"told": told}
        if await request.is_disconnected():
            return {"told": told}
        await asyncio.sleep(_PAUSE)
