"""A repository of a Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import quote, unquote, urlsplit

from .errors import InvalidRepo, RepoNotEligible

RepoType = Literal["model", "dataset"]

HUGGING_FACE = "https://huggingface.co"

_HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co", "hub-ci.huggingface.co"})
# What the Hub says to clone over SSH.
_CLONED = re.compile(r"(?:ssh://)?git@([a-z.]+)[:/](\S+)", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The Hub's own rule for ids: letters, digits, "-", "_", "."; no "--", no ".."; 96 characters a part.
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?")
# Pages of huggingface.co whose URL looks like that of a model.
_PAGES = frozenset(
    "api blog chat collections docs enterprise inference join learn login logout models new "
    "organizations papers posts pricing search settings tasks terms-of-service privacy".split()
)
_REVISION_PAGES = frozenset(
    {"tree", "blob", "resolve", "raw", "commit", "commits", "blame", "edit"}
)
_WAY_OUT = "write it like ada/tiny-bert, datasets/ada/notes, or its URL on the Hub"


@dataclass(frozen=True, slots=True, order=True)
class Repo:
    """A model or a dataset: ``Repo("model", "ada/tiny-bert")``.

    Ids without a namespace (``gpt2``) are the Hub's oldest repositories; they redirect.

    Raises:
        InvalidRepo: `id` cannot be the id of a repository.
        RepoNotEligible: `type` is ``"space"`` (R1).
    """

    type: RepoType
    id: str

    def __post_init__(self) -> None:
        if self.type == "space":  # type: ignore[comparison-overlap]
            raise _space(self.id)
        if self.type not in ("model", "dataset"):
            raise InvalidRepo(
                f"{self.type!r} is not a type of repository; it is 'model' or 'dataset'."
            )
        parts = self.id.split("/") if isinstance(self.id, str) else []
        if not 1 <= len(parts) <= 2 or not all(_is_part(part) for part in parts):
            raise InvalidRepo(f"{_shown(self.id)} is not the id of a repository; {_WAY_OUT}.")

    @classmethod
    def parse(cls, text: str | Repo, *, endpoint: str | None = None) -> Repo:
        """Read a repository as people write it; a revision in it is passed over.

        `endpoint` is the URL of one more Hub whose pages count, beside huggingface.co and
        servers on this machine.

        Raises:
            InvalidRepo: `text` names no repository.
            RepoNotEligible: it names a Space (R1).
        """
        return RepoReference.parse(text, endpoint=endpoint).repo

    @property
    def namespace(self) -> str | None:
        """The user or organisation, or None for the Hub's oldest repositories."""
        namespace, slash, _ = self.id.partition("/")
        return namespace if slash else None

    @property
    def name(self) -> str:
        """The id without its namespace."""
        return self.id.rpartition("/")[2]

    @property
    def path(self) -> str:
        """The path of its page: ``ada/tiny-bert``, ``datasets/ada/notes``."""
        return f"datasets/{self.id}" if self.type == "dataset" else self.id

    @property
    def api_path(self) -> str:
        """The path of its API: ``/api/models/ada/tiny-bert``."""
        return f"/api/{self.type}s/{self.id}"

    def url(self, endpoint: str = HUGGING_FACE, revision: str | None = None) -> str:
        """The URL of its page, or of its page at `revision`."""
        page = f"{endpoint.rstrip('/')}/{self.path}"
        return f"{page}/tree/{quote(revision, safe='')}" if revision else page

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class RepoReference:
    """A repository as somebody wrote it, with the revision if one was named."""

    repo: Repo
    revision: str | None = None

    @classmethod
    def parse(cls, text: str | Repo, *, endpoint: str | None = None) -> RepoReference:
        """Read ``ada/tiny-bert``, ``datasets/ada/notes@v1``, ``hf://…``, or a URL to see or clone it.

        Raises:
            InvalidRepo: `text` names no repository.
            RepoNotEligible: it names a Space (R1).
        """
        if isinstance(text, Repo):
            return cls(text)
        written = str(text).strip()
        if not written or not written.isprintable() or len(written) > 1000:
            raise InvalidRepo(f"{_shown(written)} is not a repository; {_WAY_OUT}.")
        if written.lower().startswith("hf://"):
            return _from_path(written, written[5:], uri=True)
        if cloned := _CLONED.fullmatch(written):
            return _from_url(f"https://{cloned[1]}/{cloned[2]}", endpoint)
        if "://" in written:
            return _from_url(written, endpoint)
        host, slash, rest = written.partition("/")
        if slash and host.lower() in _HUB_HOSTS:
            return _from_url(f"https://{host}/{rest}", endpoint)
        path, _, revision = written.partition("@")
        return _from_path(written, path.strip("/"), revision=revision or None)


