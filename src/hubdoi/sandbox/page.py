"""HTML from templates: everything escaped, and the headers that keep a page from harm."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from markupsafe import Markup

from ..hub.wire import header_text
from ..net.log_rate import RATE_LIMIT
from ..net.routes import ErrorRoute, templates_of
from ..records import Person, Repo
from ..records.errors import HubdoiError, SignInRequired
from .access import csrf_token, person_of, world_of
from .markdown import render_markdown
from .refusal import Moved, Refusal

_log = logging.getLogger(__name__)
_log.addFilter(RATE_LIMIT)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every page carries: no script but our own file, no frame, nothing kept in a cache."""

_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Nothing here",
    406: "No such format",
    409: "Not possible now",
    410: "Gone",
    413: "Too large",
    422: "Not valid",
    429: "Too often",
}


_TAG_KINDS = ("license", "dataset", "base_model", "language", "task_categories")


class Page(ErrorRoute):
    """A route whose errors are pages too."""

    answered = (Moved, HubdoiError)

    def refusal(self, request: Request, error: Exception) -> Response:
        if isinstance(error, Moved):
            return see_other(moved_address(request, error), 307)
        assert isinstance(error, HubdoiError)
        if isinstance(error, SignInRequired) and request.method in ("GET", "HEAD"):
            return see_other("/login?next=" + quote(page_address(request), safe="/"))
        return refusal_page(request, error)


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    person: Person | None = None,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page that `template` makes of `values`, as `person` sees it."""
    content = (
        _environment()
        .get_template(template)
        .render(
            person=person,
            csrf=csrf_token(request),
            address=page_address(request),
            without_doi_api=world_of(request).without_doi_api,
            **values,
        )
    )
    return HTMLResponse(content, status, {**HEADERS, **(headers or {})})


def refusal_page(request: Request, error: HubdoiError) -> HTMLResponse:
    """The page that says why a request was refused."""
    status = error.status if isinstance(error, Refusal) else error.http_status
    if status >= 500:
        _log.error("%s %r: %s", request.method, request.url.path, error.message)
    return error_page(request, status, error.message)


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """A page that says in one sentence what went wrong."""
    try:
        person = person_of(request)
    except HubdoiError:
        person = None
    headers = {"X-Error-Message": header_text(message)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return render(
        request,
        "error.html",
        status=status,
        person=person,
        headers=headers,
        title=_TITLES.get(status, "Something went wrong"),
        message=message,
    )


def see_other(address: str, status: int = 303) -> RedirectResponse:
    """A redirect to a URL of this server."""
    return RedirectResponse(address, status, headers=dict(HEADERS))


def page_address(request: Request) -> str:
    """The path and query of the page that was asked for, as they came."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = quote(raw.decode("latin-1"), safe="/%:@!$&'()*+,;=-._~")
    query = request.url.query
    return f"{path}?{query}" if query else path


def moved_address(request: Request, moved: Moved) -> str:
    """The same with the present id of the repository.

    Part by part: what follows the id may hold an encoded slash, or the id once more.
    """
    path, mark, query = page_address(request).partition("?")
    parts = path.split("/")
    start = {"api": 3, "datasets": 2}.get(parts[1], 1)
    parts[start : start + moved.old.count("/") + 1] = [moved.new]
    return "/".join(parts) + mark + query


@cache
def _environment() -> Environment:
    environment = templates_of("hubdoi.sandbox")
    environment.filters |= {
        "day": _day,
        "markdown": _markdown,
        "segment": lambda text: quote(str(text), safe=""),
        "size": _size,
        "tag_kind": _tag_kind,
    }
    return environment


def _markdown(text: str, repo: Repo, revision: str) -> Markup:
    made = render_markdown(text, base=f"/{repo.path}/blob/{revision}/")
    return Markup(made)  # noqa: S704  # nosec B704  # what strangers wrote is escaped in it


def _tag_kind(tag: str) -> str:
    """The class of a tag, which gives it its colour."""
    kind = tag.partition(":")[0]
    return f"tag-{kind}" if kind in _TAG_KINDS and ":" in tag else ""


def _day(moment: datetime | str) -> str:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return f"{found.day} {found:%B %Y}"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    power = min((len(str(count)) - 1) // 3, 3)
    return f"{count / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"
