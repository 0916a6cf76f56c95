"""``status``, ``history``, ``mint``, ``regenerate``, ``recover``, ``request``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ..records import History, Message, Repo, Status, Statuses, Version, errors, parse_reference
from ..records.errors import (
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
    return Message(f"Support has your request, number {answer.get('number')}.", answer)


def _mint(arguments: Namespace, context: Context, *, again: bool) -> Version:
    if arguments.test:
        context.session.use("datacite", test=True)
    session, client = context.session, context.session.client
    reference = _reference(arguments.repo, context)
    shown = session.take_shown_terms(reference.repo) if arguments.agree else None
    status = None if shown else client.status(reference.repo)
    repo = status.repo if status else reference.repo
    if again and status and status.state == "unregistered":
        raise UsageError(
            f"{repo} has no DOI yet; the first one is generated with: %doi mint {repo}"
        )
    if shown is None and status:
        if status.terms is None:
            raise ConsentRequired(f"There are no terms to agree to for {repo}.")
        if status.obstacle and not arguments.revision:
            # What stands in the way is said before anybody reads terms for nothing.
            _refuse(status)
        context.show(status.terms)
        shown = status.terms
        if not arguments.agree:
            session.show_terms(repo, shown)
            command = "regenerate" if again else "mint"
            raise ConsentRequired(
                f"Nothing was generated: read the terms above; if you agree to them, run: %doi {command} {repo} --agree",
                shown,
            )
    body = request_body(arguments.body)
    try:
        return client.mint(
            reference.repo,
            agree=shown,
            authors=arguments.authors or body.get("authors"),
            revision=arguments.revision or reference.revision,
            title=arguments.title or body.get("title"),
            description=arguments.description or body.get("description"),
        )
    except TermsChanged as changed:
        if changed.terms:
            context.show(changed.terms)
            session.show_terms(repo, changed.terms)
        raise
    except HandOff as handed:
        if not arguments.wait:
            raise
        context.show(Message(handed.message, handed.settings_url))
        version = client.wait_for_doi(
            repo,
            revision=arguments.revision,
            timeout=arguments.timeout,
            progress=lambda sentence: context.show(Message(sentence)),
        )
        if version is None:
            raise
        return version


def _refuse(status: Status) -> None:
    """Raise what a mint would be refused with."""
    version = status.version_of(status.head) if status.head else None
    if status.obstacle_code == "AlreadyRegistered" and version and version.doi and version.revision:
        raise errors.already_registered(version.doi, version.revision, version)
    refusal = getattr(errors, status.obstacle_code or "", WriteAccessRequired)
    raise refusal(status.obstacle)


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
