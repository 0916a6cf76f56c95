"""Repositories as a whole: duplicated, squashed, and the large files of their history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from ..records import Repo
from ..records.errors import WriteAccessRequired
from .access import require_person, world_of
from .bodies import JsonBody, text_of
from .hub_commits import branch_of
from .located import Reading, Writing, repo_from, tail_of
from .refusal import Refusal

router = APIRouter()

_REPO = "/api/{kind}/{namespace}/{name}"
_MAX_TITLE = 65_536
_ALL = 1_000_000


@router.post(_REPO + "/duplicate")
def duplicate(request: Request, found: Reading, body: JsonBody) -> dict[str, Any]:
    """A new repository with the files of the latest commit and a history of its own.

    It has no DOI: a DOI names one revision of one repository.
    """
    person = require_person(request)
    found.refuse_without_access()
    world = world_of(request)
    target = _target(found.repo, text_of(body, "repository", at_most=200))
    if target.namespace not in (person.username, *person.organizations):
        raise WriteAccessRequired(
            f"{person.username} cannot create a repository under {target.namespace!r}; "
            "use your own name or that of an organisation of yours."
        )
    private = body.get("visibility", "private" if found.repository.private else "public")
    if private not in ("public", "private"):
        raise Refusal(400, "A repository of the sandbox is public or private.")
    try:
        world.store.duplicate(found.uid, target, person, private=private == "private")
    except Refusal as error:
        path = error.more.pop("url_path", target.path)
        raise Refusal(error.status, error.message, url=f"{world.endpoint}/{path}") from None
    return {"url": f"{world.endpoint}/{target.path}"}


@router.post(_REPO + "/super-squash/{tail:path}")
def super_squash(request: Request, found: Writing, body: JsonBody) -> dict[str, Any]:
    """Make one commit of a branch's history, unless a DOI names a revision of it (R9, R11)."""
    branch = "/".join(tail_of(request, "super-squash"))
    message = text_of(body, "message", at_most=_MAX_TITLE, default=f"Super-squash {branch}").strip()
    person = require_person(request)
    store = found.store
    with store.database.transaction():
        named = {revision for _, revision in store.dois_by_uid([found.uid]).get(found.uid, ())}
        history = store.commits.history(found.uid, found.commit(branch).oid, limit=_ALL)
        if named.intersection(commit.oid for commit in history):
            store.repositories.refuse_if_locked(found.repository, "squashed")
        ref, _ = branch_of(found, branch)
        store.commits.squash(found.uid, person, ref, title=message or "Squash")
    return {}


@router.get(_REPO + "/lfs-files")
def large_files(found: Writing) -> list[dict[str, Any]]:
    """The large files of all branches and pull requests, each with the commit that brought it."""
    store = found.store
    listed: dict[str, dict[str, Any]] = {}
    with store.database.reading():
        for ref, target in store.commits.refs(found.uid).items():
            before = None
            for commit in reversed(store.commits.history(found.uid, target, limit=_ALL)):
                brought = store.commits.differences(before, commit)
                before = commit
                for path, (_, blob) in sorted(brought.items()):
                    file = store.large.of(blob[0]) if blob else None
                    if file is not None and file.sha256 not in listed:
                        listed[file.sha256] = {
                            "fileOid": file.sha256,
                            "filename": path,
                            "oid": file.sha256,
                            "pushedAt": commit.created,
                            "ref": ref,
                            "size": file.size,
                        }
    return list(listed.values())


def _target(source: Repo, repo_id: str) -> Repo:
    target = repo_from(source.type, repo_id)
    if target.namespace is None:
        raise Refusal(400, f"{repo_id!r} has no namespace; write it like ada/tiny-bert.")
    return target
