"""The page to which the DOI of a repository leads that is gone from the Hub."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, StrictUndefined

from ..records import Doi
from ..records.errors import DoiNotFound, InvalidDoi
from .doi_api import institution_of

router = APIRouter(include_in_schema=False)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ version.title }}</title>
</head>
<body>
<main>
<h1>{{ version.title }}</h1>
<p>This {{ version.repo.type }} is no longer on {{ hub }}. It was not found there on {{ tombstone.deleted.date() }}.{% if tombstone.reason %} {{ tombstone.reason }}{% endif %}</p>
<dl>
<dt>DOI</dt><dd>{{ version.doi }}</dd>
<dt>Repository</dt><dd>{{ version.repo }}</dd>
<dt>Revision</dt><dd>{{ version.revision }}</dd>
<dt>Authors</dt><dd>{{ version.authors | map(attribute="name") | join("; ") }}</dd>
<dt>Publisher</dt><dd>{{ version.publisher }}</dd>
<dt>Year</dt><dd>{{ version.year }}</dd>
{% if version.license %}<dt>Licence</dt><dd>{{ version.license }}</dd>{% endif %}
{% if version.description %}<dt>Description</dt><dd>{{ version.description }}</dd>{% endif %}
</dl>
<p>This page is kept by {{ institution }}, because a DOI always leads somewhere.</p>
</main>
</body>
</html>
"""


def tombstone_url(base: str, doi: Doi) -> str:
    """Where the page of `doi` is, on a gateway at `base`."""
    return f"{base}/gone/{doi.name}"


@router.get("/gone/{doi:path}")
def tombstone_page(request: Request, doi: str) -> Response:
    institution = institution_of(request)
    try:
        named = Doi.parse(doi)
    except InvalidDoi as error:
        raise DoiNotFound(error.message) from error
    version = institution.version(named)
    found = institution.ledger.tombstone(named)
    if found is None:
        raise DoiNotFound(f"The repository of {named} is available: {version.landing_url}")
    page = _template().render(
        version=version,
        tombstone=found,
        hub=institution.settings.hub,
        institution=institution.settings.institution,
    )
    return HTMLResponse(page, 410, _HEADERS)


@cache
def _template():  # type: ignore[no-untyped-def]
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
