"""Discussions and pull requests over HTTP."""

from __future__ import annotations

import difflib
import html
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from ..records import Person
from ..records.errors import WriteAccessRequired
from .access import require_person
from .bodies import JsonBody, text_of
from .discussions import Discussion, Event
from .located import Located, Reading
from .refusal import Refusal

router = APIRouter()

_ALL = "/api/{kind}/{namespace}/{name}/discussions"
_ONE = _ALL + "/{num}"
_PAGE = 50
_MAX_TITLE = 200
_MAX_TEXT = 65_536
_MAX_DIFF = 200_000


@router.get(_ALL)
def discussions(
    found: Reading,
    p: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    type: str | None = None,
    status: str | None = None,
    author: str | None = None,
) -> dict[str, Any]:
    kinds = {"pull_request": True, "discussion": False}
    listed, count = found.store.discussions.all(
        found.uid,
        status=status,
        author=author,
        pull_requests=kinds.get(type or ""),
        offset=p * _PAGE,
        limit=_PAGE,
    )
    return {
        "count": count,
        "start": p * _PAGE,
        "discussions": [_described(found, discussion) for discussion in listed],
    }


@router.post(_ALL)
def create(request: Request, found: Reading, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    title = text_of(body, "title", at_most=_MAX_TITLE).strip()
    if len(title) < 3:
        raise Refusal(400, "A title has at least three characters.")
    description = text_of(body, "description", at_most=_MAX_TEXT, default="")
    base = found.commit(None).oid if body.get("pullRequest") is True else None
    made = found.store.discussions.open(found.uid, person, title, description, base=base)
    return {**_described(found, made), "url": f"{_page(found)}/discussions/{made.num}"}


@router.get(_ONE)
def details(found: Reading, num: int, diff: bool = False) -> dict[str, Any]:
    with found.store.database.reading():
        discussion = found.store.discussions.get(found.uid, num)
        events = found.store.discussions.events(found.uid, num)
        body = _described(found, discussion) | {"events": [_event(event) for event in events]}
        if discussion.is_pull_request and discussion.base is not None:
            conflicts = []
            if discussion.status in ("open", "draft"):
                conflicts = found.store.commits.conflicts(
                    found.uid, discussion.ref, base=discussion.base
                )
            body["filesWithConflicts"] = conflicts
            body["changes"] = {"base": "refs/heads/main"}
            if discussion.merge_commit:
                body["changes"]["mergeCommitId"] = discussion.merge_commit
            if diff and found.store.gates.lets_in(found.repository, found.person):
                body["diff"] = _diff(found, discussion)
    return body


@router.post(_ONE + "/comment")
def comment(request: Request, found: Reading, num: int, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    text = text_of(body, "comment", at_most=_MAX_TEXT)
    with found.store.database.transaction():
        found.store.discussions.get(found.uid, num)
        made = found.store.discussions.comment(found.uid, num, person, text)
    return {"newMessage": _event(made)}


@router.post(_ONE + "/comment/{event_id}/edit")
def edit(
    request: Request, found: Reading, num: int, event_id: str, body: JsonBody
) -> dict[str, Any]:
    text = text_of(body, "content", at_most=_MAX_TEXT)
    made = found.store.discussions.edit(found.uid, num, event_id, require_person(request), text)
    return {"updatedComment": _event(made)}


@router.post(_ONE + "/comment/{event_id}/hide")
def hide(request: Request, found: Reading, num: int, event_id: str) -> dict[str, Any]:
    person = require_person(request)
    made = found.store.discussions.hide(
        found.uid, num, event_id, person, moderates=found.repository.is_writable_by(person)
    )
    return {"updatedComment": _event(made)}


@router.post(_ONE + "/title")
def rename(request: Request, found: Reading, num: int, body: JsonBody) -> dict[str, Any]:
    person = _in_charge(request, found, num)
    title = text_of(body, "title", at_most=_MAX_TITLE).strip()
    if len(title) < 3:
        raise Refusal(400, "A title has at least three characters.")
    return {"newTitle": _event(found.store.discussions.rename(found.uid, num, person, title))}


@router.post(_ONE + "/status")
def set_status(request: Request, found: Reading, num: int, body: JsonBody) -> dict[str, Any]:
    person = _in_charge(request, found, num)
    status = body.get("status")
    if status != "open" and status != "closed":
        raise Refusal(400, "A discussion can be set to 'open' or 'closed'.")
    text = text_of(body, "comment", at_most=_MAX_TEXT, default="")
    with found.store.database.transaction():
        if text:
            found.store.discussions.comment(found.uid, num, person, text)
        made = found.store.discussions.set_status(found.uid, num, person, status)
    return {"newStatus": _event(made)}


@router.post(_ONE + "/merge")
def merge(request: Request, found: Reading, num: int, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    if not found.repository.is_writable_by(person):
        raise WriteAccessRequired(f"{person.username} cannot merge into {found.repo}.")
    text = text_of(body, "comment", at_most=_MAX_TEXT, default="")
    with found.store.database.transaction():
        if text:
            found.store.discussions.comment(found.uid, num, person, text)
        oid = found.store.discussions.merge(found.uid, num, person)
    return {"mergeCommitId": oid}


def _in_charge(request: Request, found: Located, num: int) -> Person:
    person = require_person(request)
    discussion = found.store.discussions.get(found.uid, num)
    if discussion.author != person.username and not found.repository.is_writable_by(person):
        raise WriteAccessRequired(
            "Only the author of a discussion, or somebody with write access to the repository, can change it."
        )
    return person


def _page(found: Located) -> str:
    return f"{found.store.endpoint}/{found.repo.path}"


def _described(found: Located, discussion: Discussion) -> dict[str, Any]:
    return {
        "num": discussion.num,
        "title": discussion.title,
        "author": {"name": discussion.author, "type": "user"},
        "createdAt": discussion.created,
        "status": discussion.status,
        "repo": {"name": found.repo.id, "type": found.repo.type},
        "isPullRequest": discussion.is_pull_request,
    }


def _event(event: Event) -> dict[str, Any]:
    author = {"name": event.author, "type": "user"}
    data = event.data
    if event.type == "comment":
        updated = data.get("updated", event.created)
        data = {
            "edited": data["edited"],
            "hidden": data["hidden"],
            "latest": {
                "raw": data["raw"],
                "html": f"<p>{html.escape(data['raw'])}</p>",
                "updatedAt": updated,
                "author": author,
            },
            "history": [],
            "numEdits": int(data["edited"]),
        }
    return {
        "id": event.id,
        "type": event.type,
        "createdAt": event.created,
        "author": author,
        "data": data,
    }


def _diff(found: Located, pull: Discussion) -> str:
    commits = found.store.commits
    head = commits.resolve(found.uid, pull.ref)
    if head is None or pull.base is None:
        return ""
    base = commits.resolve(found.uid, pull.base)
    written: list[str] = []
    for path, (before, after) in sorted(commits.differences(base, head).items()):
        written.append(f"diff --git a/{path} b/{path}")
        if max(size for _, size in (before or ("", 0), after or ("", 0))) > _MAX_DIFF:
            written.append(f"Binary files a/{path} and b/{path} differ")
            continue
        try:
            texts = [commits.content(blob[0]).decode() if blob else "" for blob in (before, after)]
        except UnicodeDecodeError:
            written.append(f"Binary files a/{path} and b/{path} differ")
            continue
        written += difflib.unified_diff(
            texts[0].splitlines(),
            texts[1].splitlines(),
            f"a/{path}" if before else "/dev/null",
            f"b/{path}" if after else "/dev/null",
            lineterm="",
        )
    return "\n".join([*written, ""])
