"""The settings page: the DOI section with the agreement, and what a DOI locks."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from ..records import Doi, MintRequest, Repo, RepoType
from ..records.errors import (
    AlreadyRegistered,
    ConsentError,
    InvalidInput,
    RepoNotEligible,
    SignInRequired,
    WriteAccessRequired,
)
from .access import world_of
from .forms import AuthorRow, Form, author_rows, row_of, signed_form
from .page import Page, render, see_other
from .pages import RepoView, moved, repo_of, view_of

router = APIRouter(include_in_schema=False, route_class=Page)

Signed = Annotated[Form, Depends(signed_form)]
_EMPTY: AuthorRow = {"name": "", "type": "", "orcid": "", "affiliation": "", "ror": ""}


def _settings(request: Request, repo: Repo) -> Response:
    view = _writable(request, repo)
    if answer := moved(request, repo, view):
        return answer
    generated = (
        Doi.parse(text) if Doi.is_doi(text := request.query_params.get("generated", "")) else None
    )
    return _settings_page(
        request,
        view,
        generated=next((v for v in view.status.versions if generated and v.doi == generated), None),
    )


def _agreement(request: Request, repo: Repo) -> Response:
    view = _writable(request, repo)
    if answer := moved(request, repo, view):
        return answer
    rows = [row_of(author) for author in view.status.suggested_authors]
    return _agreement_page(request, view, rows)


def _generate(request: Request, repo: Repo, form: Form) -> Response:
    view = _writable(request, repo)
    rows = author_rows(form)
    step = form.get("do")
    if step != "generate":
        return _agreement_page(request, view, _edited(rows, step))
    written = [row for row in rows if any(row.values())]
    body: dict[str, Any] = {
        "agree": form.get("agree") == "yes",
        "terms": form.get("terms") or None,
        "revision": form.get("revision") or None,
    }
    if written:
        body["authors"] = [{k: v for k, v in row.items() if v} for row in written]
    try:
        version = world_of(request).service.mint(
            view.repo, view.person, MintRequest.from_json(body), key=form.get("key")[:255] or None
        )
    except (ConsentError, InvalidInput) as error:
        return _agreement_page(request, view, rows, problem=error.message, status=error.http_status)
    except (AlreadyRegistered, RepoNotEligible) as error:
        return _settings_page(
            request, _writable(request, repo), problem=error.message, status=error.http_status
        )
    return see_other(f"/{view.repo.path}/settings?generated={version.doi}#doi")


def _ask_support(request: Request, repo: Repo, form: Form) -> Response:
    view = _writable(request, repo)
    asked = {name: form.get(name) for name in ("action", "reason", "to")}
    try:
        made = world_of(request).support.ask(
            view.repo, view.person, asked["action"], asked["reason"], asked["to"].strip()
        )
    except InvalidInput as error:
        return _settings_page(
            request, view, problem=error.message, asked=asked, status=error.http_status
        )
    return see_other(f"/{view.repo.path}/settings?asked={made.number}#locked")


def _settings_page(
    request: Request,
    view: RepoView,
    *,
    status: int = 200,
    problem: str | None = None,
    generated: Any = None,
    asked: dict[str, str] | None = None,
) -> Response:
    requests = world_of(request).support.requests_for(view.info.uid)
    number = request.query_params.get("asked")
    return render(
        request,
        "settings.html",
        status=status,
        person=view.person,
        view=view,
        problem=problem,
        generated=generated,
        asked=asked or {"action": "", "reason": "", "to": ""},
        filed=next((r for r in requests if str(r.number) == number), None),
        requests=requests,
    )


def _agreement_page(
    request: Request,
    view: RepoView,
    rows: list[AuthorRow],
    *,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    if not view.status.can_mint:
        return _settings_page(request, view, problem=view.status.obstacle, status=409)
    return render(
        request,
        "agreement.html",
        status=status,
        person=view.person,
        view=view,
        rows=rows or [_EMPTY],
        problem=problem,
        key=str(uuid4()),
    )


def _edited(rows: list[AuthorRow], step: str) -> list[AuthorRow]:
    """The authors' table after its button was pressed: ``add``, ``up-2``, ``down-0``, ``remove-1``."""
    verb, _, number = step.partition("-")
    if verb == "add":
        return [*rows, dict(_EMPTY)]
    at = int(number) if number.isdecimal() and len(number) < 5 else -1
    if not 0 <= at < len(rows):
        return rows
    if verb == "remove":
        return [row for i, row in enumerate(rows) if i != at]
    other = at + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= other < len(rows):
        rows[at], rows[other] = rows[other], rows[at]
    return rows


def _writable(request: Request, repo: Repo) -> RepoView:
    """The repository, for a person who can write to it.

    Raises:
        SignInRequired: nobody is signed in.
        WriteAccessRequired: they can only read it.
    """
    view = view_of(request, repo)
    if view.person is None:
        raise SignInRequired("Sign in to see the settings of a repository.")
    if not view.info.can_write:
        raise WriteAccessRequired(
            f"Only a person with write access to {view.repo} can change its settings; "
            f"ask its owner, {view.info.owner_name}."
        )
    return view


def _add_routes(kind: RepoType, prefix: str) -> None:
    base = prefix + "/{namespace}/{name}/settings"

    @router.get(base)
    def settings(request: Request, namespace: str, name: str) -> Response:
        return _settings(request, repo_of(kind, namespace, name))

    @router.get(base + "/doi")
    def agreement(request: Request, namespace: str, name: str) -> Response:
        return _agreement(request, repo_of(kind, namespace, name))

    @router.post(base + "/doi")
    def generate(request: Request, namespace: str, name: str, form: Signed) -> Response:
        return _generate(request, repo_of(kind, namespace, name), form)

    @router.post(base + "/requests")
    def ask_support(request: Request, namespace: str, name: str, form: Signed) -> Response:
        return _ask_support(request, repo_of(kind, namespace, name), form)


_add_routes("dataset", "/datasets")
_add_routes("model", "")
