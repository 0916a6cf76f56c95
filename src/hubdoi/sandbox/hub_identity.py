"""Which sandbox this is, under whatever name and port it is reached."""

from __future__ import annotations

from fastapi import APIRouter, Request

from .access import world_of

router = APIRouter()


@router.get("/api/identity")
def identity(request: Request) -> dict[str, str]:
    return {"identity": world_of(request).store.identity}


@router.get("/api/sandbox")
def sandbox(request: Request) -> dict[str, str]:
    return {"id": world_of(request).credentials.id}
