"""The repository, revision and path that a request's URL names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import unquote

from fastapi import Depends, Request

from ..records import Person, Repo
from ..records.errors import InvalidRepo, RepoNotEligible, RepoNotFound, WriteAccessRequired
from .access import person_of, require_person, world_of
from .commits import Commit
from .refusal import Moved, Refusal
from .repositories import Repository
from .store import Store

_KINDS = {"models": "model", "datasets": "dataset"}


@dataclass(frozen=True, slots=True)
class Located:
    """A repository that `person` may see."""

    store: Store
    repository: Repository
    person: Person | None

    @property
    def uid(self) -> str:
        return self.repository.uid

    @property
    def repo(self) -> Repo:
        return self.repository.repo

    def commit(self, revision: str | None) -> Commit:
        """The commit that `revision` names; None is the head.

        Raises:
            RevisionNotFound: there is none.
            Refusal: there is no commit at all.
        """
        commit = self.store.commits.resolve(self.uid, revision)
        if commit is None:
            raise Refusal(
                404, f"{self.repo} has no commit yet; push one first.", "RevisionNotFound"
            )
        return commit

    def refuse_without_access(self) -> None:
        """Let only those read the files who may.

        Raises:
            Refusal: the repository is gated, and `person` was not let in.
        """
        self.store.gates.refuse_without_access(self.repository, self.person, self.store.endpoint)


def locate(request: Request, kind: str, namespace: str, name: str) -> Located:
    """The repository, as who asks may see it.

    Raises:
        Moved: it has another name now.
        Refusal: nobody is signed in and there is none that everybody can see (401).
        RepoNotFound: there is none that they can see.
    """
    person = person_of(request)
    store = world_of(request).store
    asked = f"{namespace}/{name}"
    try:
        if kind not in _KINDS:
            raise RepoNotFound("The sandbox keeps models and datasets, nothing else.")
        repository = store.repositories.find(Repo(cast(Any, _KINDS[kind]), asked), person)
    except (RepoNotFound, InvalidRepo):
        follow_alias(request)
        # As huggingface.co does: who is not signed in does not learn whether it is private.
        raise no_such_repository(person) from None
    if repository.repo.id != asked:
        raise Moved(asked, repository.repo.id)
    return Located(store, repository, person)


def follow_alias(request: Request) -> None:
    """Send on who asks for one of the oldest ids, which have no namespace.

    Raises:
        Moved: the URL begins with such an id.
    """
    parts = request.url.path.strip("/").split("/")
    if parts[0] == "api":
        parts = parts[1:] or [""]
    repo_type = _KINDS.get(parts[0], "model")
    if parts[0] in _KINDS:
        parts = parts[1:]
    try:
        old = Repo(cast(Any, repo_type), parts[0] if parts else "")
        found = world_of(request).store.repositories.find(old, person_of(request))
    except (RepoNotFound, InvalidRepo):
        return
    raise Moved(old.id, found.repo.id)


_RESOURCES = frozenset(
    "branch commit commits compare croissant discussions like likers parquet paths-info preupload "
    "refs resolve revision settings super-squash tag tree treesize".split()
)


def one_part_id(request: Request) -> str | None:
    """The id without a namespace that a URL of the API or of a download names."""
    parts = request.url.path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2 and parts[1] in _KINDS:
        # "ada/tiny-bert/doi" has a namespace: only the name of a resource can follow an id without one.
        return parts[2] if len(parts) == 3 or parts[3] in _RESOURCES else None
    if parts[0] in _KINDS:
        parts = parts[1:]
    return parts[0] if len(parts) > 2 and parts[1] in ("resolve", "raw") else None


def no_such_repository(person: Person | None) -> Refusal:
    """There is none of that id, or `person` cannot see it.

    huggingface_hub says more itself, and would repeat every other wording.
    """
    return Refusal(401 if person is None else 404, "Repository not found", "RepoNotFound")


def repo_from(kind: object, repo_id: str) -> Repo:
    """The repository that a body speaks of.

    Raises:
        Refusal: it is no model and no dataset, or its id cannot be one.
    """
    if kind in ("space", "kernel", "bucket"):
        raise Refusal(501, f"The sandbox keeps models and datasets; a {kind} is neither.")
    if kind not in ("model", "dataset"):
        raise Refusal(400, "The type of a repository is model or dataset.")
    try:
        return Repo(cast(Any, kind), repo_id)
    except (InvalidRepo, RepoNotEligible) as error:
        raise Refusal(400, error.message, "InvalidRepo") from None


def _reading(request: Request, kind: str, namespace: str, name: str) -> Located:
    return locate(request, kind, namespace, name)


def _writing(request: Request, kind: str, namespace: str, name: str) -> Located:
    located = locate(request, kind, namespace, name)
    person = require_person(request)
    if not located.repository.is_writable_by(person):
        raise WriteAccessRequired(
            f"{person.username} cannot write to {located.repo}; ask its owner to do it."
        )
    return located


Reading = Annotated[Located, Depends(_reading)]
"""The repository of a URL ``/{kind}/{namespace}/{name}/…``."""

Writing = Annotated[Located, Depends(_writing)]
"""The same, for a person who may write to it."""


def tail_of(request: Request, action: str) -> list[str]:
    """The parts of the URL after `action`, in which a part may hold a slash (``%2F``)."""
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace")
    parts = [unquote(part) for part in raw.split("/")]
    # Namespace and name come first: /api/models/{namespace}/{name}/{action}/…
    start = {"api": 5, "datasets": 4}.get(parts[1], 3)
    if len(parts) <= start or parts[start] != action:
        raise Refusal(404, "There is nothing at this URL.")
    return [part for part in parts[start + 1 :] if part]


def split_revision(parts: list[str]) -> tuple[str | None, str]:
    """A revision, and the path behind it; ``refs/pr/1`` may come in three parts."""
    if len(parts) >= 3 and parts[0] == "refs":
        return "/".join(parts[:3]), "/".join(parts[3:])
    return (parts[0] if parts else None), "/".join(parts[1:])
