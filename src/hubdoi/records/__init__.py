"""The values that hubdoi speaks of; nothing here does I/O."""

from .author import Author, AuthorType, check_orcid, check_ror
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
    "check_orcid",
    "check_revision",
    "check_ror",
    "group_of",
    "parse_moment",
    "parse_reference",
    "show_moment",
    "title_with_revision",
]
