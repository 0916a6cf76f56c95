"""Likes, followers, and what belongs to whom."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import func, select

from ..records.errors import SandboxError, WriteAccessRequired
from .access import person_of, require_person, world_of
from .located import Reading
from .refusal import Refusal
from .repositories import visible_to
from .tables import REPOSITORIES, TAGS

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
# How a tag of a card names its kind; what has none of these is any other tag.
_TAG_KINDS = (
    "license", "language", "library", "pipeline_tag", "dataset", "base_model", "region",
    "task_categories", "task_ids", "size_categories", "format", "modality",
)  # fmt: skip


@router.post(_REPO + "/like")
def like(request: Request, found: Reading) -> dict[str, Any]:
    found.store.likes.add(found.uid, require_person(request).username)
    return {}


@router.delete(_REPO + "/like")
def unlike(request: Request, found: Reading) -> dict[str, Any]:
    found.store.likes.remove(found.uid, require_person(request).username)
    return {}


@router.get(_REPO + "/likers")
def likers(found: Reading) -> list[dict[str, Any]]:
    return [
        {"user": username, "fullname": full_name, "avatarUrl": "", "type": "user", "isPro": False}
        for username, full_name in found.store.likes.of(found.uid)
    ]


@router.get("/api/users/{username}/likes")
def liked_by(request: Request, username: str) -> list[dict[str, Any]]:
    _known_user(request, username)
    return [
        {"createdAt": created, "repo": {"name": repo_id, "type": kind}}
        for kind, repo_id, created in world_of(request).store.likes.by(username, person_of(request))
    ]


@router.get("/api/users/{username}/followers")
@router.get("/api/users/{username}/following")
def followers_of_a_user(request: Request, username: str) -> list[dict[str, Any]]:
    """Nobody follows anybody here."""
    _known_user(request, username)
    return []


@router.get("/api/organizations/{name}/followers")
def followers_of_an_organization(request: Request, name: str) -> list[dict[str, Any]]:
    try:
        if world_of(request).store.people.owner(name)[1]:
            return []
    except SandboxError:
        pass
    raise Refusal(404, f"There is no organisation {name[:60]!r} here.", "OrgNotFound")


@router.get("/api/settings/repositories")
def own_repositories(request: Request) -> list[dict[str, Any]]:
    return _repositories(request, require_person(request).username)


@router.get("/api/organizations/{name}/settings/repositories")
def repositories_of_an_organization(request: Request, name: str) -> list[dict[str, Any]]:
    person = require_person(request)
    if name not in person.organizations:
        raise WriteAccessRequired(f"{person.username} is not a member of {name[:60]!r}.")
    return _repositories(request, name)


@router.get("/api/models-tags-by-type")
def tags_of_models(request: Request) -> dict[str, list[dict[str, str]]]:
    return _tags(request, "model")


@router.get("/api/datasets-tags-by-type")
def tags_of_datasets(request: Request) -> dict[str, list[dict[str, str]]]:
    return _tags(request, "dataset")


def _known_user(request: Request, username: str) -> None:
    if world_of(request).store.people.person(username) is None:
        raise Refusal(404, f"There is no user {username[:60]!r} here.", "UserNotFound")


def _repositories(request: Request, namespace: str) -> list[dict[str, Any]]:
    store = world_of(request).store
    listed = []
    with store.database.reading():
        for found in store.repositories.of_namespace(namespace, person_of(request)):
            commit = store.commits.resolve(found.uid, None)
            listed.append(
                {
                    "_id": found.uid,
                    "id": found.repo.id,
                    "type": found.repo.type,
                    "updatedAt": found.updated,
                    "visibility": "private" if found.private else "public",
                    "storage": store.commits.listing(commit).size,
                    "storagePercent": 0,
                }
            )
    return listed


def _tags(request: Request, repo_type: str) -> dict[str, list[dict[str, str]]]:
    query = (
        select(TAGS.c.tag, func.count())
        .join(REPOSITORIES, REPOSITORIES.c.uid == TAGS.c.uid)
        .where(REPOSITORIES.c.type == repo_type, REPOSITORIES.c.deleted.is_(None))
        .where(visible_to(person_of(request)))
        .group_by(TAGS.c.tag)
        .order_by(TAGS.c.tag)
    )
    with world_of(request).reading() as connection:
        tags = [str(row.tag) for row in connection.execute(query)]
    answer: dict[str, list[dict[str, str]]] = {}
    for tag in tags:
        prefix, colon, label = tag.partition(":")
        kind = prefix if colon and prefix in _TAG_KINDS else "other"
        shown = label if kind != "other" else tag
        answer.setdefault(kind, []).append({"type": kind, "id": tag, "label": shown})
    return answer
