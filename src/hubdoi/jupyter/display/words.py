"""Parts that several records show in the same words: a DOI, a revision, a moment, a size."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ...records import Author, Doi, Repo, RepoInfo, Version
from .card import Badge, Code, Link, Text, text

PROMISE = "Not locked. The Hub does not know this DOI; the person who generated it promised to keep the page."
UNLOCKED = "Not locked. A repository is locked once it has a DOI."
NEVER_LOCKED = (
    "Not locked. The Hub does not lock a repository for a DOI that is made here; whoever generates it "
    "promises to keep the page."
)
LOCK = (
    "Locked by DOI: it cannot be deleted, renamed, transferred or made private without a request "
    "to support. You can still push commits."
)

STATE = {
    "unregistered": Badge("No DOI", "quiet"),
    "current": Badge("Up to date", "good"),
    "behind": Badge("Changed since DOI", "warn"),
}

TEST_DOI = " (sandbox DOI, for testing only)"


def doi(name: Doi, endpoint: str | None) -> Text:
    """The DOI as a link, if the Hub that resolves it is known; a test DOI says that it is one."""
    known = endpoint or not name.is_test
    shown = Link(name.name, name.url_at(endpoint or ""), spelled=True) if known else name.name
    return text(shown, TEST_DOI if name.is_test else None)


def revision(commit: str | None, repo: Repo | None = None, endpoint: str | None = None) -> Text:
    """The first seven digits, as a link to the page of that revision where it is known."""
    if not commit:
        return text("unknown")
    if repo and endpoint and len(commit) == 40:
        return text(Link(commit[:7], repo.url(endpoint, commit)))
    return text(Code(commit[:7]))


def repo_link(repo: Repo, endpoint: str) -> Link:
    return Link(str(repo), repo.url(endpoint))


_RELATIONS = {
    "IsSupplementTo": "Supplement to",
    "IsDerivedFrom": "Derived from",
    "References": "References",
}


def credits(found: RepoInfo | Version) -> list[tuple[str, str]]:
    """What a record says beside the description: languages, rights, contributors, funding, papers, base models and datasets."""
    rows = [
        ("Languages", list(found.languages if len(found.languages) > 1 else ())),
        ("Other rights", [entry.line for entry in found.rights if not entry.is_access]),
        ("Access", [entry.line for entry in found.rights if entry.is_access]),
        ("Contributors", [entry.line for entry in found.contributors]),
        ("Funding", [entry.line for entry in found.funding]),
    ]
    for relation, name in _RELATIONS.items():
        named = [entry.identifier for entry in found.related if entry.relation == relation]
        rows.append((name, named))
    return [(name, "; ".join(lines)) for name, lines in rows if lines]


def moment(at: datetime) -> str:
    """To the minute, in UTC: ``2026-11-23 10:00 UTC``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def size(octets: int) -> str:
    """In the units of the Hub's pages, which are powers of 1000: ``1.2 MB``."""
    if octets < 1000:
        return f"{octets} bytes" if octets != 1 else "1 byte"
    amount, unit = octets / 1000, "kB"
    for larger in ("MB", "GB", "TB", "PB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def author(one: Author) -> Text:
    """The name as registered, with the identifiers as links."""
    parts = text(one.name)
    if one.orcid and one.orcid_url:
        parts = text(parts, " (ORCID ", Link(one.orcid, one.orcid_url), ")")
    if one.affiliation:
        parts = text(parts, f", {one.affiliation}")
    if one.ror and one.ror_url:
        parts = text(parts, " (ROR ", Link(one.ror, one.ror_url), ")")
    return parts


def authors(version: Version, limit: int = 20) -> Text:
    """All authors in their order; of a long list the first ones, and how many more."""
    shown = version.authors[:limit]
    parts = _joined(author(one) for one in shown)
    more = len(version.authors) - len(shown)
    return text(parts, f"; and {more:,} more" if more else None)


def _joined(parts: Iterable[Text], separator: str = "; ") -> Text:
    found: Text = ()
    for part in parts:
        found = text(found, separator if found else None, part)
    return found
