"""The sandbox as one ASGI application."""

from __future__ import annotations

import errno
import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from .._version import __version__
from ..hub.doi_server import error_response, not_valid
from ..hub.wire import error_answer, header_text
from ..net.bodies import Bodies
from ..net.log_rate import RATE_LIMIT
from ..net.routes import add_routes, is_for_reader
from ..records.errors import HubdoiError, LedgerError
from . import (
    datacite_api,
    doi_api,
    hub_api,
    identity_api,
    oauth_api,
    oauth_pages,
    pages,
    people_pages,
    resolver,
    settings_pages,
    tickets,
)
from .access import person_of
from .guard import Guard, is_wildcard, own_hosts
from .located import follow_alias, no_such_repository, one_part_id
from .page import error_page, moved_address, refusal_page
from .refusal import Moved, Refusal
from .request_ids import RequestIds
from .turns import Turns
from .world import World

_log = logging.getLogger(__name__)
_log.addFilter(RATE_LIMIT)
READERS = 1
"""How many requests that change nothing are carried out at the same time.

More take the interpreter from each other, and from the one that writes.
"""
SLOW_READERS = 2
"""How many of them may go on beside the next one: a read of much would hold up all others."""
WRITERS = 1
"""The same for those that change something: the database has one writer."""


def create_app(world: World, *, host: str = "127.0.0.1", port: int = 80) -> FastAPI:
    """The application that serves `world` on `host` and `port`: only that name may ask it."""
    app = FastAPI(
        title="hubdoi sandbox",
        version=__version__,
        description="DOIs of the models and datasets of a sandbox Hub.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.world = world
    app.add_middleware(Turns, _refused, readers=READERS, writers=WRITERS, slow=SLOW_READERS)
    app.add_middleware(
        Guard,
        _refused,
        hosts=own_hosts(host, port),
        any_address=is_wildcard(host),
    )
    app.add_middleware(Bodies, _no_route)
    app.add_middleware(RequestIds)
    app.add_exception_handler(HubdoiError, _refused)
    app.add_exception_handler(OSError, _not_written)
    app.add_exception_handler(Moved, _moved)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(Exception, _failed)
    # The narrow URLs first: a repository's page takes every URL that is left.
    routers = [
        doi_api.support_router,
        hub_api.router,
        oauth_api.router,
        oauth_pages.router,
        datacite_api.router,
        identity_api.router,
        resolver.router,
        settings_pages.router,
        tickets.router,
        pages.router,
        people_pages.router,
    ]
    if not world.without_doi_api:
        routers.insert(0, doi_api.router)
    add_routes(app, routers)
    return app


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubdoiError)
    if is_for_reader(request):
        return refusal_page(request, error)
    if isinstance(error, Refusal):
        answer = error_response(error.status, error.message, error.code, **error.more)
        answer.headers["X-Error-Message"] = header_text(error.header)
        return answer
    status, headers, body = error_answer(error)
    if status >= 500:
        _log.error("%s %r: %s", request.method, request.url.path, error.message)
    return JSONResponse(body, status, headers)


def _not_written(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    sentence = "There is no room left for the sandbox's files; free some space and try again."
    return _refused(request, LedgerError(sentence))


def _moved(request: Request, error: Exception) -> Response:
    assert isinstance(error, Moved)
    # Relative, so that it holds under whatever name the client knows this server.
    return Response(status_code=307, headers={"Location": moved_address(request, error)})


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        try:
            follow_alias(request)
        except Moved as moved:
            return _moved(request, moved)
        except HubdoiError as refused:
            return _refused(request, refused)
    if error.status_code in (404, 405) and not is_for_reader(request) and one_part_id(request):
        return _refused(request, no_such_repository(person_of(request)))
    sentences = {
        404: "There is nothing at this URL.",
        405: "This URL does not support that method.",
    }
    sentence = sentences.get(error.status_code, str(error.detail))
    answer: Response
    if is_for_reader(request):
        answer = error_page(request, error.status_code, sentence)
    else:
        answer = error_response(error.status_code, sentence)
    answer.headers.update(error.headers or {})
    return answer


def _not_valid(request: Request, error: Exception) -> Response:
    if is_for_reader(request):
        return error_page(request, 422, not_valid(error))
    return error_response(422, not_valid(error), "InvalidMetadata")


def _failed(request: Request, error: Exception) -> Response:
    # The name of the exception alone: its text and its frames may hold what people sent.
    _log.error("%s %r failed: %s", request.method, request.url.path, type(error).__name__)
    sentence = "The sandbox failed to answer; try again."
    if is_for_reader(request):
        return error_page(request, 500, sentence)
    return error_response(500, sentence, "ServiceFailed")
