"""The pages of repositories, and the door: the front page, signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files as resources
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from ..citation import cite
from ..records import Person, Repo, RepoInfo, RepoType, Status, Version
from ..records.errors import InvalidRepo, RevisionNotFound
from .access import begin_session, check_csrf, end_session, person_of, world_of
from .commits import CARD, Commit
from .forms import Form, read_form
from .listing import Listing
from .page import HEADERS, Page, moved_address, render, see_other
from .people_pages import listed
from .refusal import Moved, Refusal
from .repositories import Repository, from_row, visible_to
from .tables import REPOSITORIES
from .world import World

router = APIRouter(include_in_schema=False, route_class=Page)

_LISTED = 100
_COMMITS = 50
_ENTRIES = 1000
# For so many the last commit is looked for.
_DATED = 200
_SHOWN_BYTES = 200_000
# The first parts of our own URLs: what is not found there is no page.
_OURS = frozenset({"api", "datacite", "doi", "lfs", "static", "xet"})
_STATIC = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True)
class RepoView:
    """A repository at one revision, with everything that its pages say of it.

    `version` is the one of this revision, `newest` the newest one of the repository.
    """

    info: RepoInfo
    status: Status
    commit: Commit | None
    files: Listing
    revision: str | None
    person: Person | None
    likes: int

    @property
    def repo(self) -> Repo:
        return self.info.repo

    @property
    def version(self) -> Version | None:
        return self.status.version_of(self.info.revision) if self.info.revision else None

    @property
    def newest(self) -> Version | None:
        return self.status.version

    @property
    def at(self) -> str:
        """What the page's links name: the revision that was asked for, or the default branch."""
        return self.revision or "main"

    @cached_property
    def cited(self) -> Version:
        """What "Cite this model" cites: the version of this revision, else the newest, else none."""
        if found := self.version or self.newest:
            return found
        info = self.info
        return Version.from_parts(
            repo=info.repo,
            authors=[info.owner],
            created=self.commit.created if self.commit else None,
            endpoint=self.status.endpoint,
        )


def view_of(request: Request, repo: Repo, revision: str | None = None) -> RepoView:
    """The repository as who asks sees it.

    Raises:
        RepoNotFound: there is none, or they cannot see it.
        RevisionNotFound: it has no such revision.
    """
    world, person = world_of(request), person_of(request)
    with world.reading():
        info = world.store.info(repo, person, revision)
        head = info if revision is None else world.store.info(info.repo, person)
        status = world.service.status_from(head, person)
        commit = world.store.commits.resolve(info.uid, info.revision)
        files = world.store.commits.listing(commit)
        likes = world.store.likes.count(info.uid)
    return RepoView(info, status, commit, files, revision, person, likes)


@router.get("/")
def front(request: Request) -> Response:
    world, person = world_of(request), person_of(request)
    found = _listed(world, person)
    rows = listed(world.store, found)
    return render(request, "front.html", person=person, repositories=rows, limit=_LISTED)


@router.get("/static/{name}")
def static(name: str) -> Response:
    if name not in _STATIC:
        raise Refusal(404, "There is no such file.")
    content = (resources("hubdoi.sandbox") / "static" / name).read_bytes()
    headers = HEADERS | {"Cache-Control": "no-cache"}
    return Response(content, media_type=_STATIC[name], headers=headers)


@router.get("/login")
def login(request: Request, next: str = "/") -> Response:
    return render(request, "login.html", person=person_of(request), next=_local(next), wrong=False)


