"""The page to which the DOI of a repository leads that is gone from the Hub."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from ..hub.doi_server import PathDoi
from ..records import Doi
from ..records.errors import DoiNotFound
from .doi_api import institution_of
from .page import templates

router = APIRouter(include_in_schema=False)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def tombstone_url(base: str, doi: Doi) -> str:
    """Where the page of `doi` is, on a gateway at `base`."""
    return f"{base}/gone/{doi.name}"


@router.get("/gone/{doi:path}")
def tombstone_page(request: Request, doi: PathDoi) -> Response:
    institution = institution_of(request)
    version = institution.version(doi)
    found = institution.ledger.tombstone(doi)
    if found is None:
        raise DoiNotFound(f"The repository of {doi} is available: {version.landing_url}")
    page = (
        templates()
        .get_template("tombstone.html")
        .render(
            version=version,
            tombstone=found,
            hub=institution.settings.hub,
            institution=institution.settings.institution,
        )
    )
    return HTMLResponse(page, 410, _HEADERS)
