"""Everything that hubdoi raises on purpose.

One tree below `HubdoiError`; every message is one plain sentence that says what happened and the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .token import without_tokens

if TYPE_CHECKING:
    from . import Doi, Terms, Version


class HubdoiError(Exception):
    """The root: catch this to catch everything that hubdoi raises on purpose.

    A message repeats what was written; of a token that was written in a wrong place it does not.
    """

    http_status: ClassVar[int] = 500

    def __init__(self, *args: object) -> None:
        super().__init__(*(without_tokens(a) if isinstance(a, str) else a for a in args))

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class InvalidInput(HubdoiError, ValueError):
    """What was written cannot be read."""

    http_status = 422


class InvalidRepo(InvalidInput):
    """Not a repository of a Hub, in none of the ways that people write one."""


class InvalidDoi(InvalidInput):
    """Not a DOI."""


class InvalidRevision(InvalidInput):
    """Not a revision."""


class InvalidAuthor(InvalidInput):
    """An author whose name, ORCID iD or ROR iD cannot be right."""


class InvalidMetadata(InvalidInput):
    """A title, description or body that cannot be used."""


class UnknownFormat(InvalidInput):
    """A citation format that hubdoi does not write."""


class UnknownStyle(InvalidInput):
    """A citation style that was not found."""


class UsageError(InvalidInput):
    """A command line that the grammar does not know."""


class ConsentError(HubdoiError):
    """The consent that R3 asks for is not there; `terms` is the text to agree to."""

    def __init__(self, message: str, terms: Terms | None = None) -> None:
        super().__init__(message)
        self.terms = terms


class ConsentRequired(ConsentError):
    """Nothing is minted without consent (R3)."""

    http_status = 400


class TermsChanged(ConsentError):
    """The terms are no longer the ones that were shown (R3)."""

    http_status = 409


class RepoError(HubdoiError):
    """Something about the repository stands in the way."""


class RepoNotFound(RepoError):
    """No such repository, or none that these credentials can see."""

    http_status = 404


class RevisionNotFound(RepoError):
    """The repository has no such revision."""

    http_status = 404


class RepoNotEligible(RepoError):
    """A Space, a private repository, or one without a commit (R1).

    `reason` is ``"space"``, ``"private"`` or ``"empty"``.
    """

    http_status = 409

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class LockedByDoi(RepoError):
    """Delete, rename, transfer and make-private are refused once there is a DOI (R9)."""

    http_status = 403


class AlreadyRegistered(HubdoiError):
    """The revision has a DOI already (R8); `version` is the registered one."""

    http_status = 409

    def __init__(self, message: str, version: Version | None = None) -> None:
        super().__init__(message)
        self.version = version


class IdempotencyConflict(HubdoiError):
    """The same Idempotency-Key came with another body."""

    http_status = 422


class DoiNotFound(HubdoiError):
    """No registrar that was asked knows this DOI."""

    http_status = 404


class AccessError(HubdoiError):
    """Who asks may not do this."""

    http_status = 403


class SignInRequired(AccessError):
    """No token, or one that the server does not know."""

    http_status = 401


class WriteAccessRequired(AccessError):
    """Only a person with write access to the repository can mint (R2)."""


class PolicyRefused(AccessError):
    """The rules of the institution that keeps the DataCite account do not allow it."""


class HandOff(HubdoiError):
    """This Hub has no DOI API: a person generates the DOI on `settings_url`."""

    http_status = 501

    def __init__(self, message: str, settings_url: str = "") -> None:
        super().__init__(message)
        self.settings_url = settings_url


class InReview(HandOff):
    """The institution that keeps the DataCite account decides the mint first; nothing is registered yet."""

    http_status = 202


class ServiceError(HubdoiError):
    """A service could not be used."""

    http_status = 502


class ServiceUnreachable(ServiceError):
    """No connection, no answer in time, a name that does not resolve, a broken TLS handshake."""


class ServiceBusy(ServiceError):
    """Asked too often (429); `retry_after` is in seconds, when the service said so."""

    http_status = 429

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServiceFailed(ServiceError):
    """The service answered with an error of its own (5xx)."""


class ServiceRefused(ServiceError):
    """The service refused the request with a 4xx that has no name here."""


class UnexpectedAnswer(ServiceError):
    """An answer that is not what the contract says: HTML for JSON, a field missing."""


class LedgerError(HubdoiError):
    """The ledger cannot be read or written."""

    http_status = 503


class SandboxError(HubdoiError):
    """The sandbox cannot start, or cannot do what it was asked."""


class InsecureEndpoint(HubdoiError):
    """Credentials would travel unencrypted to a machine that is not this one."""


class MissingLibrary(HubdoiError, ImportError):
    """An optional library is not installed; the message says how to install it."""


def already_registered(
    doi: Doi, revision: str, version: Version | None = None
) -> AlreadyRegistered:
    """The refusal of R8, in the same words wherever it is noticed."""
    return AlreadyRegistered(
        f"Revision {revision[:7]} already has the DOI {doi}; push a commit first if you want a new one.",
        version,
    )
