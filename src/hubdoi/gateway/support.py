"""``%doi request``: the Hub has a support that lifts its lock, a gateway has no lock to lift."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request

from ..hub.doi_server import PathRepo
from ..records.errors import PolicyRefused
from .doi_api import institution_of

router = APIRouter(include_in_schema=False)


@router.post("/api/{kind}/{namespace}/{name}/doi/requests")
def ask_support(request: Request, repo: PathRepo) -> None:
    """Say whom to ask instead."""
    settings = institution_of(request).settings
    raise PolicyRefused(
        f"{urlsplit(settings.hub).netloc} does not lock {repo} for a DOI of {settings.institution}, so there is no request to support. You agreed to ask {settings.institution} before you delete, rename, transfer or hide it: write to {settings.contact or 'those who run the gateway'}."
    )
