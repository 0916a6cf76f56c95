"""Repositories: made, described, set, moved, deleted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from ..records import Person, Repo
from ..records.errors import RepoNotFound, WriteAccessRequired
from .access import require_person, world_of
from .bodies import JsonBody, text_of
from .card_rules import LICENSES, checked
from .commit_body import read_files
from .described import describe, wanted_of
from .located import Located, Reading, Writing, locate, repo_from, split_revision, tail_of
from .refusal import Refusal
from .repositories import Repository

router = APIRouter()

_MAX_ID = 200
_REPO = "/api/{kind}/{namespace}/{name}"


@router.post("/api/repos/create")
def create(request: Request, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    world = world_of(request)
    repo = _repo_of(body, person)
    namespace = repo.namespace or person.username
    if namespace not in (person.username, *person.organizations):
        raise WriteAccessRequired(
            f"{person.username} cannot create a repository under {namespace!r}; "
            "use your own name or that of an organisation of yours."
        )
    files = read_files(body.get("files") or [])
    try:
        made = world.store.create(
            repo,
            person,
            private=_is_private(body, world.store.people.makes_private(namespace)),
            license=_license(body),
            files=files,
        )
    except Refusal as error:
        # huggingface_hub reads `url` from a 409 too, when the repository may exist already.
        path = error.more.pop("url_path", repo.path)
        raise Refusal(error.status, error.message, url=f"{world.endpoint}/{path}") from None
    return {"url": f"{world.endpoint}/{repo.path}", "name": repo.id, "id": made.uid}


@router.delete("/api/repos/delete")
def delete(request: Request, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    store = world_of(request).store
    with store.database.transaction():
        found = _own(request, _repo_of(body, person), person)
        store.repositories.refuse_if_locked(found, "deleted")
        store.delete(found.uid)
    return {}


@router.post("/api/repos/move")
def move(request: Request, body: JsonBody) -> dict[str, Any]:
    person = require_person(request)
    world = world_of(request)
    kind = body.get("type", "model")
    source = repo_from(kind, text_of(body, "fromRepo", at_most=_MAX_ID))
    target = repo_from(kind, text_of(body, "toRepo", at_most=_MAX_ID))
    with world.transaction():
        found = _own(request, source, person)
        if target.namespace not in (person.username, *person.organizations):
            raise WriteAccessRequired(
                f"{person.username} cannot move a repository to {target.namespace!r}; "
                "use your own name or that of an organisation of yours."
            )
        world.store.repositories.refuse_if_locked(
            found, "renamed" if target.namespace == found.namespace else "transferred"
        )
        world.store.move(found.uid, target.id)
    return {"url": f"{world.endpoint}/{target.path}"}


@router.put(_REPO + "/settings")
def settings(found: Writing, body: JsonBody) -> dict[str, Any]:
    gated = body.get("gated", found.store.gates.mode(found.uid))
    if gated not in ("auto", "manual", False):
        raise Refusal(400, "'gated' is auto, manual or false.")
    private = _is_private(body, found.repository.private)
    with found.store.database.transaction():
        present = found.store.repositories.by_uid(found.uid)
        if private and not present.private:
            found.store.repositories.refuse_if_locked(present, "made private")
        found.store.set_private(found.uid, private)
        if private == present.private and gated != found.store.gates.mode(found.uid):
            # Of the settings, the Hub's webhooks tell only whether it is private.
            config = {"private": private}
            found.store.events.emit(found.uid, "repo.config", "update", updatedConfig=config)
        found.store.gates.set_mode(found.uid, gated)
    return {"private": private, "gated": gated}


@router.get(_REPO + "/auth-check")
def may_read(found: Reading) -> dict[str, Any]:
    found.refuse_without_access()
    return {}


@router.get(_REPO + "/auth-check/write")
def may_write(found: Writing) -> dict[str, Any]:
    return {}


# The one that is asked for most: a dependency would need a thread of its own before it has one.
@router.get(_REPO)
def info(
    request: Request,
    kind: str,
    namespace: str,
    name: str,
    blobs: bool = False,
    expand: Annotated[list[str] | None, Query()] = None,
) -> JSONResponse:
    found = locate(request, kind, namespace, name)
    return JSONResponse(_info(found, None, blobs, expand))


@router.get(_REPO + "/revision/{tail:path}")
def info_at(
    request: Request,
    found: Reading,
    blobs: bool = False,
    expand: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    revision, _ = split_revision(tail_of(request, "revision"))
    return _info(found, revision, blobs, expand)


@router.post("/api/validate-yaml", response_model=None)
def validate_card(request: Request, body: JsonBody) -> dict[str, Any] | Response:
    content = text_of(body, "content", at_most=2_000_000)
    errors, warnings = checked(content, body.get("repoType", "model"))
    # RepoCard.validate asks for text, and shows it as it is.
    if errors and request.headers.get("accept") == "text/plain":
        return PlainTextResponse("".join(f"- Error: {error}\n" for error in errors), 400)
    if errors:
        said = [{"message": error} for error in errors]
        raise Refusal(400, "The metadata of the card is not valid.", errors=said, warnings=[])
    return {"errors": [], "warnings": [{"message": warning} for warning in warnings]}


def _info(
    found: Located, revision: str | None, blobs: bool, expand: list[str] | None
) -> dict[str, Any]:
    with found.store.database.reading():
        if revision is None:
            commit = found.store.commits.resolve(found.uid, None)
        else:
            commit = found.commit(revision)
        return describe(
            found.store,
            found.repository,
            commit,
            found.store.dois_of([found.uid]).get(found.uid, []),
            found.store.likes.count(found.uid),
            wanted=wanted_of(expand or ()),
            blobs=blobs,
        )


def _repo_of(body: dict[str, Any], person: Person) -> Repo:
    name = text_of(body, "name", at_most=_MAX_ID)
    organization = body.get("organization")
    repo_id = name if "/" in name else f"{organization or person.username}/{name}"
    return repo_from(body.get("type", "model"), repo_id)


def _own(request: Request, repo: Repo, person: Person) -> Repository:
    try:
        found = world_of(request).store.repositories.find(repo, person)
    except RepoNotFound as error:
        raise Refusal(404, error.message, "RepoNotFound") from None
    if not found.is_writable_by(person):
        raise WriteAccessRequired(
            f"{person.username} cannot change {found.repo}; ask its owner to do it."
        )
    return found


def _license(body: dict[str, Any]) -> str | None:
    if body.get("license") is None:
        return None
    found = text_of(body, "license", at_most=60)
    if found not in LICENSES:
        raise Refusal(400, f"{found!r} is not the identifier of a licence, such as apache-2.0.")
    return found


def _is_private(body: dict[str, Any], otherwise: bool) -> bool:
    visibility = body.get("visibility")
    if visibility is not None:
        if visibility not in ("public", "private"):
            raise Refusal(400, "A repository of the sandbox is public or private.")
        return bool(visibility == "private")
    private = body.get("private", otherwise)
    if private is None:
        return otherwise
    if not isinstance(private, bool):
        raise Refusal(400, "'private' must be true or false.")
    return private
