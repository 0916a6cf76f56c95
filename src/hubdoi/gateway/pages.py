"""The pages of curators and admins: queue, DOIs, people, policies, failed work, audit log."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from ..hub.doi_server import doi_of_path
from ..records import Author, MintRequest, Version, title_with_revision
from ..records.errors import DoiNotFound, InvalidInput
from .audit import POLICY_REMOVED, POLICY_SET
from .doi_api import institution_of
from .grants import forget_person
from .institution import Institution
from .jupyterhub import JupyterSignIn
from .open_id import OpenId, is_ours
from .page import COOKIE, Form, Page, keep, render, see_other, sent_form, session_of, signed_in
from .people import ROLES
from .policies import EVERYBODY
from .reviews import STAYS
from .search import found_dois
from .sessions import SESSION_SECONDS

router = APIRouter(prefix="/gateway", include_in_schema=False, route_class=Page)
SentForm = Annotated[Form, Depends(sent_form)]

_STATE = "hubdoi_sign_in"
_AUDIT = ("id", "at", "who", "act", "subject", "why")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_CALLBACK = "/gateway/callback"


# Signing in


@router.get("/sign-in")
def sign_in(request: Request, next: str = "/gateway") -> Response:
    institution = institution_of(request)
    provider = _provider(institution)
    begun = provider.begin(institution.url + _CALLBACK, next if is_ours(next) else "/gateway")
    answer = see_other(begun.url)
    keep(request, answer, _STATE, begun.state, 600)
    return answer


@router.get("/callback")
def callback(request: Request, state: str = "", code: str = "") -> Response:
    institution = institution_of(request)
    provider = _provider(institution)
    kept = request.cookies.get(_STATE, "")
    username, next_page = provider.finish(institution.url + _CALLBACK, state, kept, code)
    if provider.groups is not None:
        institution.people.note_groups(username, provider.groups)
    institution.audit.add(username, "signed in", username)
    answer = see_other(next_page)
    keep(request, answer, COOKIE, institution.sessions.begin(username), SESSION_SECONDS)
    answer.delete_cookie(_STATE, path="/gateway")
    return answer


@router.post("/sign-out")
def sign_out(request: Request, form: SentForm) -> Response:
    session = session_of(request)
    if session is not None:
        session.check(form.get("csrf", ""))
        institution_of(request).sessions.end(request.cookies.get(COOKIE))
    answer = render(request, "message.html", message="You are signed out.")
    answer.delete_cookie(COOKIE, path="/gateway")
    return answer


def _provider(institution: Institution) -> OpenId:
    settings = institution.settings
    kind = JupyterSignIn if settings.jupyterhub and not settings.oidc_issuer else OpenId
    return kind(settings, institution.database)


# Requests


@router.get("")
def queue(request: Request) -> Response:
    signed_in(request)
    reviews = institution_of(request).reviews
    waiting = reviews.all("waiting")
    decided = reviews.decided()
    names = reviews.names([*waiting, *decided])
    return render(
        request,
        "queue.html",
        waiting=waiting,
        count=reviews.count_waiting(),
        decided=decided,
        names=names,
    )


@router.get("/requests/{number:int}")
def read_request(request: Request, number: int) -> Response:
    signed_in(request)
    institution = institution_of(request)
    review = institution.reviews.get(number)
    names = institution.reviews.names([review])
    repo = names[review.id]
    return render(
        request,
        "request.html",
        review=review,
        names=names,
        version=review.version.replace(repo=repo, url=repo.url(institution.settings.hub)),
        stays=STAYS[review.kind],
        changes=institution.corrections.changes(review) if review.kind == "correction" else (),
        authenticated=_authenticated(request, review.version),
    )


@router.post("/requests/{number:int}")
def decide(request: Request, number: int, form: SentForm) -> Response:
    session, _ = signed_in(request)
    session.check(form.get("csrf", ""))
    institution = institution_of(request)
    reason = form.get("reason", "").strip()
    if form.get("decision") == "refuse":
        institution.reviews.refuse(number, session.username, reason)
    elif form.get("decision") == "approve":
        institution.approve(number, session.username, change=_changes(form), reason=reason or None)
    else:
        raise InvalidInput("Choose whether to approve or refuse the request.")
    return see_other("/gateway")


def _changes(form: Form) -> Callable[[Version], Version]:
    """What a curator wrote instead of the metadata that were asked for."""
    lines = [line.strip() for line in form.get("authors", "").splitlines() if line.strip()]
    asked = MintRequest.from_json(
        {
            "title": form.get("title", ""),
            "description": form.get("description", "").replace("\r\n", "\n"),
            **({"authors": lines} if lines else {}),
        }
    )

    bare = title_with_revision(asked.title or "", None)

    def changed(version: Version) -> Version:
        authors = version.authors
        if asked.authors and [_written(one) for one in authors] != lines:
            authors = _known(asked.authors, version.authors)
        return version.replace(
            # The revision in the title stays, whatever was typed (R4).
            title=title_with_revision(bare, version.revision) if bare else version.title,
            authors=authors,
            description=asked.description or None,
        )

    return changed


def _known(written: tuple[Author, ...], before: tuple[Author, ...]) -> tuple[Author, ...]:
    """Who was there before keeps what a line of text does not say, such as an affiliation."""
    by_line = {_written(author): author for author in before}
    return tuple(by_line.get(_written(author), author) for author in written)


def _written(author: Author) -> str:
    return f"{author.name} <{author.orcid}>" if author.orcid else author.name


# DOIs


@router.get("/dois")
def dois(request: Request, q: str = "", before: int | None = None) -> Response:
    signed_in(request)
    found = found_dois(institution_of(request).ledger, q.strip()[:200], before)
    return render(request, "dois.html", q=q, found=found)


@router.get("/dois/{doi:path}")
def read_doi(request: Request, doi: str) -> Response:
    signed_in(request)
    institution = institution_of(request)
    named = doi_of_path(doi)
    version = institution.ledger.version(named)
    if version is None:
        raise DoiNotFound(f"{named} is not a DOI of this gateway.")
    return render(
        request,
        "doi.html",
        version=version,
        tombstone=institution.ledger.tombstone(named),
        seen=institution.watch.seen(institution.ledger.uid_of(named) or ""),
        history=institution.audit.about(str(named)),
        authenticated=_authenticated(request, version),
    )


def _authenticated(request: Request, version: Version) -> frozenset[str]:
    """The authors' iDs with which somebody has signed in."""
    return institution_of(request).orcids.among(author.orcid for author in version.authors)


