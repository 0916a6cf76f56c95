"""Webhooks, as `huggingface_hub` makes and changes them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Request

from ..records import Person
from .access import require_person, world_of
from .bodies import JsonBody, text_of
from .refusal import Refusal
from .webhooks import DOMAINS, Webhook, Webhooks, watched_from

router = APIRouter()

_ALL = "/api/settings/webhooks"
_ONE = _ALL + "/{webhook_id}"


@router.get(_ALL)
def all_webhooks(request: Request) -> list[dict[str, Any]]:
    person, webhooks = _asked(request)
    return [_described(webhook) for webhook in webhooks.all(person)]


@router.post(_ALL)
def create(request: Request, body: JsonBody) -> dict[str, Any]:
    person, webhooks = _asked(request)
    made = webhooks.add(
        person,
        url=_url(body),
        watched=watched_from(body.get("watched")),
        domains=_domains(body.get("domains", list(DOMAINS))),
        secret=_secret(body),
    )
    return {"webhook": _described(made)}


@router.get(_ONE)
def one(request: Request, webhook_id: str) -> dict[str, Any]:
    person, webhooks = _asked(request)
    return {"webhook": _described(webhooks.get(webhook_id, person))}


@router.post(_ONE)
def change(request: Request, webhook_id: str, body: JsonBody) -> dict[str, Any]:
    person, webhooks = _asked(request)
    found = webhooks.get(webhook_id, person)
    values: dict[str, Any] = {}
    if "url" in body or "jobSourceId" in body:
        values["url"] = _url(body)
    # huggingface_hub sends an empty list for what is to stay as it is.
    if body.get("watched", []) != []:
        values["watched"] = watched_from(body["watched"])
    if "domains" in body:
        values["domains"] = _domains(body["domains"])
    if "secret" in body:
        values["secret"] = _secret(body)
    return {"webhook": _described(webhooks.change(found, person, **values) if values else found)}


@router.post(_ONE + "/{action}")
def switch(request: Request, webhook_id: str, action: str) -> dict[str, Any]:
    person, webhooks = _asked(request)
    found = webhooks.get(webhook_id, person)
    if action not in ("enable", "disable"):
        raise Refusal(404, "A webhook can be enabled and disabled.")
    return {"webhook": _described(webhooks.change(found, person, disabled=action == "disable"))}


@router.delete(_ONE)
def remove(request: Request, webhook_id: str) -> dict[str, Any]:
    person, webhooks = _asked(request)
    webhooks.remove(webhooks.get(webhook_id, person))
    return {}


@router.get(_ONE + "/logs")
def logs(request: Request, webhook_id: str) -> list[dict[str, Any]]:
    person, webhooks = _asked(request)
    return webhooks.deliveries(webhooks.get(webhook_id, person))


@router.post(_ONE + "/replay/{delivery_id}")
def replay(
    request: Request, webhook_id: str, delivery_id: Annotated[int, Path(ge=0, lt=2**63)]
) -> dict[str, Any]:
    person, webhooks = _asked(request)
    webhooks.replay(webhooks.get(webhook_id, person), delivery_id)
    return {}


def _asked(request: Request) -> tuple[Person, Webhooks]:
    return require_person(request), world_of(request).webhooks


def _described(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "watched": [{"type": kind, "name": name} for kind, name in webhook.watched],
        "domains": list(webhook.domains),
        "secret": webhook.secret,
        "disabled": webhook.disabled,
    }


def _url(body: dict[str, Any]) -> str:
    if body.get("jobSourceId") is not None:
        raise Refusal(400, "The sandbox runs no jobs; give the webhook a URL.")
    url = text_of(body, "url", at_most=2000)
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and url.isascii()
            and url.isprintable()
        )
        _ = parts.port
    except ValueError:
        good = False
    if not good or "@" in urlsplit(url).netloc:
        raise Refusal(
            400, "The URL of a webhook begins with http:// or https://, names a host, and is ASCII."
        )
    return url


def _domains(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(item in DOMAINS for item in value):
        raise Refusal(400, "'domains' must be a list of 'repo' and 'discussion'.")
    return list(dict.fromkeys(value))


def _secret(body: dict[str, Any]) -> str | None:
    if body.get("secret") is None:
        return None
    secret = text_of(body, "secret", at_most=500)
    # It travels in a header.
    if not secret.isascii() or not secret.isprintable():
        raise Refusal(400, "The secret of a webhook is printable ASCII.")
    return secret
