"""Where the Hub sends its webhooks."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from ..hub.doi_requests import json_object
from ..records.errors import RepoNotFound, SignInRequired
from .doi_api import institution_of

router = APIRouter(include_in_schema=False)


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
