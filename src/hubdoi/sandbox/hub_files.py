"""Files and folders: listed, described, downloaded."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from ..records.formats import media_type
from .access import world_of
from .bodies import FormOrJson
from .commits import Commit
from .git import tree_ids
from .located import Located, Reading, locate, split_revision, tail_of
from .refusal import Refusal

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_PAGE = 1000
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
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
        entries = _entries(found, commit)
        if folder and entries.get(folder, {}).get("type") != "directory":
            raise _no_entry(folder, commit)
        listed = [path for path in sorted(entries) if _is_in(path, folder, recursive)]
        listed = [path for path in listed if path > cursor]
        if len(listed) > limit:
            listed = listed[:limit]
            query = request.url.include_query_params(cursor=listed[-1]).query
            raw = request.scope["raw_path"].decode("ascii")
            response.headers["Link"] = f'<{found.store.endpoint}{raw}?{query}>; rel="next"'
        return _described(found, commit, entries, listed, expand)


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
        entries = _entries(found, commit)
        listed = list(dict.fromkeys(path.strip("/") for path in paths))
        listed = [path for path in listed if path in entries]
        return _described(found, commit, entries, listed, expand is True)


@router.api_route("/{namespace}/{name}/resolve/{tail:path}", methods=["GET", "HEAD"])
def resolve_model(request: Request, namespace: str, name: str) -> Response:
    return _download(request, locate(request, "models", namespace, name), "resolve")


@router.api_route("/{namespace}/{name}/raw/{tail:path}", methods=["GET", "HEAD"])
def raw_model(request: Request, namespace: str, name: str) -> Response:
    return _download(request, locate(request, "models", namespace, name), "raw")


@router.api_route("/datasets/{namespace}/{name}/resolve/{tail:path}", methods=["GET", "HEAD"])
def resolve_dataset(request: Request, namespace: str, name: str) -> Response:
    return _download(request, locate(request, "datasets", namespace, name), "resolve")


@router.api_route("/datasets/{namespace}/{name}/raw/{tail:path}", methods=["GET", "HEAD"])
def raw_dataset(request: Request, namespace: str, name: str) -> Response:
    return _download(request, locate(request, "datasets", namespace, name), "raw")


def _download(request: Request, found: Located, action: str) -> Response:
    revision, path = split_revision(tail_of(request, action))
    with world_of(request).reading():
        commit = found.store.commits.resolve(found.uid, revision)
        file = None if commit is None else found.store.commits.snapshot(commit.tree).get(path)
        if commit is None or file is None:
            raise _no_entry(path, commit)
        oid, size = file
        headers = {
            "ETag": f'"{oid}"',
            "X-Repo-Commit": commit.oid,
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
            "Content-Disposition": (
                f"inline; filename*=UTF-8''{quote(PurePosixPath(path).name, safe='')}"
            ),
            # What strangers wrote is shown, never run, under the address of the settings page.
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == f'"{oid}"':
            return Response(status_code=304, headers=headers)
        start, stop = _range(request, size)
        status = 200
        if (start, stop) != (0, size):
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        headers["Content-Length"] = str(stop - start)
        body = b"" if request.method == "HEAD" else found.store.commits.content(oid)[start:stop]
    return Response(body, status, headers, media_type=_served_as(path))


def _range(request: Request, size: int) -> tuple[int, int]:
    """The first byte that was asked for, and the one after the last."""
    asked = request.headers.get("range")
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or match.group(0) == "bytes=-":
        return 0, size
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= stop:
        raise Refusal(416, f"The file has {size} bytes; that range is not in it.")
    return start, stop


def _served_as(path: str) -> str:
    kind = media_type(path) or "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/json", "application/yaml"):
        return "text/plain; charset=utf-8"
    return kind if kind in ("image/png", "image/jpeg", "image/gif") else "application/octet-stream"


def _entries(found: Located, commit: Commit) -> dict[str, dict[str, Any]]:
    files = found.store.commits.snapshot(commit.tree)
    entries: dict[str, dict[str, Any]] = {
        path: {"type": "directory", "oid": oid, "size": 0, "path": path}
        for path, oid in tree_ids(files).items()
        if path
    }
    for path, (oid, size) in files.items():
        entries[path] = {"type": "file", "oid": oid, "size": size, "path": path}
    return entries


def _is_in(path: str, folder: str, recursive: bool) -> bool:
    if folder and not path.startswith(folder + "/"):
        return False
    return recursive or path.rpartition("/")[0] == folder


def _described(
    found: Located,
    commit: Commit,
    entries: dict[str, dict[str, Any]],
    listed: list[str],
    expand: bool,
) -> list[dict[str, Any]]:
    described = [entries[path] for path in listed]
    if expand:
        changed = found.store.commits.last_changes(found.uid, commit.oid, set(listed))
        for entry in described:
            last = changed.get(entry["path"])
            if last is not None:
                entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.created}
    return described


def _no_entry(path: str, commit: Commit | None) -> Refusal:
    where = f" in revision {commit.oid[:7]}" if commit else ": it has no commit yet"
    return Refusal(404, f"There is no {path[:200]!r} in this repository{where}.", "EntryNotFound")
