"""What registers a DOI."""

from __future__ import annotations

from typing import Protocol

from ..records import Doi, Repo, Terms, Version


class Registrar(Protocol):
    """The methods over one register of DOIs; the rules are `DoiService`'s.

    `terms` is the text that its users agree to. `publisher` is what its records name.
    `shares_ledger` is True when registering writes to nothing but the ledger's own database: then
    intent and registration are one transaction, and there is nothing to recover.
    """

    publisher: str
    shares_ledger: bool

    @property
    def terms(self) -> Terms: ...

    def reserve(self, repo: Repo, uid: str, revision: str) -> Doi:
        """The DOI that this revision will get. Nobody else sees it yet, and nothing is sent.

        For a DOI before the release there is no revision yet; `revision` is then the mark of the
        reservation, such as ``r1``.

        A registrar over a network answers the same DOI for the same revision every time, so that
        an interrupted mint is taken up where it stopped (R12).
        """
        ...

    def draft(self, doi: Doi) -> None:
        """Keep `doi` for this register's account without making anything public.

        Raises:
            AlreadyRegistered: it belongs to something else.
            ServiceError: it is not known whether it happened; call again.
        """
        ...

    def discard(self, doi: Doi) -> None:
        """Give up what `draft` kept; what was never kept is no error.

        Raises:
            AlreadyRegistered: it is public, and stays (R11).
            ServiceError: it is not known whether it happened; call again.
        """
        ...

    def register(self, version: Version) -> None:
        """Make `version.doi` public with this metadata, for the first time.

        It may be called again with the same version, after a success that nobody heard of.

        Raises:
            AlreadyRegistered: the DOI belongs to something else, or somebody else registered it for
                the same revision with other authors; then it carries what is registered (R5, R8).
            InvalidMetadata: the register refuses the metadata; nothing was made public.
            ServiceError: it is not known whether it happened; call again.
        """
        ...

    def update(self, version: Version) -> None:
        """Bring the metadata of a DOI that this ledger registered up to date.

        Raises: as `register`, without what another ledger did.
        """
        ...

    def abandon(self, version: Version) -> None:
        """Remove what an attempt to register `version` left unpublished, because it is tried differently.

        Raises:
            ServiceError: the register cannot be used now.
        """
        ...

    def find(self, doi: Doi) -> Version | None:
        """The public record of `doi`, or None."""
        ...
