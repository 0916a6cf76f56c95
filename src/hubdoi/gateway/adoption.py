"""DOIs of the account that the ledger does not know, as after a restored backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from ..minting.ledger_tables import versions
from ..records import Consent, Terms, Version
from ..records.errors import RepoError
from ..records.findings import Finding
from .audit import GATEWAY
from .institution import Institution

LOST = Terms(
    "The record of this consent was lost with the database. The DOI was registered with the account of this gateway, and the version was taken from its public record at DataCite."
)
"""What stands in the ledger instead of the terms that somebody agreed to."""


def adopt(institution: Institution) -> Iterator[Finding]:
    """Take up what the account registered for repositories of this gateway.

    Raises:
        ServiceError: the Hub or DataCite cannot be used now; call again.
    """
    owners = {owner.lower() for owner in institution.settings.owners}
    for found in institution.registrar.registered():
        keys = [version.doi.key for version in found if version.doi]
        with institution.database.reading() as db:
            query = sa.select(versions.c.doi_key).where(versions.c.doi_key.in_(keys))
            known = set(db.scalars(query))
        for version in found:
            # The library registers other things as well, and may have other gateways.
            is_here = (version.url or "").startswith(f"{institution.settings.hub}/")
            owner = (version.repo.namespace if version.repo else None) or ""
            is_unknown = version.doi is not None and version.doi.key not in known
            if is_here and is_unknown and version.revision and owner.lower() in owners:
                yield _adopted(institution, version)


def _adopted(institution: Institution, version: Version) -> Finding:
    assert version.repo and version.doi
    subject = str(version.doi)
    try:
        hub = institution.hub
        # Described: the order of the versions is that of their commits (R7), which it asks for.
        info = hub.described(hub.info(version.repo, None, version.revision))
    except RepoError as error:
        return Finding(subject, "unknown", f"It is at DataCite and not in the ledger. {error}")
    ledger = institution.ledger
    now = datetime.now(UTC)
    with ledger.transaction():
        begun = ledger.entry_of(info.uid, info.revision or "")
        if begun is not None:
            return Finding(
                subject,
                "second",
                f"Revision {info.revision} of {info.repo} has the DOI {begun.version.doi} in the ledger; let one of them lead to the other at DataCite.",
            )
        entry = ledger.intend(
            version.replace(
                repo=info.repo,
                revision=info.revision,
                consent=Consent("unknown", version.created or now, LOST.digest),
            ),
            uid=info.uid,
            revision_date=info.revision_date or version.created or now,
            terms=LOST,
        )
        ledger.mark(entry, "linked")
        institution.audit.add(GATEWAY, "taken up", subject, "It was at DataCite alone.")
    return Finding(
        subject, "unknown", "It was at DataCite and not in the ledger; it is now.", repaired=True
    )
