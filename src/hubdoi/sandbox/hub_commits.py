"""Commits: asked about, made, listed."""

from __future__ import annotations

import base64
import binascii
import html
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ..records import Person
from ..records.errors import RevisionNotFound, WriteAccessRequired
from .access import require_person
from .bodies import Body, JsonBody, text_of
from .commits import Change, Commit
from .guard import MAX_FILE_BYTES
from .located import Located, Reading, split_revision, tail_of
from .paths import check_path
from .refusal import Refusal

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_PAGE = 100
_MAX_MESSAGE = 65_536


@router.post(_REPO + "/preupload/{tail:path}")
def preupload(
    request: Request, found: Reading, body: JsonBody, create_pr: bool = False
) -> dict[str, Any]:
    """Every file of the sandbox is a regular one; what is too large is refused before it is sent."""
    revision, _ = split_revision(tail_of(request, "preupload"))
    _may_commit(request, found, revision, create_pr)
    asked = body.get("files")
    if not isinstance(asked, list) or not all(isinstance(item, dict) for item in asked):
        raise Refusal(400, "The body must hold a list under 'files'.")
    present = _files_at(found, revision)
    answer = []
    for item in asked:
        path = check_path(item.get("path"))
        size = item.get("size", 0)
        if not isinstance(size, int) or size < 0:
            raise Refusal(400, "The size of a file is a number of bytes.")
        if size > MAX_FILE_BYTES:
            raise _too_large(path, size)
        answer.append(
            {
                "path": path,
                "uploadMode": "regular",
                "shouldIgnore": False,
                "oid": present[path][0] if path in present else None,
            }
        )
    return {"files": answer}


@router.post(_REPO + "/commit/{tail:path}")
def commit(request: Request, found: Reading, body: Body, create_pr: bool = False) -> dict[str, Any]:
    revision, _ = split_revision(tail_of(request, "commit"))
    person = _may_commit(request, found, revision, create_pr)
    title, message, parent, change = _read(body)
    store = found.store
    with store.database.transaction():
        answer: dict[str, Any] = {"success": True, "hookOutput": ""}
        num: int | None
        if create_pr:
            base = found.commit(_base(found, revision))
            pull = store.discussions.open(found.uid, person, title, message, base=base.oid)
            branch, num, parent = pull.ref, pull.num, None
            answer["pullRequestUrl"] = f"{_page(found)}/discussions/{num}"
        else:
            branch, num = _branch(found, revision)
        made = store.commits.commit(
            found.uid, person, change, title=title, message=message, branch=branch, parent=parent
        )
        if num is not None:
            store.discussions.committed(found.uid, num, person, made.oid, title)
    return answer | {
        "commitOid": made.oid,
        "commitUrl": f"{_page(found)}/commit/{made.oid}",
    }


@router.get(_REPO + "/commits/{tail:path}")
def commits(
    request: Request,
    response: Response,
    found: Reading,
    p: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[dict[str, Any]]:
    revision, _ = split_revision(tail_of(request, "commits"))
    store = found.store
    head = store.commits.resolve(found.uid, revision)
    if head is None:
        return []
    listed = store.commits.history(found.uid, head.oid, offset=p * _PAGE, limit=_PAGE + 1)
    if len(listed) > _PAGE:
        query = request.url.include_query_params(p=p + 1).query
        path = request.scope["raw_path"].decode("ascii")
        response.headers["Link"] = f'<{store.endpoint}{path}?{query}>; rel="next"'
    formatted = "formatted" in request.query_params.getlist("expand[]")
    return [_described(item, formatted) for item in listed[:_PAGE]]


def _described(commit: Commit, formatted: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author, "avatar": ""}],
        "date": commit.created,
    }
    if formatted:
        body["formatted"] = {
            "title": html.escape(commit.title),
            "message": html.escape(commit.message),
        }
    return body


def _page(found: Located) -> str:
    return f"{found.store.endpoint}/{found.repo.path}"


