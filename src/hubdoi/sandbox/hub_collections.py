"""Collections, as `huggingface_hub` asks for them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from ..records import Person
from ..records.errors import RepoNotFound, WriteAccessRequired
from .access import person_of, require_person, world_of
from .bodies import JsonBody, text_of
from .collections import Collection, Item
from .located import repo_from
from .refusal import Refusal
from .store import Store

router = APIRouter()

_COLLECTION = "/api/collections/{owner}/{name}"
_THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")
# The lengths that the Hub takes.
_MAX_TITLE, _MAX_DESCRIPTION, _MAX_NOTE = 59, 150, 500
_MOST_POSITION = 1_000_000
# A list shows the first items alone.
_SHOWN = 4


@router.get("/api/collections")
def listed(
    request: Request,
    owner: str | None = None,
    item: str | None = None,
    sort: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> list[dict[str, Any]]:
    person = person_of(request)
    store = world_of(request).store
    with store.database.reading():
        target = None
        if item is not None:
            kind, _, id = item.partition("/")
            try:
                target = _target(store, {"type": kind.removesuffix("s"), "id": id}, person)[1]
            except Refusal:
                return []
        found = store.collections.listed(person, owner, target, sort)[:limit]
        described = [_described(store, one, person, shown=_SHOWN) for one in found]
    # Clients count the places in a list themselves, and take no other answer.
    for one in described:
        del one["position"]
    return described


@router.post("/api/collections")
def create(request: Request, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    store = world_of(request).store
    owner = body.get("namespace") or person.username
    if owner not in (person.username, *person.organizations):
        raise WriteAccessRequired(f"{person.username} cannot make a collection of {owner!r:.80}.")
    values = _values({"private": False, **body, "title": body.get("title")})
    made = store.collections.create(
        owner, values["title"], values.get("description"), private=values["private"]
    )
    return _described(store, made, person)


@router.get(_COLLECTION)
def get(request: Request, owner: str, name: str) -> dict[str, Any]:
    person = person_of(request)
    store = world_of(request).store
    with store.database.reading():
        found = store.collections.find(f"{owner}/{name}", person)
        return _described(store, found, person)


@router.patch(_COLLECTION)
def change(request: Request, owner: str, name: str, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    store = world_of(request).store
    with store.database.transaction():
        found = store.collections.writable(f"{owner}/{name}", person)
        changed = store.collections.change(found, _values(body))
        return {"success": True, "data": _described(store, changed, person)}


@router.delete(_COLLECTION)
def delete(request: Request, owner: str, name: str) -> dict[str, Any]:
    store = world_of(request).store
    with store.database.transaction():
        found = store.collections.writable(f"{owner}/{name}", require_person(request))
        store.collections.delete(found)
    return {}


@router.post(_COLLECTION + "/items")
def add(request: Request, owner: str, name: str, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    store = world_of(request).store
    with store.database.transaction():
        found = store.collections.writable(f"{owner}/{name}", person)
        kind, target = _target(store, body.get("item"), person)
        if target == found.id:
            raise Refusal(400, "A collection cannot hold itself.")
        store.collections.add(found, kind, target, _note(body))
        return _described(store, found, person)


@router.patch(_COLLECTION + "/items/{id}")
def change_item(request: Request, owner: str, name: str, id: str, body: JsonBody) -> dict[str, Any]:
    store = world_of(request).store
    with store.database.transaction():
        found = store.collections.writable(f"{owner}/{name}", require_person(request))
        position = _position(body) if "position" in body else None
        store.collections.change_item(found, id, _note(body), position)
    return {"success": True}


@router.delete(_COLLECTION + "/items/{id}")
def remove(request: Request, owner: str, name: str, id: str) -> dict[str, Any]:
    store = world_of(request).store
    with store.database.transaction():
        found = store.collections.writable(f"{owner}/{name}", require_person(request))
        store.collections.remove(found, id)
    return {}


def _values(body: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "title" in body:
        values["title"] = " ".join(text_of(body, "title", at_most=_MAX_TITLE).split())
        if not values["title"]:
            raise Refusal(400, "A collection needs a title.")
    if body.get("description") is not None:
        values["description"] = text_of(body, "description", at_most=_MAX_DESCRIPTION)
    if "private" in body:
        if not isinstance(body["private"], bool):
            raise Refusal(400, "'private' must be true or false.")
        values["private"] = body["private"]
    if "theme" in body:
        if body["theme"] not in _THEMES:
            raise Refusal(400, f"'theme' is one of {', '.join(_THEMES)}.")
        values["theme"] = body["theme"]
    if "position" in body:
        values["position"] = _position(body)
    return values


def _position(body: dict[str, Any]) -> int:
    position = body["position"]
    if isinstance(position, bool) or not isinstance(position, int):
        raise Refusal(400, "A position is a number.")
    return max(0, min(position, _MOST_POSITION))


def _note(body: dict[str, Any]) -> str | None:
    return text_of(body, "note", at_most=_MAX_NOTE) if body.get("note") is not None else None


def _target(store: Store, item: object, person: Person | None) -> tuple[str, str]:
    """The type of what `item` names, and its uid or id."""
    if not isinstance(item, dict):
        raise Refusal(400, "The body must hold an object under 'item'.")
    kind, id = item.get("type"), text_of(item, "id", at_most=200)
    if kind == "collection":
        return kind, store.collections.find(id, person).id
    if kind == "paper":
        raise Refusal(501, "The sandbox has no papers.", "NotOffered")
    try:
        found = store.repositories.find(repo_from(kind, id), person)
    except RepoNotFound as error:
        raise Refusal(404, error.message) from None
    return found.repo.type, found.uid


def _described(
    store: Store, found: Collection, person: Person | None, *, shown: int | None = None
) -> dict[str, Any]:
    full_name, is_organization = store.people.owner(found.owner)
    items = (_item(store, item, person) for item in store.collections.items(found))
    return {
        "slug": found.slug,
        "title": found.title,
        "description": found.description,
        "owner": {
            "name": found.owner,
            "fullname": full_name,
            "type": "org" if is_organization else "user",
        },
        "lastUpdated": found.updated,
        "position": found.position,
        "private": found.private,
        "gating": False,
        "theme": found.theme,
        "upvotes": 0,
        "isUpvotedByUser": False,
        "items": [item for item in items if item][:shown],
    }


def _item(store: Store, item: Item, person: Person | None) -> dict[str, Any] | None:
    """The item, unless it is gone or hidden from `person`."""
    described: dict[str, Any] = {"_id": item.id, "type": item.type, "position": item.position}
    if item.note:
        described["note"] = {"text": item.note}
    if item.type == "collection":
        inner = store.collections.by_id(item.target, person)
        if inner is None:
            return None
        named = {"id": inner.id, "slug": inner.slug, "title": inner.title}
        return described | named | {"lastUpdated": inner.updated, "private": inner.private}
    found = store.repositories.by_uid(item.target)
    if found.deleted or not found.is_visible_to(person):
        return None
    return described | {
        "id": found.repo.id,
        "author": found.namespace,
        "repoType": found.repo.type,
        "private": found.private,
        "gated": store.gates.mode(found.uid),
        "lastModified": found.updated,
    }
