"""Where a DOI leads, and what it says of itself to machines (R10, R11)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ..citation import cite
from ..datacite.reader import version_from
from ..hub.doi_server import doi_of_path
from ..hub.wire import error_answer
from ..minting.ledger import Tombstone
from ..net.accept import MediaRange, preferred
from ..net.routes import is_for_reader
from ..records import Version
from ..records.errors import DoiNotFound, InvalidInput, MissingLibrary, UnknownStyle
from .access import person_of, world_of
from .datacite_records import Record
from .page import HEADERS, Page, render, see_other
from .refusal import Refusal

router = APIRouter(include_in_schema=False, route_class=Page)

_HTML = "text/html"
_BIBLIOGRAPHY = "text/x-bibliography"
_CSL = "application/vnd.citationstyles.csl+json"
_FORMATS = {
    "application/x-bibtex": "bibtex",
    _CSL: "csl-json",
    "application/x-research-info-systems": "ris",
    "application/vnd.datacite.datacite+json": "datacite-json",
    "application/vnd.datacite.datacite+xml": "datacite-xml",
    "application/vnd.schemaorg.ld+json": "schema.org",
    "application/ld+json": "schema.org",
}
_OFFERED = (_HTML, "application/xhtml+xml", *_FORMATS, _BIBLIOGRAPHY)
# A name and nothing else: a stranger must not have this server read a file or fetch a URL.
_STYLE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){0,15}")
_LOCALE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")


@router.api_route("/doi/{doi:path}", methods=["GET", "HEAD"])
def resolve(request: Request, doi: str) -> Response:
    """The landing page of a DOI, or its metadata in the format that is asked for."""
    try:
        answer = _resolve(request, doi)
    except (DoiNotFound, Refusal) as error:
        if is_for_reader(request):
            raise
        if isinstance(error, Refusal):
            answer = JSONResponse({"error": error.message}, error.status)
        else:
            status, headers, body = error_answer(error)
            answer = JSONResponse(body, status, headers)
    answer.headers["Vary"] = "Accept"
    return answer


def _resolve(request: Request, written: str) -> Response:
    world = world_of(request)
    doi = doi_of_path(written)
    with world.reading():
        version = world.ledger.version(doi)
        record = None if version else world.datacite.get(doi)
        tombstone = world.ledger.tombstone(doi) if version else None
    if version is None and (record is None or record.state == "draft"):
        raise DoiNotFound(f"There is no DOI {doi} here; check it for a typing error.")
    wanted = preferred(request.headers.get("accept"), _OFFERED)
    if wanted is None:
        formats = ", ".join(_OFFERED)
        raise Refusal(406, f"None of the formats that were asked for is here; ask for {formats}.")
    media_type, entry = wanted
    if media_type not in _OFFERED[:2]:
        return _formatted(version, record, media_type, entry)
    if version is None:
        assert record is not None
        return _away(record)
    if tombstone is not None:
        return _tombstone(request, version, tombstone)
    return _landing(request, version)


def _landing(request: Request, version: Version) -> Response:
    world = world_of(request)
    assert version.repo is not None and version.doi is not None
    uid = world.ledger.uid_of(version.doi) or ""
    person = person_of(request)
    info = world.store.info_of(uid, person)
    if info.private and not info.can_write:
        return render(
            request,
            "record.html",
            person=person,
            version=version,
            tombstone=None,
            **_citation(version),
        )
    answer = see_other(f"/{info.repo.path}/tree/{version.revision}", 302)
    answer.headers["Link"] = f'<{quote(version.doi.url, safe=":/")}>; rel="cite-as"'
    return answer


def _tombstone(request: Request, version: Version, tombstone: Tombstone) -> Response:
    return render(
        request,
        "record.html",
        status=410,
        person=person_of(request),
        version=version,
        tombstone=tombstone,
        **_citation(version),
    )


def _citation(version: Version) -> dict[str, Any]:
    return {
        "text": str(cite(version, "text")),
        "bibtex": str(cite(version, "bibtex")),
    }


def _away(record: Record) -> Response:
    """A redirect to where a DOI of the DataCite API leads, as far as a browser should follow."""
    url = str(record.attributes.get("url") or "")
    if urlsplit(url).scheme not in ("http", "https") or not url.isprintable():
        raise Refusal(404, f"The DOI {record.doi} is registered without a URL.")
    return see_other(quote(url, safe="/%:?#[]@!$&'()*+,;=-._~"), 302)


def _formatted(
    version: Version | None, record: Record | None, media_type: str, entry: MediaRange
) -> Response:
    if version is None:
        assert record is not None
        if record.state != "findable":
            raise Refusal(404, f"The metadata of {record.doi} is not public.")
        version = version_from(record.attributes | {"doi": record.doi.name})
    version = version.replace(consent=None)
    try:
        if media_type == _BIBLIOGRAPHY:
            text = _bibliography(version, entry)
        else:
            text = str(cite(version, _FORMATS[media_type]))
            if media_type == _CSL:
                # One DOI, one item: doi.org answers without the list around it.
                text = json.dumps(json.loads(text)[0], ensure_ascii=False, indent=2)
    except (InvalidInput, UnknownStyle, MissingLibrary) as error:
        raise Refusal(406, error.message) from None
    headers = HEADERS | {"Cache-Control": "no-cache"}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


def _bibliography(version: Version, entry: MediaRange) -> str:
    style, locale = entry.parameters.get("style"), entry.parameters.get("locale")
    if style is None:
        return str(cite(version, "text"))
    if not _STYLE.fullmatch(style) or not _LOCALE.fullmatch(locale or "en-US"):
        raise UnknownStyle("A style is named like apa, a locale like en-GB.")
    return str(cite(version, "text", style=style, locale=locale))
