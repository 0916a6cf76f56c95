"""Files and folders: listed, described, downloaded."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from ..records.formats import media_type
from .access import world_of
from .bodies import FormOrJson
from .commits import Commit
from .described import described_large
from .git import tree_ids
from .located import Located, Reading, locate, split_revision, tail_of
from .refusal import Refusal
from .served import asked_range, in_memory, on_disk

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
    found.refuse_without_access()
    revision, path = split_revision(tail_of(request, action))
    with world_of(request).reading():
        commit = found.store.commits.resolve(found.uid, revision)
        file = None if commit is None else found.store.commits.snapshot(commit.tree).get(path)
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


def _entries(found: Located, commit: Commit) -> dict[str, dict[str, Any]]:
    files = found.store.commits.snapshot(commit.tree)
    entries: dict[str, dict[str, Any]] = {
        path: {"type": "directory", "oid": oid, "size": 0, "path": path}
        for path, oid in tree_ids(files).items()
        if path
    }
    for path, (oid, size) in files.items():
        entries[path] = {"type": "file", "oid": oid, "size": size, "path": path}
        if (large := found.store.large.of(oid)) is not None:
            entries[path]["lfs"] = described_large(large)
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
