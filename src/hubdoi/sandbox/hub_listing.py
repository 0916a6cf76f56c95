"""Lists of repositories, page by page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, tuple_

from ..net.routes import PlainRoute
from ..records import Person
from ..records.doi import doi_key
from .access import person_of, world_of
from .commits import HEAD, WITH_HEAD, Commit, head_of
from .described import describe, wanted_of
from .gates import GATES
from .likes import LIKES
from .refusal import Refusal
from .repositories import Repository, from_row, visible_to
from .store import Store
from .tables import REPOSITORIES, TAGS

router = APIRouter(route_class=PlainRoute)

_PAGE = 1000
_DEFAULT = ("private", "tags", "downloads", "likes", "createdAt", "pipeline_tag", "library_name")
_DATASET_DEFAULT = ("author", "sha", "lastModified", "gated", "disabled", "description")
_FULL = ("author", "sha", "lastModified", "gated", "disabled", "siblings", "doi")
# No parameters are counted here, and no model is run: nothing is among what is asked for by these.
_NEVER = ("apps", "inference", "inference_provider", "num_parameters")
_KEY = re.compile(r"[0-9a-f.:TZ-]{1,40}", re.ASCII)
_GATED = {"true": True, "false": False}
_NEWEST = (REPOSITORIES.c.updated, REPOSITORIES.c.uid)
_LIKES = (
    select(func.count())
    .where(LIKES.c.uid == REPOSITORIES.c.uid)
    .correlate(REPOSITORIES)
    .scalar_subquery()
)
_LISTED = (
    select(REPOSITORIES, *HEAD, _LIKES.label("likes"))
    .select_from(WITH_HEAD)
    .where(REPOSITORIES.c.deleted.is_(None))
)
# Downloads are not counted here: by those, the newest is first.
_SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "createdAt": (REPOSITORIES.c.created, REPOSITORIES.c.uid),
    "lastModified": _NEWEST,
    "downloads": _NEWEST,
    "likes": (_LIKES, *_NEWEST),
    "trendingScore": _NEWEST,
    "trending": _NEWEST,
}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a list should hold; `after` is what the last one before it is sorted by."""

    repo_type: str
    author: str | None
    words: tuple[str, ...]
    tags: tuple[str, ...]
    gated: bool | None
    sort: str
    ascending: bool
    after: list[Any] | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A repository of a list; `place` is what it is sorted by."""

    repository: Repository
    head: Commit | None
    likes: int
    place: list[Any]


@router.get("/api/models")
def models(request: Request) -> JSONResponse:
    return _page(request, "model")


@router.get("/api/datasets")
def datasets(request: Request) -> JSONResponse:
    return _page(request, "dataset")


@router.get("/api/spaces")
def spaces(limit: Annotated[int | None, Query()] = None) -> list[dict[str, Any]]:
    return []


# What is returned as JSON is written in this thread, and not looked through before it is.
def _page(request: Request, repo_type: str) -> JSONResponse:
    query = request.query_params
    limit = _limit(query.get("limit"))
    sort, gated = query.get("sort", "trendingScore"), query.get("gated")
    if sort not in _SORTS:
        raise Refusal(400, f"Repositories cannot be sorted by {sort[:60]!r}.")
    if gated is not None and gated.lower() not in _GATED:
        raise Refusal(400, "'gated' must be true or false.")
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
        gated=None if gated is None else _GATED[gated.lower()],
        sort=sort,
        ascending=query.get("direction") == "1",
        after=_after(query.get("cursor"), len(_SORTS[sort])),
    )
    if any(query.get(name) for name in _NEVER):
        return JSONResponse([])
    default = list(_DEFAULT)
    if repo_type == "dataset":
        default += _DATASET_DEFAULT
    if query.get("full", "").lower() in ("true", "1"):
        default += _FULL
    if query.get("cardData", "").lower() in ("true", "1"):
        default.append("cardData")
    world = world_of(request)
    with world.reading():
        matching = list(
            islice(_matching(world.store, wish, person_of(request), limit + 1), limit + 1)
        )
        more, matching = matching[limit:], matching[:limit]
        dois = world.store.dois_of([found.repository.uid for found in matching])
        wanted = wanted_of(query.getlist("expand"), default) if matching else None
        answer = [
            describe(
                world.store,
                found.repository,
                found.head,
                dois.get(found.repository.uid, []),
                found.likes,
                wanted=wanted,
            )
            for found in matching
        ]
    headers = {}
    if more:
        kept = [(key, value) for key, value in query.multi_items() if key != "cursor"]
        cursor = base64.urlsafe_b64encode(json.dumps(matching[-1].place).encode()).decode()
        address = f"{world.endpoint}{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
        headers["Link"] = f'<{address}>; rel="next"'
    return JSONResponse(answer, headers=headers)


def _matching(store: Store, wish: _Wish, person: Person | None, most: int) -> Iterator[_Found]:
    doi_tags = {doi_key(tag) for tag in wish.tags if doi_key(tag).startswith("doi:")}
    query = _query(wish.repo_type, wish.sort, wish.ascending, person)
    if wish.author is not None:
        query = query.where(REPOSITORIES.c.namespace == wish.author)
    for word in wish.words:
        query = query.where(REPOSITORIES.c.key.contains(word, autoescape=True))
    for tag in wish.tags:
        if doi_key(tag) not in doi_tags:
            query = query.where(REPOSITORIES.c.uid.in_(select(TAGS.c.uid).where(TAGS.c.tag == tag)))
    if wish.gated is not None:
        gated = REPOSITORIES.c.uid.in_(select(GATES.c.uid))
        query = query.where(gated if wish.gated else ~gated)
    if wish.after is not None:
        keys = _SORTS[wish.sort]
        here, last = tuple_(*keys), tuple_(*wish.after)
        query = query.where(here > last if wish.ascending else here < last)
    with store.database.reading() as connection:
        if not doi_tags:
            yield from (_found(row, wish) for row in connection.execute(query, {"most": most}))
            return
        every = connection.execute(query.execution_options(yield_per=500), {"most": -1})
        for rows in every.partitions():
            dois = store.dois_of([row.uid for row in rows])
            for row in rows:
                if doi_tags <= {f"doi:{doi.key}" for doi, _ in dois.get(row.uid, ())}:
                    yield _found(row, wish)


@lru_cache(maxsize=256)
def _query(repo_type: str, sort: str, ascending: bool, person: Person | None) -> Select[Any]:
    """What `person` sees, in that order, the first ``most``; building it takes longer than asking."""
    keys = _SORTS[sort]
    query = _LISTED.add_columns(*(key.label(f"key{n}") for n, key in enumerate(keys)))
    query = query.where(REPOSITORIES.c.type == repo_type, visible_to(person))
    query = query.order_by(*(key if ascending else key.desc() for key in keys))
    return query.limit(bindparam("most"))


def _found(row: Row[Any], wish: _Wish) -> _Found:
    keys = len(_SORTS[wish.sort])
    return _Found(from_row(row), head_of(row), row.likes, list(row[-keys:]))


def _limit(given: str | None) -> int:
    if given is None:
        return _PAGE
    if not given.isdecimal() or len(given) > 9:
        raise Refusal(400, "'limit' must be a whole number.")
    return max(1, min(int(given), _PAGE))


def _after(cursor: str | None, keys: int) -> list[Any] | None:
    if cursor is None:
        return None
    try:
        after = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        after = None
    if (
        not isinstance(after, list)
        or len(after) != keys
        or not all(isinstance(key, str | int) and _KEY.fullmatch(str(key)) for key in after)
    ):
        raise Refusal(400, "The cursor cannot be read; begin at the first page.")
    return after
