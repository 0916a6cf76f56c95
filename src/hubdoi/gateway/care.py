"""What those who run a gateway do: ``migrate``, ``reconcile``, ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from urllib.parse import urlsplit

from ..minting.user_ledger import data_directory
from ..net.http import Http
from ..records.errors import HubdoiError
from . import reconcile as comparison
from .database import migrate, open_database
from .findings import Finding, Findings
from .institution import Institution
from .running import served_at
from .settings import Settings

_LARGEST_SKEW = 300.0


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
        return _summed([Finding("configuration", "configuration", error.message)])
    try:
        return _summed(
            [*_of_database(institution), *_of_datacite(institution), *_of_hub(institution)]
        )
    finally:
        institution.close()


def _summed(findings: list[Finding]) -> Findings:
    problems = sum(one.is_problem for one in findings)
    summary = f"{problems} of {len(findings)} checks found a problem."
    return Findings(summary if problems else "Everything is as it should be.", findings)


def _of_database(institution: Institution) -> Iterator[Finding]:
    kind = "PostgreSQL" if institution.database.is_postgres else "SQLite, for one process"
    yield Finding("database", "database", f"{kind}; it can be used.", is_problem=False)
    parked = [row for row in institution.work.waiting() if row.state == "parked"]
    for row in parked:
        entry = institution.ledger.entry(row.version_id)
        subject = str(entry.version.doi) if entry else "work"
        yield Finding(subject, "parked", f"It waits for a person: {row.reason}")


def _of_datacite(institution: Institution) -> Iterator[Finding]:
    settings, registrar = institution.settings, institution.registrar
    kind = "a test system" if registrar.is_test else "production: its DOIs are permanent"
    yield Finding("DataCite", "system", f"{settings.datacite_api} is {kind}.", is_problem=False)
    try:
        account = registrar.account()
    except HubdoiError as error:
        yield Finding("DataCite", "account", error.message)
        return
    name = settings.datacite_repository
    yield Finding("DataCite", "account", f"The account {name} is accepted.", is_problem=False)
    if account is None:
        return
    if account.get("isActive") is False:
        yield Finding("DataCite", "account", f"The account {name} is not active; ask DataCite.")
    host = urlsplit(settings.hub).hostname or ""
    domains = str(account.get("domains") or "*")
    if not any(fnmatch(host, domain.strip()) for domain in domains.split(",")):
        yield Finding(
            "DataCite",
            "domains",
            f"The account {name} allows URLs of {domains} alone; add {host} to its domains, or every DOI is refused.",
        )


def _of_hub(institution: Institution) -> Iterator[Finding]:
    settings = institution.settings
    try:
        answer = Http(settings.hub, contact=settings.contact).request(
            "GET", "/api/models?limit=1", json_expected=False
        )
        yield Finding("Hub", "hub", f"{settings.hub} answers.", is_problem=False)
    except HubdoiError as error:
        yield Finding("Hub", "hub", error.message)
        return
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        skew = abs((datetime.now(UTC) - theirs).total_seconds())
    except (TypeError, ValueError):
        skew = 0.0
    if skew > _LARGEST_SKEW:
        yield Finding(
            "clock",
            "clock",
            f"This clock and the Hub's differ by {skew:.0f} s; set the time by NTP.",
        )
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
