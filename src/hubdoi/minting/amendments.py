"""Corrections of a registered record: the values change, the DOI never does (R11)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime

from ..records import Consent, Doi, Hub, Person, Repo, RepoInfo, Terms, Version, title_with_revision
from ..records.amendment import (
    Activities,
    Amendment,
    AmendRequest,
    RecordChange,
    changes_between,
)
from ..records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InvalidMetadata,
    ServiceBusy,
)
from ..records.rights import access_statements
from .consent import check_consent
from .ledger import Entry, Ledger
from .ledger_amendments import LedgerAmendments
from .registrar import Registrar
from .rules import check_signed_in, check_write_access

HEADING = "Correcting the public record of the DOI"
"""With what the terms of every correction begin; they repeat its values."""
_TERMS = """\
{heading} {doi}
{repo}, revision {revision}

{changes}

1. The new values become public. They replace the old ones in the record of the DOI, names and identifiers of persons included, and everybody can read them. You confirm that you may publish them.
2. The DOI, the repository and the revision stay as they are. A correction is no new version: to cite changed files, generate a new DOI.
3. The correction is kept. What the record said before, what it says now, when and who corrected it stay on record; copies that others made of the old record may remain.
"""
_HEADINGS = {
    "title": "Title", "authors": "Authors", "description": "Description", "access": "Access",
}  # fmt: skip


class Amendments:
    """The corrections of one service: the same Hub, registrar, ledger and clock as its mints."""

    def __init__(
        self, hub: Hub, registrar: Registrar, ledger: Ledger, clock: Callable[[], datetime]
    ) -> None:
        self.hub = hub
        self.registrar = registrar
        self.ledger = ledger
        self.clock = clock
        self.book = LedgerAmendments(ledger)

    def preview(self, repo: Repo, person: Person | None, request: AmendRequest) -> Amendment:
        """What `request` would change, and the text to agree to. Raises as `DoiService.amend`."""
        entry, info = self.entry(repo, check_signed_in(person, repo), request.doi)
        _check_access(info, request)
        return _preview(entry.version, info.repo, _amended(entry.version, request))

    def amend(
        self,
        repo: Repo,
        person: Person | None,
        request: AmendRequest,
        *,
        key: str | None = None,
    ) -> Version:
        """Correct the record as agreed. Arguments and errors as `DoiService.amend`."""
        signed_in = check_signed_in(person, repo)
        with self.ledger.transaction() if self.registrar.shares_ledger else nullcontext():
            if not self.registrar.shares_ledger:
                self._finish_earlier(repo, signed_in, request)
            number, doi = self.begin(repo, signed_in, request, key=key)
            if number is not None:
                self.finish(number, doi)
        amended = self.ledger.version(doi)
        if amended is None:
            raise DoiNotFound(f"There is no DOI {doi} here; check it for a typing error.")
        return amended

    def begin(
        self, repo: Repo, person: Person, request: AmendRequest, *, key: str | None = None
    ) -> tuple[int | None, Doi]:
        """Check everything and record the correction, durably; `finish` sends it.

        The answer is the number of the correction and its DOI; no number where the same request
        came before under the same Idempotency-Key, or is registered already. Raises as
        `DoiService.amend`, without what the registrar says.

        Raises:
            ServiceBusy: another correction of the record is not registered yet.
        """
        entry, info = self.entry(repo, person, request.doi)
        _check_access(info, request)
        body = {"amend": info.uid, **request.to_json()}
        unsent = self.book.unsent(entry.id)
        is_said = self.says(entry, request)
        if key is not None and (known := self.ledger.answer(person.username, key, body)):
            assert known.version.doi is not None
            # What was refused is asked for again.
            if is_said or not self.book.is_refused(known.id):
                return self.book.unsent(known.id), known.version.doi
        doi = entry.version.doi
        assert doi is not None
        if unsent is not None:
            # The same correction again, whose answer was lost.
            if request.agree and is_said:
                return unsent, doi
            raise ServiceBusy(
                f"What was asked for {doi} before is not registered yet; ask again when it is.", 5.0
            )
        with self.ledger.transaction():
            begun = self.record(entry, info.repo, request, person.username)
            if key is not None:
                self.ledger.remember_answer(person.username, key, body, entry)
        return begun

    def agreed(self, entry: Entry, repo: Repo, request: AmendRequest) -> tuple[Version, Terms]:
        """The corrected record, and the text that was agreed to.

        Raises:
            InvalidMetadata: there is nothing to correct.
            ConsentRequired, TermsChanged: R3.
        """
        amended = _amended(entry.version, request)
        terms = _preview(entry.version, repo, amended).terms
        # The terms repeat the new values, so other values are other terms.
        check_consent(
            request,
            terms,
            missing="Nothing was corrected: read what would become public, and agree to it.",
            changed="The record or the correction has changed since it was shown; read it again before you agree.",
        )
        return amended, terms

    def record(self, entry: Entry, repo: Repo, request: AmendRequest, by: str) -> tuple[int, Doi]:
        """Record the correction that `by` agreed to, durably: its number and DOI. Raises as `agreed`."""
        amended, terms = self.agreed(entry, repo, request)
        now = self.clock()
        consent = Consent(by, now, terms.digest)
        assert amended.doi is not None
        return self.book.intend(entry, amended.replace(amended=now), consent, terms), amended.doi

    def says(self, entry: Entry, request: AmendRequest) -> bool:
        """Whether the record is as `request` wants it."""
        return not changes_between(entry.version, _amended(entry.version, request))

    def _finish_earlier(self, repo: Repo, person: Person, request: AmendRequest) -> None:
        """Send a correction of the same record that was interrupted, before the next one."""
        entry, _ = self.entry(repo, person, request.doi)
        number, doi = self.book.unsent(entry.id), entry.version.doi
        if number is not None and doi and not self.says(entry, request):
            # Where it is refused, the record is not as it was shown, which the consent tells.
            with suppress(AlreadyRegistered, InvalidMetadata):
                self.finish(number, doi)

    def finish(self, number: int, doi: Doi) -> None:
        """Send the correction `number` to the register.

        Raises:
            AlreadyRegistered, InvalidMetadata: it was refused for good, and the record is as before.
            ServiceError: the outcome is unknown; the same call finishes it (R12).
        """
        version = self.ledger.version(doi)
        if version is None:
            raise DoiNotFound(f"The ledger has no entry for {doi}; restore it from a backup.")
        try:
            self.send(number, version)
        except (AlreadyRegistered, InvalidMetadata):
            self.book.withdraw(number)
            raise
        self.book.mark_registered(number)

    def send(self, number: int, version: Version) -> None:
        """Send the record of `version`, with the correction `number`. Raises as `finish`; nothing is noted."""
        try:
            self.registrar.update(version)
        except (AlreadyRegistered, InvalidMetadata):
            # An earlier attempt, whose answer was lost, may have made it public.
            public = self.registrar.find(version.doi) if version.doi else None
            left = {one.name for one in changes_between(public, version)} if public else None
            if left is None or left & {one.name for one in self.book.changes(number)}:
                raise

    def recover(self) -> tuple[Version, ...]:
        """Send the corrections that were interrupted (R12). Raises as `DoiService.recover`."""
        finished: list[Version] = []
        refusal: HubdoiError | None = None
        for number, doi in self.book.unfinished():
            try:
                self.finish(number, doi)
            except (AlreadyRegistered, InvalidMetadata) as error:
                refusal = refusal or error
                continue
            version = self.ledger.version(doi)
            finished += [version] if version else []
        if refusal:
            raise refusal
        return tuple(finished)

    def activities(self, doi: Doi, person: Person | None) -> Activities:
        """The registration and the corrections of `doi`; who made them, for those who can write.

        Raises:
            DoiNotFound: the ledger does not know it.
            RepoNotFound: `person` cannot see its repository.
        """
        entry = self.ledger.entry_with(doi)
        if entry is None or entry.version.repo is None:
            raise DoiNotFound(f"There is no DOI {doi} here; check it for a typing error.")
        can_write = self.hub.info(entry.version.repo, person).can_write
        found = self.book.activities(entry)
        if not can_write:
            found = tuple(
                type(one)(one.doi, one.number, one.action, one.at, one.changes) for one in found
            )
        return Activities(doi, found)

    def entry(self, repo: Repo, person: Person, doi: Doi | None) -> tuple[Entry, RepoInfo]:
        """The registered version that is meant, and its repository, which `person` may write (R2)."""
        info = self.hub.info(repo, person)
        check_write_access(info)
        if doi is None:
            versions = self.ledger.versions(info.uid)
            doi = versions[0].doi if versions else None
            if doi is None:
                raise DoiNotFound(
                    f"{info.repo} has no DOI that was registered here, so there is no record to correct."
                )
        entry = self.ledger.entry_with(doi)
        if entry is None or entry.uid != info.uid:
            raise DoiNotFound(
                f"{doi} is not a DOI of {info.repo} that was registered here; a record is corrected where it was registered."
            )
        return entry, info


def _amended(before: Version, request: AmendRequest) -> Version:
    """`before` with the values that were asked for."""
    after = before
    if request.title is not None:
        # The revision in the title stays the registered one, whatever was typed (R4).
        bare = title_with_revision(request.title, None)
        if not bare:
            raise InvalidMetadata("The title is empty; a record needs one.")
        after = after.replace(title=title_with_revision(bare, before.revision))
    if request.authors is not None:
        after = after.replace(authors=tuple(author.derived() for author in request.authors))
    if request.description is not None:
        after = after.replace(description=request.description.strip() or None)
    if request.access is not None:
        licences = (one for one in after.rights if not one.is_access)
        after = after.replace(rights=(*licences, *access_statements(request.access)))
    return after


def _check_access(info: RepoInfo, request: AmendRequest) -> None:
    """Refuse a gate that the repository does not have.

    Raises:
        InvalidMetadata: it has another one, or the Hub does not say.
    """
    if request.access is not None and request.access != info.access:
        raise InvalidMetadata(
            f"The access of {info.repo} is {info.access or 'not known'} on the Hub, not {request.access}; ask again."
        )


def _preview(before: Version, repo: Repo, after: Version) -> Amendment:
    changes = changes_between(before, after)
    if not changes or before.doi is None:
        raise InvalidMetadata(
            f"There is nothing to correct: the record of {before.doi} says this already."
        )
    return Amendment(before.doi, repo, changes, _terms(before, repo, changes))


def _terms(version: Version, repo: Repo, changes: tuple[RecordChange, ...]) -> Terms:
    shown = "\n\n".join(
        f"{_HEADINGS[change.name]}\n{_indented('before', change.before)}\n{_indented('after', change.after)}"
        for change in changes
    )
    return Terms(
        _TERMS.format(
            heading=HEADING,
            doi=version.doi,
            repo=repo,
            revision=(version.revision or "")[:7],
            changes=shown,
        )
    )


def _indented(label: str, value: str) -> str:
    """`value` beside its label; the lines after the first stand under it."""
    lines = value.splitlines() or ["(nothing)"]
    return "\n".join(
        f"  {label + ':' if not number else '':<8} {line}".rstrip()
        for number, line in enumerate(lines)
    )
