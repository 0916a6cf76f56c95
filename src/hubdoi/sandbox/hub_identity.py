"""Which sandbox this is, under whatever name and port it is reached."""

from __future__ import annotations

from fastapi import APIRouter, Request

from .access import world_of

router = APIRouter()


@router.get("/api/sandbox")
def identity(request: Request) -> dict[str, str]:
    return {"id": world_of(request).credentials.id}
