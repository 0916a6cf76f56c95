"""Files and folders: listed, described, downloaded."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from ..records.formats import media_type
from .access import world_of
from .bodies import FormOrJson
from .commits import Commit
from .described import described_large
from .located import Located, Reading, locate, split_revision, tail_of
from .refusal import Refusal
from .remembered import NotInMemory
from .served import asked_range, in_memory, on_disk
from .trees import Entry

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_PAGE = 1000
_TRUE = ("true", "1")


@router.get(_REPO + "/tree/{tail:path}")
def tree(
    request: Request,
    response: Response,
    found: Reading,
    recursive: bool = False,
    expand: bool = False,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> list[dict[str, Any]]:
    revision, folder = split_revision(tail_of(request, "tree"))
    folder = folder.strip("/")
    with found.store.database.reading():
        commit = found.store.commits.resolve(found.uid, revision)
        if commit is None:
            return []
        files = found.store.commits.listing(commit)
        there = files.entry(folder) if folder else None
        if folder and not (there and there[1]):
            raise _no_entry(folder, commit)
        listed = list(islice(files.under(folder, recursive=recursive, after=cursor), limit + 1))
        if len(listed) > limit:
            listed = listed[:limit]
            query = request.url.include_query_params(cursor=listed[-1][0]).query
            raw = request.scope["raw_path"].decode("ascii")
            response.headers["Link"] = f'<{found.store.endpoint}{raw}?{query}>; rel="next"'
        return _described(found, commit, listed, expand)


@router.post(_REPO + "/paths-info/{tail:path}")
def paths_info(request: Request, found: Reading, body: FormOrJson) -> list[dict[str, Any]]:
    revision, _ = split_revision(tail_of(request, "paths-info"))
    paths, expand = body.get("paths", []), body.get("expand", False)
    if isinstance(paths, str):
        paths = [paths]
    if isinstance(expand, list):
        expand = bool(expand) and str(expand[0]).lower() in _TRUE
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise Refusal(400, "'paths' must be a list of texts.")
    with found.store.database.reading():
        commit = found.store.commits.resolve(found.uid, revision)
        if commit is None:
            return []
        files = found.store.commits.listing(commit)
        listed = []
        for path in dict.fromkeys(path.strip("/") for path in paths):
            if (there := files.entry(path)) is not None:
                listed.append((path + "/" * there[1], there[0]))
        described = _described(found, commit, listed, expand is True)
        for entry in described:
            if "lfs" in entry:
                # With what a client copies it to another repository. A list of files has none:
                # clients would take it for a file to download by Xet.
                entry["xetHash"] = entry["lfs"]["oid"]
        return described


def _offer(kind: str, action: str) -> None:
    async def download(request: Request) -> Response:
        if request.method == "HEAD":
            # Where memory has all that it takes, a turn on a thread costs as much as the answer.
            with suppress(NotInMemory), world_of(request).database.only_memory():
                return _file(request, kind, action)
        return await run_in_threadpool(_file, request, kind, action)

    prefix = "" if kind == "models" else f"/{kind}"
    # Without FastAPI's reading of parameters, for the same reason.
    router.add_route(
        f"{prefix}/{{namespace}}/{{name}}/{action}/{{tail:path}}", download, methods=["GET", "HEAD"]
    )


for _action in ("resolve", "raw"):
    _offer("models", _action)
    _offer("datasets", _action)


def _file(request: Request, kind: str, action: str) -> Response:
    asked = request.path_params
    found = locate(request, kind, asked["namespace"], asked["name"])
    found.refuse_without_access()
    revision, path = split_revision(tail_of(request, action))
    commit = found.store.commits.resolve(found.uid, revision)
    file = found.store.commits.listing(commit).get(path)
    if commit is None or file is None:
        raise _no_entry(path, commit)
    oid, size = file
    large = found.store.large.of(oid)
    if large is not None and action == "raw":
        # As in git: the pointer, not what it points to.
        size, large = len(large.pointer), None
    etag = oid if large is None else large.sha256
    headers = {
        "ETag": f'"{etag}"',
        "X-Repo-Commit": commit.oid,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
        "Content-Disposition": (
            f"inline; filename*=UTF-8''{quote(PurePosixPath(path).name, safe='')}"
        ),
        # What strangers wrote is shown, never run, at the URL of the settings page.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if large is not None:
        headers |= {"X-Linked-ETag": f'"{etag}"', "X-Linked-Size": str(size)}
    if request.headers.get("if-none-match") == f'"{etag}"':
        return Response(status_code=304, headers=headers)
    if large is not None:
        on_disk_at = found.store.large.path(large.sha256)
        return on_disk(request, on_disk_at, size, headers, _served_as(path))
    if request.method == "HEAD":
        _, _, status, headers = asked_range(request, size, headers)
        return Response(b"", status, headers, media_type=_served_as(path))
    content = found.store.commits.content(oid)
    return in_memory(request, content, headers, _served_as(path))


def _served_as(path: str) -> str:
    kind = media_type(path) or "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/json", "application/yaml"):
        return "text/plain; charset=utf-8"
    return kind if kind in ("image/png", "image/jpeg", "image/gif") else "application/octet-stream"


def _entry(found: Located, path: str, entry: Entry) -> dict[str, Any]:
    if path.endswith("/"):
        return {"type": "directory", "oid": entry.oid, "size": 0, "path": path[:-1]}
    body = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    large = found.store.large.of(entry.oid)
    return body if large is None else body | {"lfs": described_large(large)}


def _described(
    found: Located, commit: Commit, listed: list[tuple[str, Entry]], expand: bool
) -> list[dict[str, Any]]:
    described = [_entry(found, path, entry) for path, entry in listed]
    if expand:
        changed = found.store.commits.last_changes(
            found.uid, commit.oid, {entry["path"] for entry in described}
        )
        for entry in described:
            last = changed.get(entry["path"])
            if last is not None:
                entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.created}
    return described


def _no_entry(path: str, commit: Commit | None) -> Refusal:
    where = f" in revision {commit.oid[:7]}" if commit else ": it has no commit yet"
    return Refusal(404, f"There is no {path[:200]!r} in this repository{where}.", "EntryNotFound")