def _may_commit(request: Request, found: Located, revision: str | None, create_pr: bool) -> Person:
    """Who can read can open a pull request, and go on with their own; else it takes more."""
    person = require_person(request)
    if create_pr or found.repository.is_writable_by(person):
        return person
    _, num = _branch(found, revision)
    if num is None or found.store.discussions.get(found.uid, num).author != person.username:
        raise WriteAccessRequired(
            f"{person.username} cannot write to {found.repo}; open a pull request instead."
        )
    return person


def _branch(found: Located, revision: str | None) -> tuple[str, int | None]:
    """The full ref name to commit on, and the number of the pull request that it belongs to."""
    name = revision or "main"
    if name.startswith("refs/pr/") and name[8:].isdecimal():
        pull = found.store.discussions.get(found.uid, int(name[8:]))
        if pull.status not in ("open", "draft"):
            raise Refusal(403, f"Pull request {pull.num} is {pull.status}; open another one.")
        return pull.ref, pull.num
    return (name if name.startswith("refs/heads/") else f"refs/heads/{name}"), None


def _base(found: Located, revision: str | None) -> str:
    """The branch that a pull request is to be merged into; a commit is none."""
    name = revision or "main"
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    if full not in found.store.commits.refs(found.uid):
        raise RevisionNotFound(f"There is no branch {name[:60]!r} to open a pull request on.")
    return full


def _files_at(found: Located, revision: str | None) -> dict[str, tuple[str, int]]:
    head = found.store.commits.resolve(found.uid, revision)
    return dict(found.store.commits.snapshot(head.tree)) if head else {}


def _read(body: bytes) -> tuple[str, str, str | None, Change]:
    """The summary, the description, the parent and the changes of a body of JSON lines."""
    header: dict[str, Any] | None = None
    add: dict[str, bytes] = {}
    delete_files: list[str] = []
    delete_folders: list[str] = []
    for line in body.splitlines():
        if not line.strip():
            continue
        key, value = _line(line)
        if key == "header":
            header = value
        elif key == "file":
            path = check_path(value.get("path"))
            add[path] = _content(path, value)
        elif key in ("deletedFile", "deletedEntry"):
            delete_files.append(check_path(value.get("path")))
        elif key == "deletedFolder":
            delete_folders.append(check_path(_text(value.get("path")).rstrip("/")))
        elif key == "lfsFile":
            raise Refusal(400, "The sandbox keeps every file as a regular one, not by LFS.")
        else:
            raise Refusal(400, f"{key[:60]!r} is no change that a commit can make.")
    if header is None:
        raise Refusal(400, "The commit has no header with a summary.")
    title = text_of(header, "summary", at_most=_MAX_MESSAGE).strip()
    message = text_of(header, "description", at_most=_MAX_MESSAGE, default="").strip()
    if not title:
        raise Refusal(400, "The commit has no summary.")
    parent = header.get("parentCommit")
    if parent is not None and not isinstance(parent, str):
        raise Refusal(400, "'parentCommit' is the id of a commit.")
    # The first line is the title, as in git.
    title, _, rest = title.partition("\n")
    message = "\n\n".join(part for part in (rest.strip(), message) if part)
    return title, message, parent, Change(add, tuple(delete_files), tuple(delete_folders))


def _line(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        item = json.loads(line)
        key, value = item["key"], item["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refusal(400, "A line of the commit is not a JSON object of key and value.") from None
    if not isinstance(key, str) or not isinstance(value, dict):
        raise Refusal(400, "A line of the commit is not a JSON object of key and value.")
    return key, value


def _content(path: str, value: dict[str, Any]) -> bytes:
    content = _text(value.get("content"))
    if value.get("encoding", "utf-8") == "base64":
        try:
            decoded = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, f"The content of {path[:200]!r} is not base64.") from None
    else:
        decoded = content.encode("utf-8", "replace")
    if len(decoded) > MAX_FILE_BYTES:
        raise _too_large(path, len(decoded))
    return decoded


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refusal(400, "A path and a content are texts.")
    return value


def _too_large(path: str, size: int) -> Refusal:
    return Refusal(
        413,
        f"{path[:200]!r} has {size} bytes; the sandbox takes files of at most 10 MiB "
        f"({MAX_FILE_BYTES} bytes).",
        "FileTooLarge",
    )