# Failed work


@router.get("/work")
def failed_work(request: Request) -> Response:
    signed_in(request)
    institution = institution_of(request)
    entries = [
        (row, institution.ledger.entry(row.version_id))
        for row in institution.work.waiting()
        if row.state != "review"
    ]
    return render(request, "work.html", rows=entries, drafts=institution.drafts.waiting())


@router.post("/work/{version_id:int}")
def change_work(request: Request, version_id: int, form: SentForm) -> Response:
    session, _ = signed_in(request)
    session.check(form.get("csrf", ""))
    institution = institution_of(request)
    entry = institution.ledger.entry(version_id)
    if entry is None or institution.work.state(version_id) not in ("parked", "queued"):
        raise InvalidInput("That was already done; reload the list.")
    if form.get("act") == "give up":
        institution.work.give_up(version_id, session.username, form.get("reason", ""))
    else:
        institution.work.retry(version_id, session.username)
    return see_other("/gateway/work")


@router.post("/drafts/{doi:path}")
def change_draft(request: Request, doi: str, form: SentForm) -> Response:
    session, _ = signed_in(request)
    session.check(form.get("csrf", ""))
    drafts = institution_of(request).drafts
    if form.get("act") == "give up":
        drafts.give_up(doi_of_path(doi), session.username, form.get("reason", ""))
    else:
        drafts.retry(doi_of_path(doi), session.username)
    return see_other("/gateway/work")


