"""What a Hub says of a repository, and of who asks."""

from __future__ import annotations

from dataclasses import dataclass

from .doi import Doi
from .repo import Repo

__all__ = ["Person", "RepoInfo"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in: user name, full name, and the organisations they can write to."""

    username: str
    full_name: str
    organizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoInfo:
    """A repository as the person who asks sees it, at one revision.

    `repo` is its present name, even when an old one was asked for. `uid` is the Hub's own
    identifier, which a rename does not change. `head` is None without a commit; `revision` is the
    full commit id of the revision that was asked for (the head unless one was named).
    `owner_name` is the full name of the user or organisation that it belongs to. `description`
    is the card's text without markup, `license` and `language` as the card has them; `dois` are
    those that its tags carry.
    """

    repo: Repo
    uid: str
    head: str | None
    revision: str | None
    private: bool = False
    can_write: bool = False
    owner_name: str = ""
    owner_is_organization: bool = False
    description: str | None = None
    license: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    dois: tuple[Doi, ...] = ()
    base_models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
