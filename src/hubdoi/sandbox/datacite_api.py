"""DataCite's REST API, as far as registering and looking up DOIs goes: JSON:API, Basic auth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ..net.routes import ErrorRoute
from ..records import Doi
from ..records.doi import doi_key
from ..records.errors import HubdoiError, InvalidDoi
from .access import is_datacite_account, world_of
from .credentials import DATACITE_PREFIX, DATACITE_USERNAME
from .datacite_activities import activities
from .datacite_attributes import Complaint, missing, readable
from .datacite_query import condition, has_prefix
from .datacite_records import DataciteRecords, Event, Record, Taken
from .datacite_shape import resource
from .refusal import Refusal
from .registrar_tables import records

MEDIA_TYPE = "application/vnd.api+json"

_BASE = "/datacite"
_CLIENT = DATACITE_USERNAME.lower()
_EVENTS = ("register", "publish", "hide")
_STATES = ("draft", "registered", "findable")
_DEFAULT_SIZE = 25
_MAX_SIZE = 1000
_MAX_REACH = 10_000
_MAX_IDS = 1000


class Problem(Exception):
    """An answer with errors, in the form of JSON:API."""

    def __init__(self, status: int, complaints: Iterable[Complaint] | str) -> None:
        super().__init__(status)
        self.status = status
        if isinstance(complaints, str):
            self.errors = [{"status": str(status), "title": complaints}]
        else:
            self.errors = [{"source": source, "title": title} for source, title in complaints]


class JsonApi(ErrorRoute):
    """A route whose errors are JSON:API's."""

    answered = (Problem, HTTPException, HubdoiError)

    def refusal(self, request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = Problem(error.status_code, "There is nothing at this URL.")
        elif isinstance(error, HubdoiError):
            status = error.status if isinstance(error, Refusal) else error.http_status
            error = Problem(status, error.message)
        assert isinstance(error, Problem)
        return _problem(error)


router = APIRouter(prefix=_BASE, include_in_schema=False, route_class=JsonApi)


@router.get("/heartbeat")
def heartbeat() -> Response:
    return Response("OK", media_type="text/plain")


@router.get("/dois")
def search(request: Request) -> Response:
    world, owner = world_of(request), _is_owner(request)
    given = request.query_params
    conditions = _conditions(request, owner)
    size = min(_number(given.get("page[size]"), "page[size]", _DEFAULT_SIZE, least=0), _MAX_SIZE)
    after = _cursor(given.get("page[cursor]"))
    page = 1 if after is not None else _number(given.get("page[number]"), "page[number]", 1)
    if page * size > _MAX_REACH:
        raise Problem(
            400,
            f"Paging is limited to the first {_MAX_REACH:,} records; for more use page[cursor].",
        )
    found = world.datacite.find(
        conditions,
        sort=given.get("sort", "-created"),
        limit=size,
        offset=(page - 1) * size,
        after=after,
    )
    total = found.total
    pages = -(-total // size) if size else 0
    following: dict[str, str] | None = None
    if after is not None and size and len(found.records) == size:
        following = {"page[cursor]": str(found.records[-1].id + 1)}
    elif after is None and page < pages and (page + 1) * size <= _MAX_REACH:
        following = {"page[number]": str(page + 1)}
    here = f"{world.endpoint}{_BASE}/dois"
    links = {"self": f"{here}?{given}" if given else here}
    if following:
        links["next"] = f"{here}?{urlencode({**given, **following})}"
    meta = {"total": total, "totalPages": pages} | ({} if after is not None else {"page": page})
    return _answer(
        request,
        {"data": [_resource(request, r) for r in found.records], "meta": meta, "links": links},
    )


@router.get("/clients/{name}")
def read_account(request: Request, name: str) -> Response:
    """The one repository account, as those see it who have its password."""
    _require_owner(request)
    if name.lower() != _CLIENT:
        raise _unknown()
    attributes = {
        "name": "Sandbox",
        "symbol": DATACITE_USERNAME,
        "clientType": "repository",
        "domains": "*",
        "isActive": True,
    }
    prefixes = [{"id": DATACITE_PREFIX, "type": "prefixes"}]
    data = {
        "id": _CLIENT,
        "type": "clients",
        "attributes": attributes,
        "relationships": {"prefixes": {"data": prefixes}},
    }
    return _answer(request, {"data": data})


@router.get("/dois/{doi:path}/activities")
def read_activities(request: Request, doi: str) -> Response:
    """What changed in a record, newest first, in the terms of PROV as DataCite has them."""
    owner = _is_owner(request)
    world = world_of(request)
    record = world.datacite.get(_doi(doi, 404))
    if record is None or (record.state != "findable" and not owner):
        raise _unknown()
    return _answer(request, {"data": activities(world, record)})


@router.get("/dois/{doi:path}")
def read(request: Request, doi: str) -> Response:
    owner = _is_owner(request)
    record = world_of(request).datacite.get(_doi(doi, 404))
    if record is None or (record.state != "findable" and not owner):
        raise _unknown()
    return _one(request, record)


@router.post("/dois")
async def create(request: Request) -> Response:
    _require_owner(request)
    data = await _body(request)
    return await run_in_threadpool(_create, request, data, None)


@router.put("/dois/{doi:path}")
async def update(request: Request, doi: str) -> Response:
    _require_owner(request)
    named = _doi(doi, 422)
    data = await _body(request)
    return await run_in_threadpool(_update, request, data, named)


@router.patch("/dois/{doi:path}")
async def patch(request: Request, doi: str) -> Response:
    _require_owner(request)
    named = _doi(doi, 404)
    if world_of(request).datacite.get(named) is None:
        raise _unknown()
    return await run_in_threadpool(_update, request, await _body(request), named)


@router.delete("/dois/{doi:path}")
def delete(request: Request, doi: str) -> Response:
    _require_owner(request)
    named = _doi(doi, 404)
    datacite = world_of(request).datacite
    if datacite.delete_draft(named):
        return Response(status_code=204)
    if datacite.get(named) is None:
        raise _unknown()
    raise Problem(405, "Only a draft can be deleted; a registered DOI stays for ever.")


def _create(request: Request, data: dict[str, Any], named: Doi | None) -> Response:
    datacite = world_of(request).datacite
    given = data["attributes"]
    doi = named or _doi_to_make(data, datacite)
    if doi.prefix.lower() != DATACITE_PREFIX:
        raise Problem(403, f"This account has only the prefix {DATACITE_PREFIX}.")
    if datacite.get(doi) is not None:
        raise _taken()
    attributes, event = _attributes(given)
    state = datacite.state_after("draft", event)
    if state != "draft":
        _refuse_if_incomplete(attributes)
    try:
        record = datacite.create(doi, attributes, state)
    except Taken:
        raise _taken() from None
    return _one(request, record, 201)


def _update(request: Request, data: dict[str, Any], named: Doi) -> Response:
    datacite = world_of(request).datacite
    given = data["attributes"]
    inside = given.get("doi")
    if inside is not None and (not isinstance(inside, str) or _doi(inside, 422) != named):
        raise Problem(422, [("doi", "The DOI in the body differs from the one in the URL.")])
    with world_of(request).transaction():
        record = datacite.get(named)
        if record is None:
            return _create(request, data, named)
        if record.is_minted:
            raise Problem(403, "The Hub minted this DOI; its record follows from the repository.")
        changed, event = _attributes(given)
        attributes = {**record.attributes, **changed}
        state = datacite.state_after(record.state, event)
        if state != "draft":
            _refuse_if_incomplete(attributes)
        return _one(request, datacite.update(record, attributes, state))


def _attributes(given: dict[str, Any]) -> tuple[dict[str, Any], Event | None]:
    event = given.get("event")
    if event is not None and event not in _EVENTS:
        raise Problem(422, [("event", f"An event is one of: {', '.join(_EVENTS)}.")])
    if given.get("xml") and not given.get("titles"):
        raise Problem(422, [("xml", "The sandbox reads the metadata as JSON; send attributes.")])
    attributes, complaints = readable(given)
    if complaints:
        raise Problem(422, complaints)
    return attributes, event


def _refuse_if_incomplete(attributes: dict[str, Any]) -> None:
    if complaints := missing(attributes):
        raise Problem(422, complaints)


def _doi_to_make(data: dict[str, Any], datacite: DataciteRecords) -> Doi:
    given = data["attributes"]
    named = given.get("doi") or data.get("id")
    if named is not None:
        if not isinstance(named, str):
            raise Problem(422, [("doi", "A DOI is text.")])
        if "/" in named:
            return _doi(named, 422)
    prefix, suffix = given.get("prefix"), given.get("suffix") or named
    if not isinstance(prefix, str):
        raise Problem(422, [("doi", "Give the DOI, or a prefix for a new one.")])
    if prefix != DATACITE_PREFIX:
        raise Problem(403, f"This account has only the prefix {DATACITE_PREFIX}.")
    return _doi(f"{prefix}/{suffix}", 422) if suffix else datacite.free_doi(prefix)


def _conditions(request: Request, owner: bool) -> list[sa.ColumnElement[bool]]:
    given = request.query_params
    wanted = [records.c.state == "findable"] if not owner else []
    if ids := given.get("ids"):
        keys = [doi_key(part.strip()) for part in ids.split(",") if part.strip()]
        if len(keys) > _MAX_IDS:
            raise Problem(400, f"At most {_MAX_IDS:,} DOIs can be asked for at once.")
        wanted.append(records.c.doi_key.in_(keys))
    if query := given.get("query"):
        asked = condition(query, client=_CLIENT)
        if asked is not None:
            wanted.append(asked)
    if prefix := given.get("prefix"):
        wanted.append(sa.or_(*map(has_prefix, prefix.split(",")[:100])))
    if (client := given.get("client-id")) and client.lower() != _CLIENT:
        wanted.append(sa.false())
    if state := given.get("state"):
        if state not in _STATES:
            raise Problem(400, f"A state is one of: {', '.join(_STATES)}.")
        wanted.append(records.c.state == state)
    return wanted


def _cursor(text: str | None) -> int | None:
    """The number of the record that was seen last; DataCite's first cursor, 1, stands for none."""
    if text is None:
        return None
    return 0 if text == "1" else _number(text, "page[cursor]", 1) - 1


def _number(text: str | None, name: str, default: int, *, least: int = 1) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) < least:
        raise Problem(400, f"{name} is a whole number, {least} or more.")
    return int(text)


def _doi(text: str, status: int) -> Doi:
    try:
        return Doi.parse(text)
    except InvalidDoi as error:
        if status == 404:
            raise _unknown() from None
        raise Problem(status, [("doi", error.message)]) from None


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (MEDIA_TYPE, "application/json"):
        raise Problem(415, f"The body is {MEDIA_TYPE}; say so in the Content-Type.")
    try:
        body = json.loads(await request.body(), parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.") from None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or data.get("type", "dois") != "dois":
        raise Problem(400, 'The body is an object such as {"data": {"type": "dois", …}}.')
    if not isinstance(data.get("attributes", {}), dict):
        raise Problem(400, "The attributes of a DOI are an object.")
    return {"id": data.get("id"), "attributes": data.get("attributes", {})}


def _not_json(constant: str) -> None:
    raise ValueError(constant)


def _is_owner(request: Request) -> bool:
    """Whether who asks is the account; credentials that are wrong are refused even for reading."""
    account = is_datacite_account(request)
    if account is False:
        raise _bad_credentials()
    return account is True


def _require_owner(request: Request) -> None:
    if not _is_owner(request):
        raise _bad_credentials()


def _bad_credentials() -> Problem:
    return Problem(401, "Bad credentials.")


def _unknown() -> Problem:
    return Problem(404, "The resource you are looking for doesn't exist.")


def _taken() -> Problem:
    return Problem(422, [("doi", "This DOI has already been taken.")])


def _resource(request: Request, record: Record) -> dict[str, Any]:
    given = request.query_params
    return resource(
        record,
        client=_CLIENT,
        endpoint=world_of(request).endpoint,
        with_publisher=given.get("publisher") == "true",
        with_affiliation=given.get("affiliation") == "true",
    )


def _one(request: Request, record: Record, status: int = 200) -> Response:
    found = _resource(request, record)
    # A top-level copy of the relationships: the public client reads the media there.
    body = {"data": found, "relationships": found["relationships"]}
    answer = _answer(request, body, status)
    if status == 201:
        url = f"{world_of(request).endpoint}{_BASE}/dois/{record.doi.in_url}"
        answer.headers["Location"] = url
    return answer


def _answer(request: Request, body: dict[str, Any], status: int = 200) -> Response:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"ETag": f'W/"{sha256(content).hexdigest()[:32]}"', "Vary": "Authorization"}
    headers["Cache-Control"] = "no-cache"
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if request.method == "GET" and headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers, f"{MEDIA_TYPE}; charset=utf-8")


def _problem(problem: Problem) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="DataCite"'} if problem.status == 401 else {}
    content = json.dumps({"errors": problem.errors}, ensure_ascii=False).encode()
    return Response(content, problem.status, headers, f"{MEDIA_TYPE}; charset=utf-8")