# People and policies


@router.get("/people")
def people(request: Request) -> Response:
    signed_in(request)
    return render(request, "people.html", people=institution_of(request).people.all(), roles=ROLES)


@router.post("/people")
def change_people(request: Request, form: SentForm) -> Response:
    session, _ = signed_in(request, "admin")
    session.check(form.get("csrf", ""))
    institution = institution_of(request)
    name = form.get("username", "").strip()
    if form.get("act") == "remove":
        institution.people.remove(name)
        institution.sessions.end_all(name)
        forget_person(institution.database, name)
        institution.audit.add(session.username, "user removed", name)
    else:
        made = institution.people.put(
            name, role=form.get("role", "member"), group=form.get("group", "").strip() or None
        )
        why = f"{made.role}, {made.group or EVERYBODY}"
        institution.audit.add(session.username, "user set", made.username, why)
    return see_other("/gateway/people")


@router.get("/policies")
def policies(request: Request) -> Response:
    signed_in(request)
    return render(request, "policies.html", policies=institution_of(request).policies.all())


@router.post("/policies")
def change_policies(request: Request, form: SentForm) -> Response:
    session, _ = signed_in(request, "admin")
    session.check(form.get("csrf", ""))
    institution = institution_of(request)
    group = form.get("group", "").strip()
    if form.get("act") == "remove":
        institution.policies.remove(group)
        institution.audit.add(session.username, POLICY_REMOVED, group)
        return see_other("/gateway/policies")
    quota = form.get("quota", "").strip()
    if quota and not quota.isdecimal():
        raise InvalidInput("A quota is a whole number, 1 or more; leave it empty for none.")
    made = institution.policies.put(
        group,
        owners=_names(form.get("owners", "")),
        prefix=form.get("prefix", "").strip() or None,
        suffix=form.get("suffix", "").strip() or None,
        quota=int(quota) if quota else None,
        require=_names(form.get("require", "")),
        review={"1": True, "0": False}.get(form.get("review", "")),
    )
    why = json.dumps(made.to_json(), sort_keys=True)
    institution.audit.add(session.username, POLICY_SET, group, why)
    return see_other("/gateway/policies")


def _names(text: str) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] or None


# The audit log


@router.get("/audit")
def audit_log(request: Request, before: Annotated[int | None, Query(le=2**62)] = None) -> Response:
    signed_in(request)
    entries = institution_of(request).audit.latest(before)
    return render(request, "audit.html", entries=entries)


@router.get("/audit.json")
def audit_as_json(request: Request) -> Response:
    signed_in(request)
    entries = institution_of(request).audit.entries()

    def lines() -> Iterator[str]:
        yield "["
        for number, entry in enumerate(entries):
            yield (",\n" if number else "\n") + json.dumps(entry, ensure_ascii=False)
        yield "\n]\n"

    return _download(lines(), "application/json", "json")


@router.get("/audit.csv")
def audit_as_csv(request: Request) -> Response:
    signed_in(request)
    entries = institution_of(request).audit.entries()

    def lines() -> Iterator[str]:
        yield ",".join(_AUDIT) + "\r\n"
        for entry in entries:
            line = io.StringIO()
            # A spreadsheet may take a semicolon for the end of a cell that is not quoted.
            csv.writer(line, quoting=csv.QUOTE_ALL).writerow(
                [_cell(entry[name]) for name in _AUDIT]
            )
            yield line.getvalue()

    return _download(lines(), "text/csv; charset=utf-8", "csv")


def _cell(value: str | int | None) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and _FORMULA.match(value):
        return "'" + value
    return "" if value is None else value


def _download(lines: Iterator[str], media_type: str, ending: str) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="hubdoi-audit.{ending}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return StreamingResponse(lines, media_type=media_type, headers=headers)


@router.get("/style.css")
def style() -> Response:
    text = files("hubdoi.gateway").joinpath("templates/style.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=3600"})
