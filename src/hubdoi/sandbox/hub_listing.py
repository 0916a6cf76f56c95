"""Lists of repositories, page by page."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import and_, or_, select

from ..records import Person
from ..records.doi import doi_key
from .access import person_of, world_of
from .described import describe, picked
from .refusal import Refusal
from .repositories import Repository, from_row, visible_to
from .store import Store
from .tables import REPOSITORIES, TAGS

router = APIRouter()

_PAGE = 1000
_DEFAULT = ("private", "tags", "downloads", "likes", "createdAt", "pipeline_tag", "library_name")
_DATASET_DEFAULT = ("author", "sha", "lastModified", "gated", "disabled", "description")
_FULL = ("author", "sha", "lastModified", "gated", "disabled", "siblings", "doi")
# Nobody downloads or likes here: by those, repositories are as new as each other.
_SORTS = {
    "createdAt": REPOSITORIES.c.created,
    "lastModified": REPOSITORIES.c.updated,
    "downloads": REPOSITORIES.c.updated,
    "likes": REPOSITORIES.c.updated,
    "trendingScore": REPOSITORIES.c.updated,
    "trending": REPOSITORIES.c.updated,
}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a list should hold; `after` is the (time, uid) of the last one before it."""

    repo_type: str
    author: str | None
    words: tuple[str, ...]
    tags: tuple[str, ...]
    sort: str
    ascending: bool
    after: tuple[str, str] | None


@router.get("/api/models")
def models(request: Request, response: Response) -> list[dict[str, Any]]:
    return _page(request, response, "model")


@router.get("/api/datasets")
def datasets(request: Request, response: Response) -> list[dict[str, Any]]:
    return _page(request, response, "dataset")


@router.get("/api/spaces")
def spaces(limit: Annotated[int | None, Query()] = None) -> list[dict[str, Any]]:
    return []


def _page(request: Request, response: Response, repo_type: str) -> list[dict[str, Any]]:
    query = request.query_params
    limit = _limit(query.get("limit"))
    wish = _Wish(
        repo_type=repo_type,
        author=query.get("author"),
        words=tuple(word[:200].lower() for word in query.getlist("search") if word),
        tags=tuple(
            tag
            for given in (*query.getlist("filter"), *query.getlist("pipeline_tag"))
            for tag in given.split(",")
            if tag
        ),
        sort=query.get("sort", "trendingScore"),
        ascending=query.get("direction") == "1",
        after=_after(query.get("cursor")),
    )
    if wish.sort not in _SORTS:
        raise Refusal(400, f"Repositories cannot be sorted by {wish.sort[:60]!r}.")
    default = list(_DEFAULT)
    if repo_type == "dataset":
        default += _DATASET_DEFAULT
    if query.get("full", "").lower() in ("true", "1"):
        default += _FULL
    if query.get("cardData", "").lower() in ("true", "1"):
        default.append("cardData")
    world = world_of(request)
    with world.reading():
        found = []
        for repository in _matching(world.store, wish, person_of(request)):
            found.append(repository)
            if len(found) > limit:
                break
        more, found = found[limit:], found[:limit]
        dois = world.store.dois_of([repository.uid for repository in found])
        answer = []
        for repository in found:
            commit = world.store.commits.resolve(repository.uid, None)
            body = describe(world.store, repository, commit, dois.get(repository.uid, []))
            answer.append(picked(body, expand=query.getlist("expand"), default=default))
    if more:
        kept = [(key, value) for key, value in query.multi_items() if key != "cursor"]
        cursor = _cursor(found[-1], wish.sort)
        address = f"{world.endpoint}{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return answer


def _matching(store: Store, wish: _Wish, person: Person | None) -> Iterator[Repository]:
    doi_tags = {doi_key(tag) for tag in wish.tags if doi_key(tag).startswith("doi:")}
    query = select(REPOSITORIES).where(
        REPOSITORIES.c.type == wish.repo_type,
        REPOSITORIES.c.deleted.is_(None),
        visible_to(person),
    )
    if wish.author is not None:
        query = query.where(REPOSITORIES.c.namespace == wish.author)
    for word in wish.words:
        query = query.where(REPOSITORIES.c.key.contains(word, autoescape=True))
    for tag in wish.tags:
        if doi_key(tag) not in doi_tags:
            query = query.where(REPOSITORIES.c.uid.in_(select(TAGS.c.uid).where(TAGS.c.tag == tag)))
    column = _SORTS[wish.sort]
    if wish.after is not None:
        time, uid = wish.after
        beyond = column > time if wish.ascending else column < time
        further = REPOSITORIES.c.uid > uid if wish.ascending else REPOSITORIES.c.uid < uid
        query = query.where(or_(beyond, and_(column == time, further)))
    order = (column, REPOSITORIES.c.uid)
    query = query.order_by(*(key if wish.ascending else key.desc() for key in order))
    with store.database.reading() as connection:
        for rows in connection.execute(query.execution_options(yield_per=500)).partitions():
            repositories = [from_row(row) for row in rows]
            if doi_tags:
                dois = store.dois_of([repository.uid for repository in repositories])
                repositories = [
                    repository
                    for repository in repositories
                    if doi_tags <= {f"doi:{doi.key}" for doi, _ in dois.get(repository.uid, ())}
                ]
            yield from repositories


def _limit(given: str | None) -> int:
    if given is None:
        return _PAGE
    if not given.isdecimal() or len(given) > 9:
        raise Refusal(400, "'limit' must be a whole number.")
    return max(1, min(int(given), _PAGE))


def _cursor(last: Repository, sort: str) -> str:
    time = last.created if sort == "createdAt" else last.updated
    return base64.urlsafe_b64encode(json.dumps([time, last.uid]).encode()).decode()


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        time, uid = json.loads(base64.urlsafe_b64decode(cursor))
        return str(time), str(uid)
    except (ValueError, TypeError):
        raise Refusal(400, "The cursor cannot be read; begin at the first page.") from None
