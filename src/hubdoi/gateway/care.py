"""What those who run a gateway do: ``migrate``, ``reconcile``, ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator

from ..minting.doctor import datacite_findings, hub_findings
from ..minting.user_ledger import data_directory
from ..records.errors import HubdoiError
from ..records.findings import Finding, Findings
from . import reconcile as comparison
from .database import migrate, open_database
from .institution import Institution
from .running import served_at
from .settings import Settings


def bring_up_to_date() -> str:
    """Bring the database to the schema of this version, and answer with that. Raises as `migrate`."""
    database = open_database(Settings.read().database, data_directory() / "gateway")
    try:
        return migrate(database)
    finally:
        database.close()


def reconcile() -> Findings:
    """Compare and repair once. Raises as `reconcile.reconcile`."""
    institution = Institution(Settings.read(), pool=4)
    institution.url = institution.settings.url or served_at()
    try:
        return comparison.reconcile(institution)
    finally:
        institution.close()


def doctor() -> Findings:
    """Check everything that a gateway needs; nothing is changed at DataCite or the Hub."""
    try:
        institution = Institution(Settings.read(), pool=2)
    except HubdoiError as error:
        return Findings.of_checks([Finding("configuration", "configuration", error.message)])
    try:
        return Findings.of_checks(
            [
                *_of_database(institution),
                *datacite_findings(institution.registrar, institution.settings.hub),
                *_of_hub(institution),
                *_of_jupyterhub(institution),
            ]
        )
    finally:
        institution.close()


def _of_database(institution: Institution) -> Iterator[Finding]:
    kind = "PostgreSQL" if institution.database.is_postgres else "SQLite, for one process"
    yield Finding("database", "database", f"{kind}; it can be used.", is_problem=False)
    parked = [row for row in institution.work.waiting() if row.state == "parked"]
    for row in parked:
        entry = institution.ledger.entry(row.version_id)
        subject = str(entry.version.doi) if entry else "work"
        yield Finding(subject, "parked", f"It waits for a person: {row.reason}")


def _of_hub(institution: Institution) -> Iterator[Finding]:
    settings = institution.settings
    found = list(hub_findings(settings.hub, settings.contact))
    yield from found
    if found[0].is_problem:
        return
    for owner in settings.owners:
        try:
            institution.hub.owner(owner)
        except HubdoiError as error:
            yield Finding(owner, "owner", error.message)
    if settings.url is None:
        yield Finding(
            "configuration",
            "url",
            "HUBDOI_GATEWAY_URL is not set; without it the DOIs of a deleted repository cannot lead to a page here.",
            is_problem=False,
        )


def _of_jupyterhub(institution: Institution) -> Iterator[Finding]:
    if institution.jupyterhub is None:
        return
    try:
        told = f"{institution.jupyterhub.api} has version {institution.jupyterhub.version()}."
        yield Finding("JupyterHub", "jupyterhub", told, is_problem=False)
    except HubdoiError as error:
        yield Finding("JupyterHub", "jupyterhub", error.message)
