"""The page on which a person shows that an ORCID iD is theirs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from .doi_api import institution_of
from .orcid import OrcidSignIn
from .page import Form, Page, keep, render, see_other, sent_form, signed_in

router = APIRouter(prefix="/gateway/orcid", include_in_schema=False, route_class=Page)

_STATE = "hubdoi_orcid"
_CALLBACK = "/gateway/orcid/callback"


@router.get("")
def read(request: Request) -> Response:
    session, _ = signed_in(request, "member")
    orcid = institution_of(request).orcids.of(session.username)
    return render(request, "orcid.html", orcid=orcid)


@router.post("")
def forget(request: Request, form: Annotated[Form, Depends(sent_form)]) -> Response:
    session, _ = signed_in(request, "member")
    session.check(form.get("csrf", ""))
    institution_of(request).orcids.remove(session.username)
    return see_other("/gateway/orcid")


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    signed_in(request, "member")
    institution = institution_of(request)
    provider = OrcidSignIn(institution.settings, institution.database)
    begun = provider.begin(institution.url + _CALLBACK, "/gateway/orcid")
    answer = see_other(begun.url)
    keep(request, answer, _STATE, begun.state, 600)
    return answer


@router.get("/callback")
def callback(request: Request, state: str = "", code: str = "") -> Response:
    session, _ = signed_in(request, "member")
    institution = institution_of(request)
    provider = OrcidSignIn(institution.settings, institution.database)
    kept = request.cookies.get(_STATE, "")
    orcid, next_page = provider.finish(institution.url + _CALLBACK, state, kept, code)
    institution.orcids.put(session.username, orcid)
    institution.audit.add(session.username, "signed in with ORCID", session.username)
    answer = see_other(next_page)
    answer.delete_cookie(_STATE, path="/gateway")
    return answer
