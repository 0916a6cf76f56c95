"""The Hub's HTTP API, as far as `huggingface_hub` uses it."""

from __future__ import annotations

from fastapi import APIRouter

from . import hub_people

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
router.include_router(hub_people.router)
