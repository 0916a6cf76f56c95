"""``status``, ``history``, ``mint``, ``regenerate``, ``recover``, ``request``."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ..records import (
    History,
    Message,
    Offer,
    Repo,
    Status,
    Statuses,
    Terms,
    Version,
    errors,
    parse_reference,
)
from ..records.errors import (
    ConsentError,
    ConsentRequired,
    HandOff,
    HubdoiError,
    InvalidMetadata,
    ServiceUnreachable,
    TermsChanged,
    UsageError,
    WriteAccessRequired,
)
from ..records.findings import Findings
from ..records.repo import RepoReference
from .context import Context


def status(arguments: Namespace, context: Context) -> Status | Statuses:
    """One card, or a table of many."""
    client = context.session.client
    if arguments.owner:
        owned = client.statuses(owner=arguments.owner, progress=context.interactive)
        return Statuses(dict(owned.items()))
    if not arguments.repos:
        raise UsageError("Name a repository, such as: %doi status ada/tiny-bert")
    if len(arguments.repos) > 1:
        return _statuses(arguments.repos, context)
    found = client.status(arguments.repos[0])
    if found.state == "behind" or (arguments.changes and found.doi):
        try:
            found = found.replace(changes=client.changes(found))
        except ServiceUnreachable:
            # What was seen before is shown without network; the changes nobody asked for can wait.
            if arguments.changes:
                raise
    return found


def _statuses(names: list[str], context: Context) -> Statuses:
    """One row for each name in its order; a name that cannot be read is a failing row as well."""
    client = context.session.client
    asked: dict[str, Repo | HubdoiError] = {}
    for name in names:
        try:
            asked[name] = _reference(name, context).repo
        except HubdoiError as error:
            asked[name] = error
    readable = [repo for repo in asked.values() if isinstance(repo, Repo)]
    found = client.statuses(readable, progress=context.interactive and len(readable) > 5)
    rows: dict[Repo | str, Status | Exception] = {}
    for name, repo in asked.items():
        if isinstance(repo, Repo):
            rows[repo] = found[repo]
        else:
            rows[name] = repo
    return Statuses(rows)


def history(arguments: Namespace, context: Context) -> History:
    return context.session.client.history(arguments.repo)


def mint(arguments: Namespace, context: Context) -> Version:
    """Show the terms and stop; or, with ``--agree``, mint."""
    return _mint(arguments, context, again=False)


def regenerate(arguments: Namespace, context: Context) -> Version:
    """As `mint`, for a repository that has a DOI already."""
    return _mint(arguments, context, again=True)


def recover(arguments: Namespace, context: Context) -> Message:
    if arguments.test:
        context.session.use("datacite", test=True)
    finished = context.session.client.recover()
    if not finished:
        return Message("Nothing was interrupted: every mint is finished.", ())
    dois = ", ".join(str(version.doi) for version in finished)
    return Message(f"Finished: {dois}.", finished)


def doctor(arguments: Namespace, context: Context) -> Findings:
    """Check what a mint needs, each finding with the way out."""
    if arguments.test:
        context.session.use("datacite", test=True)
    return context.session.client.doctor(arguments.repo)


def request(arguments: Namespace, context: Context) -> Message:
    answer = context.session.client.request_support(
        arguments.repo, arguments.action, reason=arguments.reason, to=arguments.to
    )
    return Message(f"Your request was sent to support, number {answer.get('number')}.", answer)


def _mint(arguments: Namespace, context: Context, *, again: bool) -> Version:
    if arguments.test:
        context.session.use("datacite", test=True)
    session, client = context.session, context.session.client
    reference = _reference(arguments.repo, context)
    revision = arguments.revision or reference.revision
    body = request_body(arguments.body)
    metadata = {
        "authors": arguments.authors or body.get("authors"),
        "title": arguments.title or body.get("title"),
        "description": arguments.description or body.get("description"),
    }
    agreed = None
    if arguments.agree == "" and (shown := session.shown_terms(reference.repo, revision)):
        agreed, before = shown
        # What was shown is registered, also when the options are not repeated (R4).
        metadata = {name: value or before[name] for name, value in metadata.items()}
    if agreed is None:
        status = client.status(reference.repo)
        repo = status.repo
        if again and status.state == "unregistered":
            raise UsageError(
                f"{repo} has no DOI yet; the first one is generated with: %doi mint {repo}"
            )
        if status.obstacle and not revision:
            # What stands in the way is said before anybody reads terms for nothing.
            _refuse(status)
        terms = client.terms(repo, revision=revision)
        if arguments.agree != terms.digest:
            _show(client.offer(repo, revision=revision, **metadata), metadata, context)
            raise _not_agreed(arguments, terms, again, context)
        agreed = terms
    try:
        return client.mint(reference.repo, agree=agreed, revision=revision, **metadata)
    except TermsChanged as changed:
        if changed.terms:
            _show(client.offer(reference.repo, revision=revision, **metadata), metadata, context)
        raise
    except HandOff as handed:
        if not arguments.wait:
            raise
        context.show(Message(handed.message, handed.settings_url))
        version = client.wait_for_doi(
            reference.repo,
            revision=revision,
            timeout=arguments.timeout,
            progress=lambda sentence: context.show(Message(sentence)),
        )
        if version is None:
            raise
        return version


def _show(offer: Offer, metadata: Mapping[str, Any], context: Context) -> None:
    """Show what would be registered and the terms, and remember that they were shown."""
    context.show(offer)
    context.session.show_terms(offer.terms, metadata)


def _not_agreed(arguments: Namespace, terms: Terms, again: bool, context: Context) -> ConsentError:
    """Why nothing was generated, after the terms were shown, and how to agree to them."""
    words = ["%doi", "regenerate" if again else "mint", arguments.repo]
    revision = arguments.revision
    if not context.lasting and terms.shown:
        # The next command line is another process: the digest and the revision say what was read.
        revision = (terms.shown.revision or "")[:12]
        words += _metadata_options(arguments)
    if revision:
        words += ["--revision", revision]
    if arguments.test:
        words.append("--test")
    words.append("--agree" if context.lasting else f"--agree {terms.digest}")
    agree = " ".join(words)
    way = f"read the above; if you agree to the terms, run: {agree}"
    if arguments.agree:
        return TermsChanged(f"These are not the terms that you agreed to: {way}", terms)
    if arguments.agree == "":
        return ConsentRequired(
            f"Nothing was generated, because the terms had not been shown yet: {way}", terms
        )
    return ConsentRequired(f"Nothing was generated: {way}", terms)


def _metadata_options(arguments: Namespace) -> list[str]:
    """The metadata on the command line, as options of the next one."""
    given = [("--author", author) for author in arguments.authors or ()]
    given += [("--title", arguments.title), ("--description", arguments.description)]
    return [word for name, value in given if value for word in (name, shlex.quote(value))]


def _refuse(status: Status) -> None:
    """Raise what a mint would be refused with."""
    version = status.version_of(status.head) if status.head else None
    if status.obstacle_code == "AlreadyRegistered" and version and version.doi and version.revision:
        raise errors.already_registered(version.doi, version.revision, version)
    refusal = getattr(errors, status.obstacle_code or "", WriteAccessRequired)
    way = f" To ask for something else, take it back first: %doi withdraw {status.repo}"
    raise refusal(f"{status.obstacle}{way if 'mint' in status.waiting else ''}")


def _reference(text: str, context: Context) -> RepoReference:
    client = context.session.client
    named = parse_reference(text, endpoint=client.endpoint)
    if isinstance(named, RepoReference):
        return named
    version = client.resolve(named)
    if version.repo is None:
        raise UsageError(f"{named} is not the DOI of a repository on a Hub.")
    return RepoReference(Repo(version.repo.type, version.repo.id))


def request_body(body: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The YAML body of ``%%doi mint``: ``authors``, ``title``, ``description``."""
    known = ("authors", "title", "description")
    for key in body or {}:
        if key not in known:
            raise InvalidMetadata(
                f"The body has no {str(key)[:60]!r}; its keys are {', '.join(known)}."
            )
    return body or {}
