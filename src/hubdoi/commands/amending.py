"""``amend``, ``reserve``, ``withdraw``: what is done to a DOI before and after its mint."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..records import Message, Terms, Version
from ..records.amendment import Activities
from ..records.errors import ConsentError, ConsentRequired, TermsChanged, UsageError
from ..records.reservation import Reservation
from .context import Context
from .minting import request_body


def amend(arguments: Namespace, context: Context) -> Version | Activities:
    """Show what would change and stop; with ``--agree`` correct it; with ``--history`` what was done."""
    if arguments.test:
        context.session.use("datacite", test=True)
    session, client = context.session, context.session.client
    if arguments.history:
        return client.activities(arguments.reference)
    body = request_body(arguments.body)
    asked: dict[str, Any] = {
        "authors": arguments.authors or body.get("authors"),
        "title": arguments.title or body.get("title"),
        "description": arguments.description
        if arguments.description is not None
        else body.get("description"),
        "access": arguments.access,
    }
    if not any(value is not None and value is not False for value in asked.values()):
        raise UsageError(
            f'Say what to correct, such as: %doi amend {arguments.reference} --title "…"; what was corrected so far: %doi amend {arguments.reference} --history'
        )
    subject = f"amend {arguments.reference}"
    shown = session.take_amendment(subject) if arguments.agree == "" else None
    if shown is None:
        preview = client.preview_amendment(arguments.reference, **asked)
        if arguments.agree != preview.terms.digest:
            context.show(preview)
            # Nobody agrees to what was not shown (R3).
            session.show_amendment(subject, preview.terms)
            raise _not_agreed(arguments.agree, preview.terms, context)
        shown = preview.terms
    try:
        return client.amend(arguments.reference, agree=shown, **asked)
    except TermsChanged as changed:
        # Other values were shown than these; these have to be read first.
        context.show(client.preview_amendment(arguments.reference, **asked))
        if changed.terms:
            session.show_amendment(subject, changed.terms)
        raise


def _not_agreed(agreed: str | None, terms: Terms, context: Context) -> ConsentError:
    """Why nothing was corrected, after it was shown, and how to agree to it."""
    # The next command line is another process: the digest says what was read.
    agree = "--agree" if context.lasting else f"--agree {terms.digest}"
    way = f"read above what would become public; if you agree, run the same command with {agree}"
    if agreed:
        return TermsChanged(f"This is not the correction that you agreed to: {way}", terms)
    return ConsentRequired(f"Nothing was corrected: {way}", terms)


def reserve(arguments: Namespace, context: Context) -> Reservation | Message:
    """Keep a DOI for the next version, or give it up with ``--release``."""
    if arguments.test:
        context.session.use("datacite", test=True)
    client = context.session.client
    if arguments.release:
        found = client.release(arguments.repo)
        return Message(
            f"The DOI {found.doi} is no longer reserved for {found.repo}; remove it from every text that names it.",
            found,
        )
    return client.reserve(arguments.repo)


def withdraw(arguments: Namespace, context: Context) -> Message:
    return context.session.client.withdraw(arguments.repo, arguments.what)
