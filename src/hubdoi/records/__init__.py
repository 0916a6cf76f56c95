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
    from .doi import TEST_PREFIX, Doi
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

# The names of each module. They load on first use: most commands need few of them.
_MODULES = {
    "author": "Author AuthorType check_distinct check_orcid check_ror",
    "changes": "Changes FileChange FileGroup group_of",
    "connection": "Connection",
    "contributor": "Contributor",
    "displayed": "Displayed",
    "doi": "TEST_PREFIX Doi",
    "funding": "Funding",
    "hub": "Hub",
    "message": "Message",
    "mint_request": "MAX_AUTHORS MintRequest",
    "moment": "parse_moment show_moment",
    "offer": "Offer",
    "reference": "parse_reference",
    "repo": "HUGGING_FACE Repo RepoReference RepoType",
    "repo_info": "Person RepoInfo",
    "status": "History RepoState Status Statuses",
    "terms": "Consent Showing Terms",
    "version": "Related Version VersionState check_revision title_with_revision",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
