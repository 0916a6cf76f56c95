"""The routes of an application."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Let `app` answer at the routes of `routers`, the first that fits before the later ones.

    `FastAPI.include_router` works out every route anew for each application, at its first request:
    0.1 s for a sandbox. These routers have no prefix and no dependency to add, so the routes
    themselves can be used.
    """
    for router in routers:
        app.router.routes.extend(router.routes)
