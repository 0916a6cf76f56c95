"""Commits: asked about, made, listed."""

from __future__ import annotations

import html
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ..records import Person
from ..records.errors import RevisionNotFound, WriteAccessRequired
from .access import require_person
from .bodies import JsonBody
from .commit_body import CommitBody, read_commit
from .commits import Commit
from .guard import MAX_FILE_BYTES
from .large import large_file
from .listing import Listing
from .located import Located, Reading, split_revision, tail_of
from .paths import check_path
from .patterns import ignored_by, large_by
from .refusal import Refusal

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_PAGE = 100
_ALWAYS_REGULAR = (".gitattributes", ".gitignore", "README.md")
_PULL = re.compile("refs/pr/([0-9]{1,4000})")


@router.post(_REPO + "/preupload/{tail:path}")
def preupload(
    request: Request, found: Reading, body: JsonBody, create_pr: bool = False
) -> dict[str, Any]:
    """How to send each file: in the commit, or before it as a large one; or not at all.

    As on the Hub, `.gitattributes` and the size decide what is large, `.gitignore` what is ignored:
    the one that comes with the upload, else the one of the branch.
    """
    revision, _ = split_revision(tail_of(request, "preupload"))
    may_commit(request, found, revision, create_pr)
    asked = body.get("files")
    if not isinstance(asked, list) or not all(isinstance(item, dict) for item in asked):
        raise Refusal(400, "The body must hold a list under 'files'.")
    with found.store.database.reading():
        present = _files_at(found, revision)
        is_large = large_by(_text_at(found, present, ".gitattributes"))
        rules = body.get("gitIgnore")
        if not isinstance(rules, str):
            rules = _text_at(found, present, ".gitignore")
    is_ignored = ignored_by(rules)
    answer = []
    for item in asked:
        path = check_path(item.get("path"))
        size = large_file("0" * 64, item.get("size", 0)).size
        regular = path in _ALWAYS_REGULAR or not (is_large(path) or size > MAX_FILE_BYTES)
        answer.append(
            {
                "path": path,
                "uploadMode": "regular" if regular else "lfs",
                "shouldIgnore": is_ignored(path),
                "oid": _oid_of(found, present.get(path)),
            }
        )
    return {"files": answer}


@router.post(_REPO + "/commit/{tail:path}")
def commit(
    request: Request, found: Reading, body: CommitBody, create_pr: bool = False
) -> dict[str, Any]:
    revision, _ = split_revision(tail_of(request, "commit"))
    person = may_commit(request, found, revision, create_pr)
    asked = read_commit(body)
    title, message, parent = asked.title, asked.message, asked.parent
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
            branch, num = branch_of(found, revision)
        made = store.commits.commit(
            found.uid,
            person,
            asked.change,
            title=title,
            message=message,
            branch=branch,
            parent=parent,
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
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> list[dict[str, Any]]:
    revision, _ = split_revision(tail_of(request, "commits"))
    store = found.store
    head = store.commits.resolve(found.uid, revision)
    if head is None:
        return []
    listed = store.commits.history(found.uid, head.oid, offset=p * limit, limit=limit)
    total = store.commits.count(found.uid, head.oid)
    response.headers["X-Total-Count"] = str(total)
    if total > (p + 1) * limit:
        query = request.url.include_query_params(p=p + 1).query
        path = request.scope["raw_path"].decode("ascii")
        response.headers["Link"] = f'<{store.endpoint}{path}?{query}>; rel="next"'
    formatted = "formatted" in request.query_params.getlist("expand[]")
    return [_described(item, formatted) for item in listed]


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


def may_commit(request: Request, found: Located, revision: str | None, create_pr: bool) -> Person:
    """Who can read can open a pull request, and go on with their own; else it takes more."""
    person = require_person(request)
    if create_pr or found.repository.is_writable_by(person):
        return person
    _, num = branch_of(found, revision)
    if num is None or found.store.discussions.get(found.uid, num).author != person.username:
        raise WriteAccessRequired(
            f"{person.username} cannot write to {found.repo}; open a pull request instead."
        )
    return person


def branch_of(found: Located, revision: str | None) -> tuple[str, int | None]:
    """The full ref name to commit on, and the number of the pull request that it belongs to."""
    name = revision or "main"
    if match := _PULL.fullmatch(name):
        pull = found.store.discussions.get(found.uid, int(match[1]))
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


def _files_at(found: Located, revision: str | None) -> Listing:
    return found.store.commits.listing(found.store.commits.resolve(found.uid, revision))


def _text_at(found: Located, files: Listing, path: str) -> str:
    """A small text file of a revision, or nothing."""
    present = files.get(path)
    if present is None:
        return ""
    return found.store.commits.content(present[0]).decode("utf-8", "replace")


def _oid_of(found: Located, present: tuple[str, int] | None) -> str | None:
    """What a client compares with its own file: the SHA-256 of a large one, else the blob id."""
    if present is None:
        return None
    large = found.store.large.of(present[0])
    return present[0] if large is None else large.sha256
