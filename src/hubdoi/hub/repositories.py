"""A Hub's repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urljoin, urlsplit

from ..config import is_loopback
from ..records import Changes, Person, Repo, RepoInfo
from ..records.errors import (
    HubdoiError,
    RepoNotFound,
    RevisionNotFound,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from .hub_identity import identity_of
from .refusal import no_revision, refusal

if TYPE_CHECKING:
    from ..config import Config
    from ..net.http import Answer
    from ..records.repo_file import RepoFile


WHOAMI_LIFETIME = 60.0
"""Seconds for which who is signed in is not asked again: the Hub allows few such requests."""
PAGE = 1000
MOST_PAGES = 1000
LARGEST_LIST = 256 * 2**20
"""Bytes of all pages of one list."""
LONGEST_LIST = 300.0
"""Seconds for all pages of one list."""
COMMITS_BEYOND = 200
"""Commits behind the one that was asked for in which an older DOI is looked for."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
# What a list has to say of each repository; `_id` and `id` come unasked.
_LISTED = ("author", "gated", "lastModified", "private", "sha", "tags")
# What a Hub says of a public repository and hubdoi needs again without network.
_REMEMBERED = (
    "_id", "id", "author", "authorData", "cardData", "description", "doi", "gated", "lastModified", "private", "sha", "tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has a namespace: a user or an organisation, with the full name."""

    name: str
    full_name: str
    is_organization: bool


class HuggingFaceHub:
    """The repositories of the Hub at `config.endpoint`, as its API describes them.

    These are the few GETs that hubdoi needs, with its own timeouts: huggingface_hub waits without
    an end for most of them, and in silence for minutes after a 429. What a person does with a
    repository is huggingface_hub's; `Client.hf_api` gives it for the same Hub.

    A public repository that was seen before is shown again without network, unless `keeps` is False.
    """

    def __init__(self, config: Config, *, keeps: bool = True) -> None:
        from ..net.cache import AnswerCache
        from ..net.http import Http
        from ..net.questions import Questions

        self.endpoint = config.endpoint
        self._signed_in = config.is_signed_in
        self._http = Http.of(config)
        self._cache = AnswerCache(keeps=keeps)
        self._person: tuple[float, Person] | None = None
        self._forgotten = 0.0
        self._questions = Questions()
        self._owners: dict[str, Owner] = {}

    def __repr__(self) -> str:
        return f"HuggingFaceHub({self.endpoint!r})"

    @cached_property
    def identity(self) -> str:
        """The name by which this Hub is known however its URL is spelled: see `hub_identity`."""
        return identity_of(self.endpoint, self._http, self._cache)

    @property
    def kind(self) -> str:
        """The kind in the identity of a server on this machine; empty for every other Hub."""
        return self.identity.partition(":")[0] if is_loopback(self.endpoint) else ""

    def info(self, repo: Repo, person: Person | None, revision: str | None = None) -> RepoInfo:
        """The repository as `person` sees it: one request, or two when `revision` is not the head.

        The owner's full name, the description of a model, and when a revision before the head was
        committed take further requests: `described`, `dated`.

        Raises:
            RepoNotFound: there is none, or these credentials cannot see it.
            RevisionNotFound: it has no such revision.
            SignInRequired: the Hub does not know the token.
            ServiceError: the Hub cannot be used now.
        """
        head = self._description(repo.api_path, repo)
        here = self._repo(head, repo)
        sha = _text(head.get("sha"))
        if revision is None or revision == "main" or (sha and _names(sha, revision)):
            return self._info(here, head, head, person)
        found = self._info(here, head, self._at(here, revision), person)
        # With every revision the Hub gives the date of the latest commit.
        return found if found.revision == found.head else replace(found, revision_date=None)

    def seen_by(self, info: RepoInfo, person: Person | None) -> RepoInfo:
        """`info` as `person` sees it, without another request."""
        can_write = person is not None and person.can_write_to(info.repo)
        owner = self._owners.get(info.repo.namespace or "")
        if owner is None:
            return replace(info, can_write=can_write)
        return replace(
            info,
            can_write=can_write,
            owner_name=owner.full_name,
            owner_is_organization=owner.is_organization,
        )

    def described(self, info: RepoInfo) -> RepoInfo:
        """`info` with what takes more requests, for a DOI that is about to be minted.

        The owner's full name, the description from the card, the size of the files, and when the
        revision was committed. What a Hub does not tell stays as it is.
        """
        if info.revision is None:
            return info
        more: dict[str, Any] = {}
        if info.repo.namespace:
            owner = self.owner(info.repo.namespace)
            more |= {
                "owner_name": owner.full_name,
                "owner_is_organization": owner.is_organization,
            }
        files = self.files(info.repo, info.revision)
        total = sum(size for _, size in files.values())
        more["sizes"] = (f"{len(files)} files", f"{total} B") if files else ()
        if "README.md" in files:
            more["description"] = self._card_text(info.repo, info.revision) or info.description
        return self.dated(replace(info, **more))

    def dated(self, info: RepoInfo) -> RepoInfo:
        """`info` with when its revision was committed, one request where it does not say. Raises as `info`."""
        if info.revision is None or info.revision_date is not None:
            return info
        return replace(info, revision_date=self._committed(info.repo, info.revision))

    def files(self, repo: Repo, revision: str) -> dict[str, tuple[str, int]]:
        """The files of a revision: path to (content id, size in bytes).

        Raises:
            RepoNotFound, RevisionNotFound, AccessError, ServiceError: as `info`.
        """
        return {file.path: (file.oid, file.size) for file in self.tree(repo, revision)}

    def tree(self, repo: Repo, revision: str) -> Iterator[RepoFile]:
        """The files of a revision, in the Hub's order.

        Raises:
            RepoNotFound, RevisionNotFound, AccessError, ServiceError: as `info`.
        """
        from .answer import repo_file

        if _SHORT_COMMIT.fullmatch(revision):
            revision = self._full(repo, revision)
        path = f"{repo.api_path}/tree/{quote(revision, safe='')}"
        for entry in self._pages(path, {"recursive": "true"}, repo, revision):
            if file := repo_file(entry):
                yield file

    def card(self, repo: Repo, revision: str, *, first: int) -> bytes | None:
        """The first bytes of the card at the commit id `revision`; None where it has no card.

        Raises: as `info`.
        """
        answer = self._card(repo, revision, first)
        if answer.status == 404 and answer.headers.get("X-Error-Code") == "EntryNotFound":
            return None
        if answer.status >= 400:
            self._refuse(answer, repo, revision)
        return answer.content

    def changes(self, repo: Repo, base: str, head: str) -> Changes:
        """Which files differ between the revisions `base` and `head`; raises as `files`."""
        before = self.files(repo, base)
        after = before if base == head else self.files(repo, head)
        return Changes.between(repo, base, head, before, after)

    def croissant(self, repo: Repo) -> Mapping[str, Any] | None:
        """The Croissant file that the Hub makes of a dataset's latest commit; None where it has none.

        Raises:
            ServiceError: the Hub cannot be used now.
        """
        answer = self._http.get(f"{repo.api_path}/croissant")
        if answer.status >= 500 or answer.status == 429:
            self._refuse(answer, repo, None)
        return answer.json if answer.status == 200 and isinstance(answer.json, Mapping) else None

    def revisions(self, repo: Repo, upto: str | None = None) -> list[str]:
        """The commit ids of the default branch, newest first.

        With `upto`, a commit id, the list may end some commits after it: what is far older is not
        asked for.

        Raises:
            RepoNotFound, RevisionNotFound, AccessError, ServiceError: as `info`.
        """
        found: list[str] = []
        end: int | None = None
        for commit in self._commits(repo, "main"):
            found.append(_text(commit.get("id")))
            if end is None and upto and _names(found[-1], upto):
                end = len(found) + COMMITS_BEYOND
            if len(found) == end:
                break
        return found

    def commit_message(self, repo: Repo, revision: str) -> str:
        """The first line of the message of the commit `revision`; empty where it has none.

        Raises:
            RepoNotFound, RevisionNotFound, AccessError, ServiceError: as `info`.
        """
        return _text(self._commit(repo, revision).get("title")).strip()

    def repositories(self, owner: str, person: Person | None = None) -> Iterator[RepoInfo]:
        """The models and datasets of a user or organisation, from the Hub's lists.

        Raises:
            RepoNotFound: there is no such user or organisation.
            ServiceError: the Hub cannot be used now.
        """
        empty = True
        for kind in ("models", "datasets"):
            query = [
                ("author", owner),
                ("limit", str(PAGE)),
                *(("expand", name) for name in _LISTED),
            ]
            for data in self._pages(f"/api/{kind}", query, None, None):
                try:
                    repo = Repo("model" if kind == "models" else "dataset", str(data.get("id")))
                except HubdoiError:
                    continue
                if (repo.namespace or "").lower() == owner.lower():
                    empty = False
                    yield self._info(repo, data, data, person)
        if empty:
            self.owner(owner)

    def owner(self, name: str) -> Owner:
        """Who has the namespace `name`.

        Raises:
            RepoNotFound: nobody has.
            ServiceError: the Hub cannot be used now.
        """
        if name in self._owners:
            return self._owners[name]
        for kind, is_organization in (("organizations", True), ("users", False)):
            answer = self._http.get(f"/api/{kind}/{quote(name, safe='')}/overview")
            if answer.status < 300 and isinstance(answer.json, Mapping):
                full_name = _text(answer.json.get("fullname")) or name
                self._owners[name] = Owner(name, full_name, is_organization)
                return self._owners[name]
            if answer.status != 404:
                self._refuse(answer, None, None)
        raise RepoNotFound(f"There is no user or organisation {name!r} on {self.endpoint}.")

    def whoami(self) -> Person | None:
        """Who is signed in; None without a token. Asked once a minute at most.

        Raises:
            SignInRequired: the Hub does not know the token.
            ServiceError: the Hub cannot be used now.
        """
        if not self._signed_in:
            return None
        return self._known_person() or self._questions.ask("whoami", self._asked_person)

    def forget_person(self) -> None:
        """Ask the Hub again who is signed in, the next time: a token may have been revoked."""
        self._forgotten = monotonic()

    def _known_person(self) -> Person | None:
        if self._person is None:
            return None
        asked, person = self._person
        since = max(self._forgotten, monotonic() - WHOAMI_LIFETIME)
        return person if asked > since else None

    def _asked_person(self) -> Person:
        # Those who asked at the same moment have it from the first of them.
        if known := self._known_person():
            return known
        asked = monotonic()
        answer = self._http.get("/api/whoami-v2")
        if answer.status >= 400:
            self._refuse(answer, None, None)
        data = answer.json
        if not isinstance(data, Mapping) or not _text(data.get("name")):
            raise self._unexpected()
        writable = []
        orgs = data.get("orgs")
        for org in orgs if isinstance(orgs, list) else ():
            if isinstance(org, Mapping) and _text(org.get("name")):
                name = _text(org["name"])
                self._owners[name] = Owner(name, _text(org.get("fullname")) or name, True)
                # A contributor writes only to what they created themselves, which the Hub does not tell.
                if org.get("roleInOrg", "write") in ("admin", "write"):
                    writable.append(name)
        username = _text(data["name"])
        person = Person(username, _text(data.get("fullname")) or username, tuple(writable))
        self._owners[username] = Owner(username, person.full_name, False)
        self._person = (asked, person)
        return person

    # One repository

    def _info(
        self, repo: Repo, head: Mapping[str, Any], at: Mapping[str, Any], person: Person | None
    ) -> RepoInfo:
        from .answer import repo_info

        return self.seen_by(repo_info(repo, head, at), person)

    def _description(self, path: str, repo: Repo, revision: str | None = None) -> Mapping[str, Any]:
        """What the Hub says at `path`; without network, what it said the last time."""
        address = self.endpoint + path
        try:
            answer = self._http.get(path)
            data = self._json(answer, repo, revision)
        except ServiceUnreachable:
            recalled = self._cache.recall(address)
            if not isinstance(recalled, Mapping):
                raise
            return recalled
        if not isinstance(data, Mapping):
            raise self._unexpected()
        self._check_about(answer, data, repo, revision)
        if data.get("private") is False:
            self._cache.remember(address, {k: data[k] for k in _REMEMBERED if k in data})
        else:
            self._cache.forget(address)
        return data

    def _at(self, repo: Repo, revision: str) -> Mapping[str, Any]:
        path = f"{repo.api_path}/revision/"
        try:
            return self._description(path + quote(revision, safe=""), repo, revision)
        except RevisionNotFound:
            # The Hub takes whole commit ids only.
            if not _SHORT_COMMIT.fullmatch(revision):
                raise
            full = self._full(repo, revision)
            return self._description(path + full, repo, revision)

    def _full(self, repo: Repo, revision: str) -> str:
        """The commit id that begins with `revision`, among those of the default branch."""
        found = [
            commit
            for commit in (_text(c.get("id")) for c in self._commits(repo, "main"))
            if commit.startswith(revision)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise RevisionNotFound(
                f"{repo} has {len(found)} commits that begin with {revision}; give more digits."
            )
        raise no_revision(repo, revision)

    def _commits(self, repo: Repo, revision: str) -> Iterator[Mapping[str, Any]]:
        path = f"{repo.api_path}/commits/{quote(revision, safe='')}"
        return self._pages(path, {}, repo, revision)

    def _commit(self, repo: Repo, revision: str) -> Mapping[str, Any]:
        first = next(self._commits(repo, revision), {})
        if first and _COMMIT.fullmatch(revision) and first.get("id") != revision:
            raise self._crossed(repo, revision)
        return first

    def _committed(self, repo: Repo, revision: str) -> Any:
        from .answer import moment

        return moment(self._commit(repo, revision).get("date"))

    def _card_text(self, repo: Repo, revision: str) -> str | None:
        """The text of the card, or None where it cannot be read, as that of a gated repository."""
        from ..records.repo_card import MOST_READ, description_in

        answer = self._card(repo, revision, MOST_READ)
        return description_in(answer.content) if answer.status == 200 else None

    def _card(self, repo: Repo, revision: str, first: int) -> Answer:
        answer = self._http.request(
            "GET",
            f"/{repo.path}/resolve/{quote(revision, safe='')}/README.md",
            repeat=True,
            json_expected=False,
            first=first,
        )
        # Not every Hub says of which commit a file is.
        if answer.status == 200 and answer.headers.get("X-Repo-Commit", revision) != revision:
            raise self._crossed(repo, revision)
        return answer

    def _repo(self, data: Mapping[str, Any], asked: Repo) -> Repo:
        """The present name; an old one redirects."""
        try:
            return Repo(asked.type, _text(data.get("id")) or asked.id)
        except HubdoiError:
            raise self._unexpected() from None

    # Answers

    def _check_about(
        self, answer: Answer, data: Mapping[str, Any], repo: Repo, revision: str | None
    ) -> None:
        """Refuse a description of another repository, or of another commit, than was asked for."""
        named = self._repo(data, repo)
        # A Hub sends an old name on to the new one.
        asked = urlsplit(answer.url).path.removeprefix(urlsplit(self.endpoint).path)
        moved = f"{asked}/".lower().startswith(f"{named.api_path}/".lower())
        other_commit = revision and _COMMIT.fullmatch(revision) and data.get("sha") != revision
        if other_commit or not (moved or named.id.lower() == repo.id.lower()):
            raise self._crossed(repo, revision)

    def _pages(
        self, path: str, query: Any, repo: Repo | None, revision: str | None
    ) -> Iterator[Mapping[str, Any]]:
        """The entries of a list, page after page as its Link headers lead."""
        until = monotonic() + LONGEST_LIST
        size = 0
        seen: set[str] = set()
        next_path: str | None = path
        while next_path:
            seen.add(next_path)
            answer = self._http.get(next_path, query, until=until)
            data = self._json(answer, repo, revision)
            if not isinstance(data, list):
                raise self._unexpected()
            size += len(answer.content)
            yield from (entry for entry in data if isinstance(entry, Mapping))
            next_path, query = self._next(answer), None
            if next_path in seen or len(seen) >= MOST_PAGES or size > LARGEST_LIST:
                raise UnexpectedAnswer(
                    f"{self.endpoint} sent a list without an end; check the endpoint."
                )

    def _next(self, answer: Answer) -> str | None:
        link = re.search(r'<([^<>]+)>\s*;\s*rel="?next"?', answer.headers.get("Link", ""))
        if link is None:
            return None
        try:
            parts = urlsplit(urljoin(answer.url, link[1]))
        except ValueError:
            raise self._unexpected() from None
        # A Hub behind a proxy links to its own name; the token goes to `endpoint` alone.
        path = parts.path.removeprefix(urlsplit(self.endpoint).path)
        # Behind the name of a host, what has no slash would be more of that name.
        if not path.startswith("/"):
            raise self._unexpected()
        return f"{path}?{parts.query}" if parts.query else path

    def _json(self, answer: Answer, repo: Repo | None, revision: str | None) -> Any:
        if answer.status >= 400:
            self._refuse(answer, repo, revision)
        return answer.json

    def _refuse(self, answer: Answer, repo: Repo | None, revision: str | None) -> NoReturn:
        raise refusal(
            answer, self.endpoint, repo=repo, revision=revision, signed_in=self._signed_in
        )

    def _crossed(self, repo: Repo, revision: str | None) -> UnexpectedAnswer:
        at = f" at {revision[:12]}" if revision else ""
        return UnexpectedAnswer(
            f"{self.endpoint} answered for something other than {repo}{at}; try again."
        )

    def _unexpected(self) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"{self.endpoint} did not answer as a Hub would; check the endpoint."
        )


def _names(sha: str, revision: str) -> bool:
    return len(revision) >= 7 and sha.startswith(revision)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
