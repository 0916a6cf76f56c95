"""The pages of people and organisations, and of collections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from ..records import Doi, Person
from ..records.errors import SandboxError, WriteAccessRequired
from .access import person_of, require_person, world_of
from .collections import Collection, Item
from .forms import Form, signed_form
from .page import Page, render, see_other
from .repositories import Repository, from_row, visible_to
from .store import Store
from .tables import MEMBERS, REPOSITORIES

router = APIRouter(include_in_schema=False, route_class=Page)

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository in a list, with its newest DOI and how many people like it."""

    entry: Repository
    doi: Doi | None
    likes: int


def listed(store: Store, found: Iterable[Repository]) -> list[Listed]:
    found = list(found)
    uids = [entry.uid for entry in found]
    dois, likes = store.dois_by_uid(uids), store.likes.counts(uids)
    return [
        Listed(entry, next((doi for doi, _ in dois.get(entry.uid, ())), None), likes[entry.uid])
        for entry in found
    ]


@router.get("/{owner}")
def profile(request: Request, owner: str) -> Response:
    store, person = world_of(request).store, person_of(request)
    with store.database.reading() as connection:
        try:
            full_name, is_organization = store.people.owner(owner)
        except SandboxError:
            raise HTTPException(404) from None
        query = (
            select(REPOSITORIES)
            .where(REPOSITORIES.c.namespace == owner, REPOSITORIES.c.deleted.is_(None))
            .where(visible_to(person))
            .order_by(REPOSITORIES.c.updated.desc())
            .limit(_LISTED)
        )
        found = listed(store, map(from_row, connection.execute(query)))
        mine, other = MEMBERS.c.username, MEMBERS.c.organization
        if is_organization:
            mine, other = other, mine
        others = connection.execute(select(other).where(mine == owner).order_by(other)).scalars()
        return render(
            request,
            "profile.html",
            person=person,
            owner=owner,
            full_name=full_name,
            is_organization=is_organization,
            makes_private=is_organization and store.people.makes_private(owner),
            others=[(name, store.people.owner(name)[0]) for name in others],
            models=[each for each in found if each.entry.repo.type == "model"],
            datasets=[each for each in found if each.entry.repo.type == "dataset"],
            collections=store.collections.listed(person, owner, None, None),
            limit=_LISTED if len(found) == _LISTED else 0,
        )


@router.post("/organizations/{name}/settings")
def change_organization(
    request: Request, name: str, form: Annotated[Form, Depends(signed_form)]
) -> Response:
    """Whether its new repositories are private, which every member may decide."""
    store, person = world_of(request).store, require_person(request)
    if name not in person.organizations:
        raise WriteAccessRequired(f"{person.username} is not a member of {name[:60]!r}.")
    store.people.make_private(name, form.get("private") == "yes")
    return see_other(f"/{name}")


@router.get("/collections/{owner}/{name}")
def collection(request: Request, owner: str, name: str) -> Response:
    store, person = world_of(request).store, person_of(request)
    with store.database.reading():
        found = store.collections.find(f"{owner}/{name}", person)
        if found.slug != f"{owner}/{name}":
            # Under an earlier title.
            return see_other(f"/collections/{found.slug}", 307)
        return render(
            request,
            "collection.html",
            person=person,
            collection=found,
            owner_name=store.people.owner(found.owner)[0],
            items=_shown(store, store.collections.items(found), person),
        )


def _shown(
    store: Store, items: list[Item], person: Person | None
) -> list[tuple[Item, Listed | None, Collection | None]]:
    """What of a collection `person` may see: each item with its repository or its collection."""
    repositories = {
        item.target: store.repositories.by_uid(item.target)
        for item in items
        if item.type != "collection"
    }
    visible = [r for r in repositories.values() if not r.deleted and r.is_visible_to(person)]
    by_uid = {each.entry.uid: each for each in listed(store, visible)}
    found = []
    for item in items:
        inner = store.collections.by_id(item.target, person) if item.type == "collection" else None
        if inner or item.target in by_uid:
            found.append((item, by_uid.get(item.target), inner))
    return found
