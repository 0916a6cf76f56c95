"""What those who run a gateway do: ``migrate``, ``reconcile``, ``doctor``."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..minting.doctor import datacite_findings, hub_findings
from ..minting.user_ledger import data_directory
from ..records.errors import HubdoiError, LedgerError
from ..records.findings import Finding, Findings
from . import reconcile as comparison
from .database import migrate, open_database
from .institution import Institution
from .mail_server import connected
from .notices import SECONDS
from .open_id import OpenId
from .orcid import OrcidSignIn
from .running import served_at
from .settings import Settings, unknown_variables

STUCK = 10
"""Attempts, within more than an hour, after which somebody should look."""


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
    unknown = list(_of_environment())
    try:
        institution = Institution(Settings.read(), pool=2)
    except HubdoiError as error:
        subject = "database" if isinstance(error, LedgerError) else "configuration"
        return Findings.of_checks([*unknown, Finding(subject, subject, error.message)])
    try:
        return Findings.of_checks(
            [
                *unknown,
                *_of_database(institution),
                *datacite_findings(institution.registrar, institution.settings.hub),
                *_of_policies(institution),
                *_of_hub(institution),
                *_of_jupyterhub(institution),
                *_of_sign_in(institution),
                *_of_mail(institution.settings),
            ]
        )
    finally:
        institution.close()


def _of_environment() -> Iterator[Finding]:
    for name, meant in unknown_variables(os.environ).items():
        advice = f"did you mean {meant}?" if meant else "remove it."
        yield Finding("configuration", "variable", f"{name} is not a setting; {advice}")


def _of_database(institution: Institution) -> Iterator[Finding]:
    kind = "PostgreSQL" if institution.database.is_postgres else "SQLite, for one process"
    yield Finding("database", "database", f"{kind}; it can be used.", is_problem=False)
    for row in institution.work.waiting():
        entry = institution.ledger.entry(row.version_id)
        subject = str(entry.version.doi) if entry else "work"
        what = "Its correction" if entry and entry.step == "linked" else "Its registration"
        yield from _of_work(subject, what, row)
    for row in institution.drafts.waiting():
        yield from _of_work(row.doi, "Its reservation", row)


def _of_work(subject: str, what: str, row: Any) -> Iterator[Finding]:
    if row.state == "parked":
        yield Finding(subject, "parked", f"{what} needs a person: {row.reason}")
    elif row.state == "queued" and row.attempts >= STUCK:
        failed = f"{what} has failed {row.attempts} times and is tried again: {row.reason}"
        yield Finding(subject, "stuck", failed)


def _of_policies(institution: Institution) -> Iterator[Finding]:
    """The prefixes that a policy names and the account lacks."""
    try:
        account = institution.registrar.account() or {}
    except HubdoiError:
        return
    owned = account.get("prefixes")
    for policy in institution.policies.all():
        if owned and policy.prefix != institution.registrar.prefix and policy.prefix not in owned:
            yield Finding(
                f"policy {policy.group}",
                "policy",
                f"The account has no prefix {policy.prefix}; set one of {', '.join(owned)}: hubdoi gateway policy set {policy.group} --prefix …",
            )


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
    try:
        institution.hub.whoami()
    except HubdoiError as error:
        yield Finding("HUBDOI_GATEWAY_HUB_TOKEN", "hub-token", error.message)
    if settings.url is None:
        yield Finding(
            "configuration",
            "url",
            "HUBDOI_GATEWAY_URL is not set; set it to the public URL of this gateway, or the DOI of a deleted repository cannot lead to a page here.",
            is_problem=False,
            is_note=True,
        )


def _of_jupyterhub(institution: Institution) -> Iterator[Finding]:
    if institution.jupyterhub is None:
        return
    try:
        told = f"{institution.jupyterhub.api} has version {institution.jupyterhub.version()}."
        yield Finding("JupyterHub", "jupyterhub", told, is_problem=False)
    except HubdoiError as error:
        yield Finding("JupyterHub", "jupyterhub", error.message)


def _of_sign_in(institution: Institution) -> Iterator[Finding]:
    """The providers with which people sign in to the pages, where JupyterHub is none, and show their iDs."""
    settings = institution.settings
    pages = settings.oidc_issuer or (settings.oidc_client and not settings.jupyterhub)
    kinds = ((OpenId, "sign-in", pages), (OrcidSignIn, "ORCID", settings.orcid_client))
    for kind, subject, is_wanted in kinds:
        if not is_wanted:
            continue
        try:
            provider = kind(settings, institution.database)
            provider.check()
            yield Finding(subject, "sign-in", f"{provider.issuer} answers.", is_problem=False)
        except HubdoiError as error:
            yield Finding(subject, "sign-in", error.message)


def _of_mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp is None:
        return
    server = urlsplit(settings.smtp.reveal())
    try:
        with connected(server, SECONDS):
            pass
        told = f"{server.hostname} takes mail from here."
        yield Finding("mail", "mail", told, is_problem=False)
    except smtplib.SMTPAuthenticationError:
        told = f"{server.hostname} does not accept the user name or password; check HUBDOI_GATEWAY_SMTP."
        yield Finding("mail", "mail", told)
    except (OSError, smtplib.SMTPException) as error:
        # What a mail server says may repeat a password.
        reason = getattr(error, "strerror", None) or type(error).__name__
        told = f"{server.hostname} cannot be used for mail ({reason}); check HUBDOI_GATEWAY_SMTP."
        yield Finding("mail", "mail", told)
