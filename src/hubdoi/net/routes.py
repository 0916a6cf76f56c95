"""What the routes of every server share."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cache
from inspect import Parameter, iscoroutinefunction, signature
from typing import Any, ClassVar, cast
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from .accept import preferred

_LITERAL = re.compile(r"[^/{}]+")


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Let `app` answer at the routes of `routers`, the first that fits before the later ones.

    `FastAPI.include_router` works out every route anew for each application, at its first request:
    0.1 s for a sandbox. These routers have no prefix and no dependency to add, so the routes
    themselves can be used.
    """
    routes = [route for router in routers for route in router.routes]
    app.router.routes += [_Shortlist([*app.router.routes, *routes]), *routes]


def is_same_site(headers: Headers) -> bool:
    """Whether a request that changes something was made by a page of the server that it goes to.

    A browser says which site made it; what is no browser says nothing, and is let through.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False


def is_for_reader(request: Request) -> bool:
    """Whether a person with a browser asks for something that is not of an API."""
    named = request.url.path.startswith(("/api/", "/datacite"))
    wanted = preferred(request.headers.get("accept"), ("application/json", "text/html"))
    return not named and wanted is not None and wanted[0] == "text/html"


class PlainRoute(APIRoute):
    """A route that reads from a request itself what it can, for a function that gives a response.

    That is the request, texts of its path, and what `read` names. FastAPI takes as long to read
    them, by what their declarations say, as the transaction of a mint takes. It goes on documenting
    them, and reads everything else.
    """

    read: ClassVar[Mapping[str, Callable[[Request], Any]]] = {}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        function, declared = self.endpoint, signature(self.endpoint)
        read = {name: self._reader(one) for name, one in declared.parameters.items()}
        if None in read.values() or not _name_of(declared.return_annotation).endswith("Response"):
            return super().get_route_handler()
        readers = cast("dict[str, Callable[[Request], Any]]", read)
        waits = iscoroutinefunction(function)

        async def handler(request: Request) -> Response:
            given = {name: reader(request) for name, reader in readers.items()}
            if waits:
                return cast(Response, await function(**given))
            return cast(Response, await run_in_threadpool(function, **given))

        return handler

    def _reader(self, parameter: Parameter) -> Callable[[Request], Any] | None:
        name, kind = parameter.name, _name_of(parameter.annotation)
        if name in self.read:
            return self.read[name]
        if name == "request" and kind == "Request":
            return lambda request: request
        if name in self.param_convertors and kind == "str":
            return lambda request: request.path_params[name]
        return None


def _name_of(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")


class ErrorRoute(PlainRoute):
    """A route that answers with `refusal` when its function raises one of `answered`."""

    answered: tuple[type[Exception], ...]

    def refusal(self, request: Request, error: Exception) -> Response:
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except self.answered as error:
                return self.refusal(request, error)

        return handler


def templates_of(package: str) -> Environment:
    """The HTML templates of `package`: they escape everything, and fail at a name that is not given."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["path"] = lambda text: quote(str(text), safe="/")
    return environment


class _Shortlist(BaseRoute):
    """Finds the first of `routes` that fits, without trying every expression on the way to it.

    A URL fits a route only if the parts of the route's path that are not variable are among its
    own. What none of them fits goes on to the routes behind this one, which say why.
    """

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = [(_literals(route), route) for route in routes]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http":
            parts = set(scope["path"].split("/"))
            for literals, route in self._routes:
                if literals <= parts:
                    match, found = route.matches(scope)
                    if match is Match.FULL:
                        return match, {**found, "shortlisted": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["shortlisted"].handle(scope, receive, send)


def _literals(route: BaseRoute) -> frozenset[str]:
    return _literals_of(route.path) if isinstance(route, Route) else frozenset()


@cache
def _literals_of(path: str) -> frozenset[str]:
    return frozenset(part for part in path.split("/") if _LITERAL.fullmatch(part))
