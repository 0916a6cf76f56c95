"""What a person can ask to see or cite: a repository, or a DOI."""

from __future__ import annotations

from .doi import Doi
from .repo import Repo, RepoReference


def parse_reference(text: str | Doi | Repo, *, endpoint: str | None = None) -> Doi | RepoReference:
    """Read a repository or a DOI, in any form that people write them.

    Raises:
        InvalidRepo: `text` is neither.
        RepoNotEligible: it is a Space (R1).
        InvalidDoi: it begins like a DOI and is none.
    """
    if isinstance(text, Doi):
        return text
    if isinstance(text, str):
        written = text.strip()
        lowered = written.lower()
        if lowered.startswith(("doi:", "doi ", "info:doi", "10.")) or "doi.org/" in lowered:
            return Doi.parse(written)
        if "://" in written and "/doi/10." in lowered:
            return Doi.parse(written)
    return RepoReference.parse(text, endpoint=endpoint)
