"""Access to gated repositories: asked for, listed, decided on."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response

from .access import check_csrf, require_person, world_of
from .bodies import JsonBody, text_of
from .forms import Form, read_form
from .gates import AccessStatus
from .located import Located, Writing, locate
from .page import see_other
from .refusal import Refusal

router = APIRouter()

_REQUESTS = "/api/{kind}/{namespace}/{name}/user-access-request"
_STATUSES = ("pending", "accepted", "rejected")
_MAX_NAME = 200


@router.get(_REQUESTS + "/{status}")
def requests(found: Writing, status: str) -> list[dict[str, Any]]:
    if status not in _STATUSES:
        raise Refusal(404, "Requests are pending, accepted or rejected.")
    _gated(found)
    return [
        {
            "requestId": asked.id,
            "user": {"user": asked.username, "fullname": asked.full_name, "email": None},
            "status": asked.status,
            "timestamp": asked.asked,
        }
        for asked in found.store.gates.requests(found.uid, status)
    ]


@router.post(_REQUESTS + "/handle")
def handle(found: Writing, body: JsonBody) -> dict[str, Any]:
    status = body.get("status")
    if status not in _STATUSES:
        raise Refusal(400, "The status is pending, accepted or rejected.")
    _gated(found)
    key = "user" if "user" in body else "requestId"
    wanted = text_of(body, key, at_most=_MAX_NAME)
    with found.store.database.transaction():
        for asked in found.store.gates.requests(found.uid):
            if wanted in ((asked.username,) if key == "user" else (asked.id,)):
                if asked.status == status:
                    raise Refusal(404, f"The request of {asked.username} is {status} already.")
                found.store.gates.set_status(found.uid, asked.username, cast(AccessStatus, status))
                return {}
    raise Refusal(404, f"{wanted!r} did not ask for access to {found.repo}.")


@router.post(_REQUESTS + "/grant")
def grant(found: Writing, body: JsonBody) -> dict[str, Any]:
    username = text_of(body, "user", at_most=_MAX_NAME)
    _gated(found)
    person = found.store.people.person(username)
    if person is None:
        raise Refusal(404, f"There is no user {username[:60]!r} here.", "UserNotFound")
    with found.store.database.transaction():
        status = found.store.gates.status(found.uid, username)
        if status == "accepted" or found.repository.is_writable_by(person):
            raise Refusal(400, f"{username} has access to {found.repo} already.")
        found.store.gates.set_status(found.uid, username, "accepted")
    return {}


@router.post("/{namespace}/{name}/ask-access")
def ask_for_a_model(
    request: Request, namespace: str, name: str, form: Annotated[Form, Depends(read_form)]
) -> Response:
    return _ask(request, locate(request, "models", namespace, name), form)


@router.post("/datasets/{namespace}/{name}/ask-access")
def ask_for_a_dataset(
    request: Request, namespace: str, name: str, form: Annotated[Form, Depends(read_form)]
) -> Response:
    return _ask(request, locate(request, "datasets", namespace, name), form)


def _ask(request: Request, found: Located, form: Form) -> Response:
    # A browser's session counts only for a form of ours.
    if "authorization" not in request.headers and form.get("csrf"):
        check_csrf(request, form.get("csrf"))
    person = require_person(request)
    world_of(request).store.gates.ask(found.uid, person.username)
    return see_other(f"/{found.repo.path}")


def _gated(found: Located) -> None:
    if not found.store.gates.mode(found.uid):
        raise Refusal(400, f"{found.repo} is not gated.")
