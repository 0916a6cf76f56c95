"""Branches and tags."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from .bodies import JsonBody, text_of
from .located import Reading, Writing, split_revision, tail_of

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_KINDS = (("branches", "refs/heads/"), ("tags", "refs/tags/"), ("pullRequests", "refs/pr/"))


@router.get(_REPO + "/refs")
def refs(found: Reading, include_prs: bool = False) -> dict[str, Any]:
    known = found.store.commits.refs(found.uid)
    answer: dict[str, Any] = {"branches": [], "converts": [], "tags": []}
    for kind, prefix in _KINDS if include_prs else _KINDS[:2]:
        answer[kind] = [
            {"name": name.removeprefix(prefix), "ref": name, "targetCommit": target}
            for name, target in known.items()
            if name.startswith(prefix)
        ]
    for pull in answer.get("pullRequests", ()):
        pull["name"] = pull["ref"]
    return answer


@router.post(_REPO + "/branch/{tail:path}")
def create_branch(request: Request, found: Writing, body: JsonBody) -> dict[str, Any]:
    start = text_of(body, "startingPoint", at_most=200, default="main")
    name = "refs/heads/" + "/".join(tail_of(request, "branch"))
    with found.store.database.transaction():
        found.store.commits.create_ref(found.uid, name, found.commit(start).oid)
    return {}


@router.delete(_REPO + "/branch/{tail:path}")
def delete_branch(request: Request, found: Writing) -> dict[str, Any]:
    name = "refs/heads/" + "/".join(tail_of(request, "branch"))
    found.store.commits.delete_ref(found.uid, name)
    return {}


@router.post(_REPO + "/tag/{tail:path}")
def create_tag(request: Request, found: Writing, body: JsonBody) -> dict[str, Any]:
    revision, _ = split_revision(tail_of(request, "tag"))
    name = "refs/tags/" + text_of(body, "tag", at_most=200)
    with found.store.database.transaction():
        found.store.commits.create_ref(found.uid, name, found.commit(revision).oid)
    return {}


@router.delete(_REPO + "/tag/{tail:path}")
def delete_tag(request: Request, found: Writing) -> dict[str, Any]:
    name = "refs/tags/" + "/".join(tail_of(request, "tag"))
    found.store.commits.delete_ref(found.uid, name)
    return {}
