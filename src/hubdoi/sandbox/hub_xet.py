"""Uploads by `hf_xet`: the token that the Hub gives, and the calls of the storage that it opens.

What arrives in xorbs becomes a large file as any other; it is downloaded over plain HTTP.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from .access import world_of
from .bodies import Body, parts
from .hub_commits import may_commit
from .large import LargeFile
from .located import Reading, split_revision, tail_of
from .permits import claims_of, permit
from .refusal import Refusal
from .shards import ShardFile, files_of
from .store import Store
from .xorbs import MAX_XORB_BYTES

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_CAS = "/xet/{run}/{username}"
_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who may send what a repository is to commit."""

    store: Store
    uid: str
    username: str


def _writer(request: Request, run: str, username: str) -> _Writer:
    world = world_of(request)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    claims = claims_of(world.credentials.session_key, "xet", given.strip())
    if scheme.lower() != "bearer" or claims is None or claims[1:] != [username, run]:
        raise Refusal(401, "This upload is no longer allowed; request a new token.")
    return _Writer(world.store, str(claims[0]), username)


Writer = Annotated[_Writer, Depends(_writer)]


@router.get(_REPO + "/xet-write-token/{tail:path}")
def write_token(request: Request, found: Reading, create_pr: bool = False) -> Response:
    """The token with which `hf_xet` sends what a commit is to hold."""
    revision, _ = split_revision(tail_of(request, "xet-write-token"))
    person = may_commit(request, found, revision, create_pr)
    world = world_of(request)
    run, expiry = world.store.run, int(time.time()) + _SECONDS
    key = world.credentials.session_key
    token = permit(key, "xet", found.uid, person.username, run, seconds=_SECONDS)
    # A client remembers what it sent to a URL, and the sandbox forgets it at the next start.
    url = f"{world.endpoint}/xet/{run}/{person.username}"
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expiry),
    }
    return JSONResponse({"accessToken": token, "exp": expiry, "casUrl": url}, headers=headers)


@router.get(_CAS + "/v1/chunks/default-merkledb/{name}")
def known_chunk(writer: Writer, name: str) -> Response:
    """Whether somebody else has sent a chunk is not told."""
    raise Refusal(404, "This chunk was not found.")


@router.post(_CAS + "/v1/xorbs/default/{name}")
async def send_xorb(request: Request, writer: Writer, name: str) -> dict[str, bool]:
    store = writer.store
    with store.large.receive(MAX_XORB_BYTES) as incoming:
        async for part in parts(request):
            await run_in_threadpool(incoming.write, part)
        added = await run_in_threadpool(store.xorbs.keep, writer.username, name, incoming)
    return {"was_inserted": added}


@router.post(_CAS + "/v1/shards")
def send_shard(writer: Writer, body: Body) -> dict[str, int]:
    _take_in(writer, body)
    return {"result": 1}


@router.post(_CAS + "/v2/shards")
def send_shard_and_hear(writer: Writer, body: Body) -> Response:
    _take_in(writer, body)
    return Response(json.dumps({"type": "result"}) + "\n", media_type="application/x-ndjson")


@router.post(_CAS + "/v1/telemetry")
def told(body: Body) -> dict[str, Any]:
    """How long a transfer took is of no interest here."""
    return {}


@router.api_route(_CAS + "/{rest:path}", methods=["GET", "HEAD", "POST", "PUT"])
def not_spoken(writer: Writer, rest: str) -> Response:
    """The protocol grows: a client falls back to an older call where a newer one is not found."""
    raise Refusal(404, "The sandbox does not have this call of the Xet storage.")


def _take_in(writer: _Writer, shard: bytes) -> None:
    for file in files_of(shard):
        _assemble(writer, file)


def _assemble(writer: _Writer, file: ShardFile) -> None:
    """Write a file from the chunks that make it, and keep it under its SHA-256."""
    large, xorbs = writer.store.large, writer.store.xorbs
    with large.receive() as incoming:
        for term in file.terms:
            before = incoming.size
            for chunk in xorbs.chunks(writer.username, term.xorb, term.start, term.stop):
                incoming.write(chunk)
            if incoming.size - before != term.size:
                raise Refusal(400, "The shard does not fit its xorbs; send it again.")
        sha256 = file.sha256 or incoming.sha256
        large.keep(writer.uid, incoming, LargeFile(sha256, file.size))
