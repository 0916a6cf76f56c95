"""What can be checked of the services and settings before anything is minted; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..config import DATACITE_API
from ..net.http import Http
from ..records import Doi, Repo
from ..records.errors import HubdoiError, LedgerError
from ..records.findings import Finding

if TYPE_CHECKING:
    from ..datacite.registrar import DataCiteRegistrar
    from .ledger import Ledger

_LARGEST_SKEW = 300.0
_MOST_NAMED = 5


def hub_findings(endpoint: str, contact: str | None) -> Iterator[Finding]:
    """Whether the Hub at `endpoint` answers, and whether its clock agrees with this one."""
    try:
        answer = Http(endpoint, contact=contact).request(
            "GET", "/api/models?limit=1", json_expected=False
        )
    except HubdoiError as error:
        yield Finding("Hub", "hub", error.message)
        return
    if answer.status >= 400:
        yield Finding(
            "Hub",
            "hub",
            f"{endpoint} answers with HTTP {answer.status}; check that it is the URL of a Hub.",
        )
        return
    yield Finding("Hub", "hub", f"{endpoint} answers.", is_problem=False)
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        skew = abs((datetime.now(UTC) - theirs).total_seconds())
    except (TypeError, ValueError):
        return
    if skew > _LARGEST_SKEW:
        yield Finding(
            "clock",
            "clock",
            f"This clock and the Hub's differ by {skew:.0f} s; set the time by NTP.",
        )


def datacite_findings(registrar: DataCiteRegistrar, hub: str) -> Iterator[Finding]:
    """Whether the account is accepted and active, and may register URLs of `hub` with its prefix."""
    yield _system(registrar)
    name = registrar.account_name
    try:
        account = registrar.account()
    except HubdoiError as error:
        yield Finding("DataCite", "account", error.message)
        return
    yield Finding("DataCite", "account", f"The account {name} is accepted.", is_problem=False)
    if account is None:
        return
    if account.get("isActive") is False:
        yield Finding("DataCite", "account", f"The account {name} is not active; ask DataCite.")
    prefixes = account.get("prefixes")
    if prefixes and registrar.prefix.lower() not in prefixes:
        yield Finding(
            "DataCite",
            "prefix",
            f"The account {name} has no prefix {registrar.prefix}; set DATACITE_PREFIX to {' or '.join(prefixes)}.",
        )
    elif prefixes:
        yield Finding(
            "DataCite",
            "prefix",
            f"The prefix {registrar.prefix} belongs to the account.",
            is_problem=False,
        )
    host = urlsplit(hub).hostname or ""
    domains = str(account.get("domains") or "*")
    if not any(fnmatch(host, domain.strip()) for domain in domains.split(",")):
        yield Finding(
            "DataCite",
            "domains",
            f"The account {name} allows URLs of {domains} only; ask DataCite or your institution to add {host} to its domains, or every DOI is refused.",
        )


def _system(registrar: DataCiteRegistrar) -> Finding:
    if registrar.is_test:
        kind = "is a test system"
    elif registrar.url == DATACITE_API:
        kind = "is production: its DOIs are permanent"
    else:
        kind = "is none of DataCite's own systems; those who run it know whether its DOIs are permanent"
    return Finding("DataCite", "system", f"{registrar.url} {kind}.", is_problem=False)


def ledger_findings(ledger: Ledger) -> Iterator[Finding]:
    """Whether the ledger can be read, which DOIs in it are reserved only, and which mints were interrupted (R12)."""
    from .ledger_amendments import LedgerAmendments

    try:
        unfinished = [str(entry.version.doi) for entry in ledger.unfinished()]
        unfinished += [str(doi) for _, doi in LedgerAmendments(ledger).unfinished()]
        reserved = list(_reserved(ledger))
    except LedgerError as error:
        yield Finding("ledger", "ledger", error.message)
        return
    yield Finding("ledger", "ledger", "The ledger can be used.", is_problem=False)
    yield from reserved
    if unfinished:
        yield Finding(
            "ledger",
            "unfinished",
            f"{len(unfinished)} unfinished: {', '.join(unfinished[:_MOST_NAMED])}; finish with: %doi recover",
        )


def reservation_finding(repo: Repo, doi: Doi) -> Finding:
    """A DOI that is printed in a paper, perhaps, and leads nowhere."""
    return Finding(
        str(repo),
        "reserved",
        f"{doi} is reserved and not published yet; publish it with: %doi mint {repo}, or give it up with: %doi reserve {repo} --release",
        is_problem=False,
        is_note=True,
    )


def _reserved(ledger: Ledger) -> Iterator[Finding]:
    """The reservations that no mint has begun with: the ledger knows their numbers, not the names."""
    from .ledger_reservations import LedgerReservations

    waiting = LedgerReservations(ledger).waiting()
    if waiting:
        some = ", ".join(f"{doi} (by {by}, {at:%Y-%m-%d})" for doi, by, at in waiting[:_MOST_NAMED])
        more = f" and {len(waiting) - _MOST_NAMED} more" if len(waiting) > _MOST_NAMED else ""
        yield Finding(
            "ledger",
            "reserved",
            f"{len(waiting)} reserved and not published yet: {some}{more}; publish each with: %doi mint REPO, or give it up with: %doi reserve REPO --release",
            is_problem=False,
            is_note=True,
        )
