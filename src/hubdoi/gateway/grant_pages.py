"""The page on which a person sees what they allowed the gateway at the Hub, and ends it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from ..records.errors import PolicyRefused
from .audit import GATEWAY
from .doi_api import institution_of
from .page import Form, Page, render, see_other, sent_form, signed_in

router = APIRouter(prefix="/gateway/sign-ins", include_in_schema=False, route_class=Page)


@router.get("")
def read(request: Request) -> Response:
    session, member = signed_in(request, "member")
    grants = institution_of(request).grants
    others = grants.all() if member.is_at_least("curator") else ()
    return render(request, "sign_ins.html", own=grants.of(session.username), everybody=others)


@router.post("")
def end(request: Request, form: Annotated[Form, Depends(sent_form)]) -> Response:
    session, member = signed_in(request, "member")
    session.check(form.get("csrf", ""))
    institution, owner = institution_of(request), form.get("owner", "")
    is_own = owner in {one.owner for one in institution.grants.of(session.username)}
    if not is_own and not member.is_at_least("admin"):
        raise PolicyRefused(
            "That sign-in belongs to another person; an admin of the gateway can end it."
        )
    ended = next((one for one in institution.grants.all() if one.owner == owner), None)
    if ended is not None and institution.grants.forget(owner):
        institution.audit.add(session.username, "sign-in ended", ended.name, f"for {GATEWAY}")
    return see_other("/gateway/sign-ins")
