"""The gateway as one ASGI application."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._version import __version__
from ..hub.doi_server import error_response, not_valid
from ..hub.wire import error_answer
from ..net.bodies import Bodies
from ..net.log_rate import RATE_LIMIT
from ..net.operation import operation
from ..net.routes import add_routes, is_for_reader
from ..records.errors import HubdoiError
from . import (
    doi_api,
    grant_pages,
    login,
    orcid_pages,
    pages,
    relay,
    support,
    tombstones,
    webhook,
)
from .doi_api import institution_of
from .institution import Institution
from .metrics import MEDIA_TYPE
from .page import refusal_page, render
from .traces import TracedRequests

_log = logging.getLogger(__name__)
_log.addFilter(RATE_LIMIT)

MOST_BODY = 1024 * 1024
SECONDS = 30.0
"""How long one request may wait for the Hub, DataCite and others together: less than its client waits."""


def create_app(institution: Institution) -> FastAPI:
    app = FastAPI(
        title="hubdoi gateway",
        version=__version__,
        description="DOIs of models and datasets, with the account of an institution.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.institution = institution
    app.state.relay = relay.Relay(institution.settings)
    app.add_middleware(_Bounded)
    app.add_middleware(Bodies, _no_route)
    app.add_middleware(_InTime)
    app.add_middleware(TracedRequests, traces=institution.metrics.traces)
    app.add_exception_handler(HubdoiError, _refused)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(Exception, _failed)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_api_route("/readyz", _readyz, include_in_schema=False)
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    app.add_api_route("/api/gateway", _describe, include_in_schema=False)
    # The relay last, because it takes every URL that is left.
    add_routes(
        app,
        (
            doi_api.router,
            support.router,
            login.router,
            webhook.router,
            tombstones.router,
            orcid_pages.router,
            grant_pages.router,
            pages.router,
            relay.router,
        ),
    )
    return app


async def _healthz() -> dict[str, str]:
    """This process answers, also while every thread of it waits for the Hub or DataCite."""
    return {"status": "ok"}


def _readyz(request: Request) -> dict[str, str]:
    """The database answers as well; the Hub and DataCite may be away for a while."""
    with institution_of(request).database.reading() as db:
        db.execute(sa.text("SELECT 1"))
    return {"status": "ok"}


def _metrics(request: Request) -> Response:
    institution = institution_of(request)
    depths, oldest = institution.work.depths()
    for row in institution.drafts.waiting():
        depths[row.state] += 1
    content = institution.metrics.text(depths, oldest)
    return Response(content, media_type=MEDIA_TYPE)


def _describe(request: Request) -> dict[str, Any]:
    """Whose account this is, for clients that say so before anybody mints."""
    settings = institution_of(request).settings
    return {
        "institution": settings.institution,
        "account": settings.datacite_repository,
        "hub": settings.hub,
        "owners": list(settings.owners),
        "test": institution_of(request).registrar.is_test,
        "webhooks": settings.webhook_secret is not None,
        "version": __version__,
    }


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubdoiError)
    if is_for_reader(request):
        return refusal_page(request, error)
    status, headers, body = error_answer(error)
    if status >= 500:
        _log.error("%s answered with %s", request.method, type(error).__name__)
    return JSONResponse(body, status, headers)


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {
        404: "There is nothing at this URL.",
        405: "The gateway does not support this; use the Hub itself, or write to those who run the gateway.",
    }
    sentence = sentences.get(error.status_code, str(error.detail))
    answer = _answer(request, error.status_code, sentence)
    answer.headers.update(error.headers or {})
    return answer


def _not_valid(request: Request, error: Exception) -> Response:
    return _answer(request, 422, not_valid(error), "InvalidMetadata")


def _failed(request: Request, error: Exception) -> Response:
    # The name of the exception alone: its text and its frames may hold what people sent.
    _log.error("%s failed: %s", request.method, type(error).__name__)
    return _answer(request, 500, "The gateway failed to answer; try again.", "ServiceFailed")


def _answer(request: Request, status: int, sentence: str, code: str | None = None) -> Response:
    if is_for_reader(request):
        return render(request, "message.html", status=status, message=sentence)
    return error_response(status, sentence, code)


class _InTime:
    """ASGI middleware: whatever a request asks of other servers has one deadline."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with operation(lambda: SECONDS, "one request to the gateway", "try again later"):
            await self._app(scope, receive, send)


class _Bounded:
    """ASGI middleware: no body is read beyond the bound."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared) > MOST_BODY:
            refused = HTTPException(413, "The body is too large.")
            answer = await run_in_threadpool(_no_route, Request(scope), refused)
            await answer(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BODY:
                raise HTTPException(413, "The body is too large.")
            return message

        await self._app(scope, bounded, send)
