"""What a Hub's API answers about a repository, read with care: cards are written by strangers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..records import Doi, Repo, RepoInfo, parse_moment
from ..records.errors import HubdoiError
from ..records.formats import formats_of, is_empty
from ..records.repo_file import RepoFile
from ..records.rights import Access, licenses_of
from .credits import contributors_of, funding_of, papers_of

MAX_TEXTS = 200
_GATES: dict[str, Access] = {"auto": "automatic", "manual": "manual"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def repo_info(repo: Repo, head: Mapping[str, Any], at: Mapping[str, Any]) -> RepoInfo:
    """The repository from the description of its head, and that `at` the revision asked for."""
    card = at.get("cardData")
    card = card if isinstance(card, Mapping) else {}
    tags = _texts(head.get("tags"), limit=2000)
    owner = head.get("authorData")
    owner = owner if isinstance(owner, Mapping) else {}
    named = head.get("doi")
    named = named if isinstance(named, Mapping) else {}
    return RepoInfo(
        repo=repo,
        uid=_text(head.get("_id")) or f"{repo.type}:{repo.id}",
        head=_text(head.get("sha")) or None,
        revision=_text(at.get("sha")) or None,
        is_empty=_is_empty(at.get("siblings")),
        private=head.get("private") is True,
        owner_name=_text(owner.get("fullname")) or repo.namespace or "",
        owner_is_organization=owner.get("type") == "org",
        description=_description(at.get("description")),
        licenses=licenses_of(card),
        languages=_texts(card.get("language")),
        tags=tags,
        dois=_dois(named.get("id"), tags),
        doi_revision=_text(named.get("commit")) or None,
        base_models=_texts(card.get("base_model")),
        datasets=_texts(card.get("datasets")),
        formats=_formats(at.get("siblings")),
        funding=funding_of(card),
        contributors=contributors_of(card),
        papers=papers_of(card),
        access=access_of_gate(head.get("gated")),
        revision_date=moment(at.get("lastModified")),
    )


def access_of_gate(gated: Any) -> Access | None:
    """How one gets in, from the Hub's ``gated``; None where it is not said."""
    if gated is False:
        return "open"
    return _GATES.get(gated) if isinstance(gated, str) else None


def repo_file(entry: Mapping[str, Any]) -> RepoFile | None:
    """The file that an entry of a tree describes; None for a folder, or what cannot be read."""
    path, size, lfs = entry.get("path"), entry.get("size"), entry.get("lfs")
    if entry.get("type") != "file" or not isinstance(path, str):
        return None
    sha256 = lfs.get("oid") if isinstance(lfs, Mapping) else None
    return RepoFile(
        path,
        str(entry.get("oid", "")),
        size if isinstance(size, int) and not isinstance(size, bool) else 0,
        sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None,
    )


def moment(value: Any) -> datetime | None:
    """A time as the Hub writes it, or None."""
    try:
        return parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _dois(named: Any, tags: tuple[str, ...]) -> tuple[Doi, ...]:
    """The one that the Hub names first, then those of the tags."""
    found = []
    for text in (named, *(tag[4:] for tag in tags if tag.lower().startswith("doi:"))):
        try:
            if isinstance(text, str):
                found.append(Doi.parse(text))
        except HubdoiError:
            continue
    return tuple(dict.fromkeys(found))


def _description(value: Any) -> str | None:
    """A dataset's description is the beginning of its card, with the line breaks as tabs."""
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _formats(siblings: Any) -> tuple[str, ...]:
    return formats_of(_paths(siblings))


def _is_empty(siblings: Any) -> bool:
    # A list of repositories does not say which files there are.
    return isinstance(siblings, list) and is_empty(_paths(siblings))


def _paths(siblings: Any) -> list[str]:
    return [
        sibling["rfilename"]
        for sibling in (siblings if isinstance(siblings, list) else ())
        if isinstance(sibling, Mapping) and isinstance(sibling.get("rfilename"), str)
    ]


def _texts(value: Any, *, limit: int = MAX_TEXTS) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in values[:limit] if isinstance(text, str) and text.strip())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