@router.post("/login")
def sign_in(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    world = world_of(request)
    after = _local(form.get("next"))
    username = world.credentials.username_of(form.get("token").strip())
    if username is None or world.store.people.person(username) is None:
        return render(request, "login.html", status=401, next=after, wrong=True)
    answer = see_other(after)
    begin_session(request, answer, username)
    return answer


@router.post("/logout")
def sign_out(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    check_csrf(request, form.get("csrf"))
    answer = see_other("/")
    end_session(request, answer)
    return answer


def _page(request: Request, repo: Repo) -> Response:
    view = view_of(request, repo)
    return moved(request, repo, view) or _card_page(request, view, landing=False)


def _tree(request: Request, repo: Repo, rest: str) -> Response:
    view, folder = _at(request, repo, rest)
    if answer := moved(request, repo, view):
        return answer
    if not folder and view.info.revision == view.at:
        return _card_page(request, view, landing=True)
    entries, more = _entries(view.files, folder)
    if folder and not entries:
        raise Refusal(404, f"There is no folder {folder[:200]!r} at this revision.")
    paths = {f"{folder}/{name}" if folder else name for name, _ in entries[:_DATED]}
    commits = world_of(request).store.commits
    return render(
        request,
        "files.html",
        person=view.person,
        view=view,
        folder=folder,
        entries=entries,
        more=more,
        changed=commits.last_changes(view.info.uid, view.info.revision or "", paths),
    )


def _blob(request: Request, repo: Repo, rest: str) -> Response:
    view, path = _at(request, repo, rest)
    if answer := moved(request, repo, view):
        return answer
    world = world_of(request)
    found = world.store.repositories.by_uid(view.info.uid)
    world.store.gates.refuse_without_access(found, view.person, world.endpoint)
    blob = view.files.get(path)
    if blob is None:
        raise Refusal(404, f"There is no file {path[:200]!r} at this revision.")
    oid, size = blob
    text: str | None = None
    store = world.store
    if size <= _SHOWN_BYTES and store.large.of(oid) is None:
        try:
            text = store.commits.content(oid).decode()
        except UnicodeDecodeError:
            text = None
    if text is not None and "\0" in text:
        text = None
    return render(
        request, "file.html", person=view.person, view=view, path=path, size=size, text=text
    )


def _commits(request: Request, repo: Repo, rest: str) -> Response:
    view, extra = _at(request, repo, rest)
    if answer := moved(request, repo, view):
        return answer
    if extra:
        raise Refusal(404, "The history of a single file has no page here.")
    text = request.query_params.get("p", "0")
    page = int(text) if text.isdecimal() and len(text) < 7 else 0
    history = world_of(request).store.commits.history(
        view.info.uid, view.info.revision or "", offset=page * _COMMITS, limit=_COMMITS + 1
    )
    return render(
        request,
        "commits.html",
        person=view.person,
        view=view,
        commits=history[:_COMMITS],
        more=len(history) > _COMMITS,
        page=page,
    )


def _card_page(request: Request, view: RepoView, *, landing: bool) -> Response:
    found = view.files.get(CARD)
    content = world_of(request).store.commits.content(found[0]) if found else b""
    entries, more = _entries(view.files, "")
    return render(
        request,
        "repo.html",
        person=view.person,
        view=view,
        landing=landing,
        gate=_gate(request, view),
        card=content.decode("utf-8", "replace"),
        hub=str(cite(view.cited, "hub")),
        bibtex=str(cite(view.cited, "bibtex")),
        entries=entries,
        more=more,
    )


def _gate(request: Request, view: RepoView) -> str | None:
    """What a reader has to know of access: ``"ask"``, a status, or nothing without a gate."""
    gates = world_of(request).store.gates
    if not gates.mode(view.info.uid) or view.info.can_write:
        return None
    if view.person is None:
        return "sign in"
    return gates.status(view.info.uid, view.person.username) or "ask"


def _entries(files: Listing, folder: str) -> tuple[list[tuple[str, int | None]], bool]:
    """What a folder holds, and whether there is more of it than a page shows.

    Folders first, each (name, None); then files, each (name, bytes).
    """
    listed = list(islice(files.under(folder, recursive=False), _ENTRIES + 1))
    names = [
        (path.rstrip("/").rpartition("/")[2], path, entry) for path, entry in listed[:_ENTRIES]
    ]
    folders = [(name, None) for name, path, _ in names if path.endswith("/")]
    plain = [(name, entry.size) for name, path, entry in names if not path.endswith("/")]
    return [*sorted(folders), *sorted(plain)], len(listed) > _ENTRIES


def _at(request: Request, repo: Repo, rest: str) -> tuple[RepoView, str]:
    """`rest` is a revision and a path in it; a branch's name may hold slashes."""
    parts = rest.strip("/").split("/")
    refused: RevisionNotFound | None = None
    for count in range(1, min(len(parts), 6) + 1):
        try:
            revision = "/".join(parts[:count])
            return view_of(request, repo, revision), "/".join(parts[count:])
        except RevisionNotFound as error:
            refused = refused or error
    raise refused or RevisionNotFound("The URL contains no revision.")


def moved(request: Request, asked: Repo, view: RepoView) -> Response | None:
    """A redirect to the present name, when an old one, or other capitals, were asked for."""
    if asked == view.repo:
        return None
    return see_other(moved_address(request, Moved(asked.id, view.repo.id)), 307)


def _listed(world: World, person: Person | None) -> list[Repository]:
    with world.reading() as db:
        rows = db.execute(
            select(REPOSITORIES)
            .where(REPOSITORIES.c.deleted.is_(None), visible_to(person))
            .order_by(REPOSITORIES.c.updated.desc())
            .limit(_LISTED)
        ).all()
    return [from_row(row) for row in rows]


def _local(address: str) -> str:
    """`address`, if it is one of this server; a link from elsewhere must not lead away."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() and "\\" not in address else "/"


def repo_of(kind: RepoType, namespace: str, name: str) -> Repo:
    """The repository of a URL.

    Raises:
        HTTPException: it cannot be the URL of one (404).
    """
    if namespace in _OURS:
        raise HTTPException(404)
    try:
        return Repo(kind, f"{namespace}/{name}")
    except InvalidRepo:
        raise HTTPException(404) from None


def _add_routes(kind: RepoType, prefix: str) -> None:
    base = prefix + "/{namespace}/{name}"

    @router.get(base)
    def page(request: Request, namespace: str, name: str) -> Response:
        with world_of(request).reading():
            return _page(request, repo_of(kind, namespace, name))

    for path, answer in (("tree", _tree), ("blob", _blob), ("commits", _commits)):
        router.add_api_route(f"{base}/{path}/{{rest:path}}", _reader(kind, answer), methods=["GET"])


def _reader(kind: RepoType, answer: Any) -> Any:
    def read(request: Request, namespace: str, name: str, rest: str) -> Response:
        with world_of(request).reading():
            found: Response = answer(request, repo_of(kind, namespace, name), rest)
        return found

    return read


# The longer URLs first: a model could not be told from what follows a dataset's.
_add_routes("dataset", "/datasets")
_add_routes("model", "")