def _from_url(written: str, endpoint: str | None) -> RepoReference:
    try:
        parts = urlsplit(written)
        host = parts.hostname or ""
        hub = urlsplit(endpoint).netloc if endpoint else None
    except ValueError:
        raise InvalidRepo(f"{_shown(written)} is not a URL; {_WAY_OUT}.") from None
    known = host in _HUB_HOSTS or host in _LOOPBACK or (hub is not None and parts.netloc == hub)
    if parts.scheme not in ("http", "https") or not known:
        raise InvalidRepo(f"{_shown(written)} is not on a Hub that hubdoi knows; {_WAY_OUT}.")
    # No name on the Hub ends so; the URL to clone may.
    path = unquote(parts.path).strip("/").removesuffix(".git")
    if path.startswith(("api/models/", "api/datasets/", "api/spaces/")):
        path = path.removeprefix("api/").removeprefix("models/")
    elif path.partition("/")[0] in _PAGES:
        raise InvalidRepo(f"{_shown(written)} is a page of the Hub, not a repository; {_WAY_OUT}.")
    return _from_path(written, path, page=True)


def _from_path(
    written: str, path: str, *, revision: str | None = None, uri: bool = False, page: bool = False
) -> RepoReference:
    """`path` is ``[datasets/|models/|spaces/][ns/]name`` and what follows it in a URI or a page."""
    kind, _, rest = path.partition("/")
    repo_type = "model"
    if kind in ("datasets", "models", "spaces") and rest:
        repo_type, path = kind.removesuffix("s"), rest
    if uri:
        # hf://datasets/ada/notes@main/train.csv; a revision may hold %2F, as in refs%2Fpr%2F1
        first, at, after = path.partition("@")
        if at:
            path, revision = first, unquote(after.partition("/")[0]) or None
            if after.startswith("refs/"):
                revision = "/".join(after.split("/")[:3])
        else:
            path = "/".join(path.split("/")[:2])
    elif page:
        segments = path.split("/")
        cut = (
            1
            if len(segments) > 1 and segments[1] in _REVISION_PAGES | {"settings", "discussions"}
            else 2
        )
        path, tail = "/".join(segments[:cut]), segments[cut:]
        if len(tail) >= 2 and tail[0] in _REVISION_PAGES:
            revision = "/".join(tail[1:4]) if tail[1] == "refs" else tail[1]
    if repo_type == "space":
        raise _space(path)
    try:
        return RepoReference(Repo(cast(RepoType, repo_type), path), revision)
    except InvalidRepo:
        raise InvalidRepo(f"{_shown(written)} is not a repository; {_WAY_OUT}.") from None


def _is_part(part: str) -> bool:
    return (
        _PART.fullmatch(part) is not None
        and "--" not in part
        and ".." not in part
        and not part.endswith((".git", ".ipynb"))
        and part not in ("datasets", "models", "spaces")
    )


def _space(repo_id: str) -> RepoNotEligible:
    return RepoNotEligible(
        f"{_shown(repo_id)} is a Space; only models and datasets can get a DOI.", reason="space"
    )


def _shown(text: object) -> str:
    shown = str(text)
    return repr(shown if len(shown) <= 60 else shown[:57] + "…")
