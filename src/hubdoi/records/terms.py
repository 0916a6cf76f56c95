"""The text a person agrees to before a DOI is minted, and the record that they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from .displayed import Displayed
from .errors import UnexpectedAnswer
from .moment import parse_moment, show_moment
from .repo import Repo


@dataclass(eq=False, slots=True)
class Showing:
    """To whom terms were shown, and for what: an agreement is to nothing else (R3).

    `repo` is the present name of the repository, on the Hub at `endpoint`; `asked` is the name that
    was asked for. `revision` is the full commit id, None where there is no commit; `is_latest` says
    that no revision was named, so that the latest commit was meant. `person` tells one set of
    credentials from another within this process. `spent` is the key of the mint that used it up.
    """

    endpoint: str
    repo: Repo
    asked: Repo
    revision: str | None
    is_latest: bool
    person: int
    spent: str | None = None

    def is_for(self, repo: Repo, revision: str | None) -> bool:
        """Whether this was shown for `repo`, and for `revision` (None: the latest commit)."""
        names = {(name.type, name.id.lower()) for name in (self.repo, self.asked)}
        if (repo.type, repo.id.lower()) not in names:
            return False
        if revision is None:
            return self.is_latest
        return self.revision is not None and self.revision.startswith(revision.lower())


@dataclass(frozen=True, slots=True)
class Terms(Displayed):
    """The terms of a registrar; `digest` is the SHA-256 of exactly this text, in hexadecimal (R3).

    `shown` says for which DOI a client handed them out.
    """

    text: str
    digest: str = field(init=False)
    shown: Showing | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha256(self.text.encode()).hexdigest())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Terms:
        """The terms as a server sent them.

        Raises:
            UnexpectedAnswer: there is no text, or the digest is not that of the text.
        """
        text = data.get("text") if isinstance(data, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise UnexpectedAnswer("The server sent no terms to agree to; try again later.")
        try:
            terms = cls(text)
        except UnicodeEncodeError:
            raise UnexpectedAnswer(
                "The terms that the server sent cannot be read; nothing can be agreed to."
            ) from None
        if data.get("digest", terms.digest) != terms.digest:
            raise UnexpectedAnswer(
                "The terms that the server sent do not match their digest; nothing can be agreed to."
            )
        return terms

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed: who (`by`, a user name), when, and the digest of the text."""

    by: str
    at: datetime
    terms: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Consent:
        """Raises UnexpectedAnswer: a part is missing."""
        try:
            return cls(str(data["by"]), parse_moment(str(data["at"])), str(data["terms"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UnexpectedAnswer("The server's record of the consent is incomplete.") from error

    def to_json(self) -> dict[str, str]:
        return {"by": self.by, "at": show_moment(self.at), "terms": self.terms}
