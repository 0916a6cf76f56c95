"""The values that hubdoi speaks of; nothing here does I/O."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .author import Author, AuthorType, check_distinct, check_orcid, check_ror
    from .changes import Changes, FileChange, FileGroup, group_of
    from .connection import Connection
    from .contributor import Contributor
    from .displayed import Displayed
    from .doi import SANDBOX_PREFIX, Doi
    from .funding import Funding
    from .hub import Hub
    from .message import Message
    from .mint_request import MAX_AUTHORS, MintRequest
    from .moment import parse_moment, show_moment
    from .offer import Offer
    from .reference import parse_reference
    from .repo import HUGGING_FACE, Repo, RepoReference, RepoType
    from .repo_info import Person, RepoInfo
    from .status import History, RepoState, Status, Statuses
    from .terms import Consent, Showing, Terms
    from .version import Related, Version, VersionState, check_revision, title_with_revision

# Name -> the module that holds it. They load on first use: most commands need few of them.
_HOMES = {
    "Author": "author",
    "AuthorType": "author",
    "check_distinct": "author",
    "check_orcid": "author",
    "check_ror": "author",
    "Changes": "changes",
    "FileChange": "changes",
    "FileGroup": "changes",
    "group_of": "changes",
    "Connection": "connection",
    "Contributor": "contributor",
    "Displayed": "displayed",
    "SANDBOX_PREFIX": "doi",
    "Doi": "doi",
    "Funding": "funding",
    "Hub": "hub",
    "Message": "message",
    "MAX_AUTHORS": "mint_request",
    "MintRequest": "mint_request",
    "parse_moment": "moment",
    "show_moment": "moment",
    "Offer": "offer",
    "parse_reference": "reference",
    "HUGGING_FACE": "repo",
    "Repo": "repo",
    "RepoReference": "repo",
    "RepoType": "repo",
    "Person": "repo_info",
    "RepoInfo": "repo_info",
    "History": "status",
    "RepoState": "status",
    "Status": "status",
    "Statuses": "status",
    "Consent": "terms",
    "Showing": "terms",
    "Terms": "terms",
    "Related": "version",
    "Version": "version",
    "VersionState": "version",
    "check_revision": "version",
    "title_with_revision": "version",
}

__all__ = [
    "HUGGING_FACE",
    "MAX_AUTHORS",
    "SANDBOX_PREFIX",
    "Author",
    "AuthorType",
    "Changes",
    "Connection",
    "Consent",
    "Contributor",
    "Displayed",
    "Doi",
    "FileChange",
    "FileGroup",
    "Funding",
    "History",
    "Hub",
    "Message",
    "MintRequest",
    "Offer",
    "Person",
    "Related",
    "Repo",
    "RepoInfo",
    "RepoReference",
    "RepoState",
    "RepoType",
    "Showing",
    "Status",
    "Statuses",
    "Terms",
    "Version",
    "VersionState",
    "check_distinct",
    "check_orcid",
    "check_revision",
    "check_ror",
    "group_of",
    "parse_moment",
    "parse_reference",
    "show_moment",
    "title_with_revision",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
