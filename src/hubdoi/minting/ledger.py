"""The durable record of consents, intents and versions.

An intent is a row of `versions` whose step is still ``intended``: it is written before a registrar
is asked for anything, with the DOI that it will ask for, so that whatever was interrupted can be
finished with the same DOI (R12). The unique key (repository, revision) stands in the database (R8).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from sys import maxsize
from typing import Any

import sqlalchemy as sa

from ..records import Consent, Doi, Repo, RepoInfo, Terms, Version, parse_moment, show_moment
from ..records.errors import AlreadyRegistered, IdempotencyConflict, LedgerError, already_registered
from . import ledger_queries as queries
from .beside import Beside
from .database import Database
from .entry import Entry
from .ledger_tables import INTENDED, LINKED, metadata
from .ledger_tables import answers as _answers
from .ledger_tables import hand_offs as _hand_offs
from .ledger_tables import repositories as _repositories
from .ledger_tables import schema as _schema
from .ledger_tables import terms as _terms
from .ledger_tables import versions as _versions
from .postgres import lock_tables
from .prepared import Prepared
from .standing import OutOfDate, Standing, standing_of

__all__ = ["Entry", "Ledger", "Tombstone", "record_text"]

SCHEMA_VERSION = 1

# What the row or its neighbours say; it is not repeated in the stored record.
_DERIVED = ("doi", "repo", "revision", "state", "previous", "next", "url", "endpoint", "consent")


@dataclass(frozen=True, slots=True)
class Tombstone:
    """When the repository of a DOI was deleted, and why."""

    deleted: datetime
    reason: str


class Ledger:
    """The ledger in one SQLite database.

    `hub` names the Hub whose repositories these are: its URL, or a name that stays where the URL
    changes with every start. `endpoint` is that Hub's present URL, for the links in versions.

    Raises:
        LedgerError: the database cannot be read or written, or was written by a newer hubdoi.
    """

    def __init__(self, database: Database, *, hub: str, endpoint: str) -> None:
        self.database = database
        self.hub = hub
        self.endpoint = endpoint
        self._known_terms: set[str] = set()
        # Building a statement takes longer than running it: those of every mint are built once.
        self._insert_terms = (
            database.insert(_terms).on_conflict_do_nothing().returning(_terms.c.digest)
        )
        self._insert_answer = database.insert(_answers).on_conflict_do_nothing()
        self._insert_repository = Prepared(
            queries.insert_repository(database), ("hub", "uid", "type", "name")
        )
        self._insert_version = Prepared(queries.insert_version(database), queries.VERSION_COLUMNS)
        self._insert_intent = queries.insert_intent(database) if database.is_postgres else None
        # A ledger that is complete is opened without waiting for those who write to it.
        if not self._is_complete():
            self._create()

    def _is_complete(self) -> bool:
        """Whether every table is there. Raises LedgerError: a newer hubdoi wrote them."""
        with self.database.reading() as db:
            tables = set(sa.inspect(db).get_table_names())
            found = db.scalar(sa.select(_schema.c.version)) if _schema.name in tables else None
        if found is not None and found > SCHEMA_VERSION:
            raise LedgerError(
                "The ledger was written by a newer hubdoi; upgrade with: pip install --upgrade hubdoi"
            )
        return found is not None and tables >= set(metadata.tables)

    def _create(self) -> None:
        with self.database.transaction() as db:
            lock_tables(db)
            _schema.create(db, checkfirst=True)
            if db.scalar(sa.select(_schema.c.version)) is None:
                db.execute(_schema.insert().values(version=SCHEMA_VERSION))
            metadata.create_all(db)

    def assumed(self, *, is_known: bool) -> Standing | None:
        """What to take for the standing of a repository without reading it; None where it has to be read.

        `intend` raises OutOfDate, and everything is undone, if the ledger has something after all.
        """
        can_tell = self._insert_intent is not None
        return Standing(is_assumed=True) if can_tell and not is_known else None

    def transaction(self) -> AbstractContextManager[sa.Connection]:
        """One durable transaction; a nested one joins it."""
        return self.database.transaction()

    # Writing

    def intend(
        self,
        version: Version,
        *,
        uid: str,
        revision_date: datetime,
        terms: Terms,
        standing: Standing | None = None,
        registered: bool = False,
        beside: Beside | None = None,
        answer: tuple[str, Any] | None = None,
    ) -> Entry:
        """Record that `version` is about to be registered, with its consent; or take up the same intent again.

        `standing` is what was read of its repository before, if it was. A new one is `registered`
        at once where the same transaction registers it, and linked if it has no neighbours. What
        is `beside` needs a `standing` that was assumed, and no transaction: the one statement is its own. It
        remembers the `answer` too: the Idempotency-Key and the body of the request.

        Raises:
            AlreadyRegistered: the revision has a registered DOI (R8).
            OutOfDate: `standing` was assumed, and the ledger knows the repository.
        """
        if (
            version.repo is None
            or version.revision is None
            or version.doi is None
            or version.consent is None
        ):
            raise ValueError("an intent names a DOI, a repository, a revision and a consent")
        with self.database.single() if beside else self.transaction() as db:
            standing = standing or self.standing(uid, version.revision)
            date = _in_order(revision_date)
            # Its number will be above all that there are.
            previous, next_ = standing.neighbours((date, maxsize))
            step = "intended"
            if registered:
                step = "registered" if previous or next_ else "linked"
            values = {
                "revision": version.revision,
                "revision_date": date,
                "doi": version.doi.name,
                "doi_key": version.doi.key,
                "step": step,
                "record": record_text(version),
            }
            try:
                repository_id, consent_id, version_id = self._inserted(
                    db, version.repo, uid, version.consent, terms, standing, values, beside, answer
                )
            except sa.exc.IntegrityError as error:
                raise AlreadyRegistered(
                    f"The DOI {version.doi} is already taken by another revision."
                ) from error
            if version_id is not None:
                # As it will be read, without being read.
                stored = self._completed(
                    version,
                    version,
                    previous=previous,
                    next_=next_,
                    created=version.created and _to_the_second(version.created),
                    amended=version.amended and _to_the_second(version.amended),
                    consent=replace(version.consent, at=_to_the_second(version.consent.at)),
                )
                return Entry(version_id, uid, stored, step, repository_id)
            found = {"repository": repository_id, "revision": version.revision}
            row = db.execute(queries.VERSION, found).one()
            if row.step != "intended":
                raise self._refusal(db, row.id)
            said = {"record": values["record"], "consent_id": consent_id}
            db.execute(_versions.update().where(_versions.c.id == row.id).values(said))
            return self._entry(db, row.id)

    def _inserted(
        self,
        db: sa.Connection,
        repo: Repo,
        uid: str,
        consent: Consent,
        terms: Terms,
        standing: Standing,
        values: dict[str, Any],
        beside: Beside | None,
        answer: tuple[str, Any] | None,
    ) -> tuple[int, int, int | None]:
        """The numbers of the repository, the consent and the new version, None when the revision has one."""
        self._keep_terms(db, terms)
        is_new = standing.repository_id is None and standing.reserved is None
        insert = beside.statement if beside else self._insert_intent
        if insert is not None and is_new:
            own = {"hub": self.hub, "uid": uid, "type": repo.type, "name": repo.id}
            new = {**own, **_consent_values(consent), **values}
            if beside:
                key, body = answer or (None, None)
                new = {**new, "key": key, "body": key and _digest(body)}
            given = {f"new_{name}": new[name] for name in new}
            made = insert.first(db, {**given, **(beside.values() if beside else {})})
            if made.repository is not None:
                return made.repository, made.consent, made.version
            # Another process was faster with the repository.
            if standing.is_assumed:
                raise OutOfDate
        repository_id = self._repository_id(db, repo, uid, standing)
        consent_id = self._insert_consent(db, consent)
        ids = {"repository_id": repository_id, "consent_id": consent_id}
        version_id: int | None = self._insert_version.scalar(db, {**ids, **values})
        return repository_id, consent_id, version_id

    def record_hand_off(self, info: RepoInfo, consent: Consent, terms: Terms) -> None:
        """Record the consent to a DOI that a person then generates on the settings page."""
        with self.transaction() as db:
            db.execute(
                _hand_offs.insert().values(
                    hub=self.hub,
                    uid=info.uid,
                    name=str(info.repo),
                    revision=info.revision or "",
                    consent=self.consent_id(db, consent, terms),
                )
            )

    def mark(self, entry: Entry, step: str, beside: Beside | None = None) -> Entry:
        """Record that `entry` is ``registered``, or ``linked`` with its neighbours; `entry` as it is now.

        What is registered and has no neighbours is linked at once, with what is `beside` that.
        """
        with self.transaction() as db:
            values = {"of": entry.id, "to": step}
            if step == "registered" and beside:
                reached = beside.statement.scalar(db, {**values, **beside.values()})
                beside.is_written = reached == "linked"
            else:
                statement = queries.MARK_REGISTERED if step == "registered" else queries.MARK
                reached = statement.scalar(db, values)
            if reached == "registered":
                return self._entry(db, entry.id)
        return replace(entry, step=reached or step)

    def withdraw(self, entry: Entry) -> None:
        """Forget an intent that the registrar refused for good; a registered version never goes (R11)."""
        with self.transaction() as db:
            db.execute(_answers.delete().where(_answers.c.version_id == entry.id))
            db.execute(
                _versions.delete().where(_versions.c.id == entry.id, _versions.c.step == INTENDED)
            )

    def rename(self, uid: str, to: Repo) -> None:
        """The repository has a new name; its DOIs lead there from now on (R10)."""
        with self.transaction() as db:
            db.execute(
                _repositories.update()
                .where(_repositories.c.hub == self.hub, _repositories.c.uid == uid)
                .values(type=to.type, name=to.id)
            )

    def mark_deleted(self, uid: str, *, at: datetime, reason: str) -> None:
        """The repository was deleted; its DOIs lead to a tombstone from now on (R10)."""
        with self.transaction() as db:
            db.execute(
                _repositories.update()
                .where(_repositories.c.hub == self.hub, _repositories.c.uid == uid)
                .values(deleted=show_moment(at), reason=reason)
            )

    def mark_present(self, uid: str) -> None:
        """The repository that was taken for deleted is there; its DOIs lead to it again."""
        with self.transaction() as db:
            db.execute(
                _repositories.update()
                .where(_repositories.c.hub == self.hub, _repositories.c.uid == uid)
                .values(deleted=None, reason=None)
            )

    # Idempotency

    def remember_answer(self, username: str, key: str, body: Any, entry: Entry) -> None:
        """Keep the answer of a mint under its Idempotency-Key, for good."""
        with self.transaction() as db:
            # The same request may have come twice at once; both have the same answer.
            db.execute(
                self._insert_answer,
                {"username": username, "key": key, "body": _digest(body), "version_id": entry.id},
            )

    def answer(self, username: str, key: str, body: Any) -> Entry | None:
        """The version, or the intent, that the same request was answered with before.

        Raises:
            IdempotencyConflict: the key came with another body.
        """
        with self.database.reading() as db:
            row = db.execute(
                sa.select(_answers.c.body, _answers.c.version_id).where(
                    _answers.c.username == username, _answers.c.key == key
                )
            ).first()
            if row is None:
                return None
            if row.body != _digest(body):
                raise IdempotencyConflict(
                    "This Idempotency-Key was used for another request; use a new key for a new request."
                )
            return self._entry(db, row.version_id)

    # Reading

    def standing(self, uid: str, revision: str) -> Standing:
        """What a mint of `revision`, or a status, has to know of a repository, in one statement."""
        with self.database.glancing() as db:
            rows = queries.STANDING.all(db, {"hub": self.hub, "uid": uid, "revision": revision})
        return standing_of(rows, revision, self._version)

    def step_of(self, uid: str, revision: str) -> str | None:
        """How far the mint of `revision` has come, if there is one."""
        with self.database.glancing() as db:
            step: str | None = db.scalar(
                queries.STEP, {"hub": self.hub, "uid": uid, "revision": revision}
            )
            return step

    def versions(self, uid: str) -> tuple[Version, ...]:
        """The registered versions of a repository, newest first, each with its neighbours (R7)."""
        with self.database.glancing() as db:
            rows = db.execute(queries.REGISTERED_OF_UID, {"hub": self.hub, "uid": uid}).all()
        dois = [None, *(Doi(row.doi) for row in rows), None]
        return tuple(
            self._version(row, next_=dois[i], previous=dois[i + 2]) for i, row in enumerate(rows)
        )

    def entry_of(self, uid: str, revision: str) -> Entry | None:
        with self.database.glancing() as db:
            row = db.execute(
                queries.ENTRY_BY_REVISION, {"hub": self.hub, "uid": uid, "revision": revision}
            ).first()
            return self.read(row) if row is not None else None

    def entry(self, version_id: int) -> Entry | None:
        with self.database.glancing() as db:
            row = db.execute(queries.ENTRY_BY_ID, {"id_": version_id}).first()
            return self.read(row) if row is not None else None

    def entry_with(self, doi: Doi) -> Entry | None:
        """The registered version of `doi`, with its number and its repository."""
        with self.database.glancing() as db:
            row = db.execute(
                queries.ENTRY.where(_versions.c.doi_key == doi.key, _versions.c.step != INTENDED)
            ).first()
            return self.read(row) if row is not None else None

    def registered(self, after: int = 0, limit: int = 100) -> tuple[Entry, ...]:
        """The registered versions with a number above `after`, in the order of their numbers."""
        with self.database.glancing() as db:
            rows = db.execute(
                queries.ENTRY.where(
                    _versions.c.id > after,
                    _versions.c.step != INTENDED,
                    _repositories.c.hub == self.hub,
                )
                .order_by(_versions.c.id)
                .limit(limit)
            ).all()
            return tuple(map(self.read, rows))

    def repositories(self, uids: Sequence[str]) -> dict[str, tuple[Repo, bool]]:
        """Those of these Hub's identifiers that it knows: the name, and whether it was deleted."""
        query = sa.select(_repositories).where(
            _repositories.c.hub == self.hub, _repositories.c.uid.in_(uids)
        )
        with self.database.glancing() as db:
            rows = db.execute(query)
            return {row.uid: (Repo(row.type, row.name), row.deleted is not None) for row in rows}

    def version(self, doi: Doi) -> Version | None:
        entry = self.entry_with(doi)
        return entry.version if entry is not None else None

    def versions_of(self, dois: Iterable[Doi]) -> dict[Doi, Version]:
        """The registered versions of many DOIs; those that are not here are left out."""
        found: dict[Doi, Version] = {}
        with self.database.reading() as db:
            for batch in _batches([doi.key for doi in dois], 500):
                rows = db.execute(
                    queries.ENTRY.where(
                        _versions.c.doi_key.in_(batch), _versions.c.step != INTENDED
                    )
                )
                for row in rows:
                    found[Doi(row.doi)] = self.read(row).version
        return found

    def uid_of(self, doi: Doi) -> str | None:
        """The Hub's identifier of the repository that `doi` belongs to."""
        with self.database.glancing() as db:
            uid: str | None = db.scalar(
                sa.select(_repositories.c.uid).join(_versions).where(_versions.c.doi_key == doi.key)
            )
            return uid

    def tombstone(self, doi: Doi) -> Tombstone | None:
        """When and why the repository of `doi` was deleted, if it was."""
        with self.database.glancing() as db:
            row = db.execute(
                sa.select(_repositories.c.deleted, _repositories.c.reason)
                .join(_versions)
                .where(_versions.c.doi_key == doi.key, _repositories.c.deleted.is_not(None))
            ).first()
            return Tombstone(parse_moment(row.deleted), row.reason or "") if row else None

    def dois_of(self, uids: Iterable[str]) -> dict[str, list[tuple[Doi, str]]]:
        """For each repository that has one: its (DOI, revision) pairs, newest first."""
        found: dict[str, list[tuple[Doi, str]]] = {}
        with self.database.reading() as db:
            for batch in _batches(list(uids), 500):
                rows = db.execute(queries.DOIS, {"hub": self.hub, "uids": batch})
                for row in rows:
                    found.setdefault(row.uid, []).append((Doi(row.doi), row.revision))
        return found

    def unfinished(self) -> tuple[Entry, ...]:
        """The intents, and the versions whose neighbours do not point at them yet; oldest first."""
        with self.database.glancing() as db:
            rows = db.execute(
                queries.ENTRY.where(
                    _versions.c.step != LINKED, _repositories.c.hub == self.hub
                ).order_by(_versions.c.id)
            ).all()
            return tuple(map(self.read, rows))

    def terms_text(self, digest: str) -> str | None:
        """The text that a consent's digest stands for."""
        with self.database.glancing() as db:
            text: str | None = db.scalar(sa.select(_terms.c.text).where(_terms.c.digest == digest))
            return text

    def _repository_id(self, db: sa.Connection, repo: Repo, uid: str, standing: Standing) -> int:
        number, known = standing.repository_id, standing.repo
        if number is None:
            inserted = self._insert_repository.scalar(
                db, {"hub": self.hub, "uid": uid, "type": repo.type, "name": repo.id}
            )
            if inserted is not None:
                return int(inserted)
            row = db.execute(queries.REPOSITORY, {"hub": self.hub, "uid": uid}).one()
            number, known = int(row.id), Repo(row.type, row.name)
        if known != repo:
            self.rename(uid, repo)
        return number

    def consent_id(self, db: sa.Connection, consent: Consent, terms: Terms) -> int:
        """Record `consent` to `terms`; the number of its row."""
        self._keep_terms(db, terms)
        return self._insert_consent(db, consent)

    def _keep_terms(self, db: sa.Connection, terms: Terms) -> None:
        if terms.digest not in self._known_terms:
            values = {"digest": terms.digest, "text": terms.text}
            if db.scalar(self._insert_terms, values) is None:
                # Terms never go; those that this transaction adds are known when they are durable.
                self._known_terms.add(terms.digest)

    def _insert_consent(self, db: sa.Connection, consent: Consent) -> int:
        return queries.INSERT_CONSENT.inserted(db, _consent_values(consent))

    def _entry(self, db: sa.Connection, version_id: int) -> Entry:
        return self.read(db.execute(queries.ENTRY_BY_ID, {"id_": version_id}).one())

    def read(self, row: Any) -> Entry:
        """The entry in a row that has the columns of `ENTRY`."""
        previous = Doi(row.previous) if row.previous else None
        next_ = Doi(row.next) if row.next else None
        return Entry(
            row.id,
            row.uid,
            self._version(row, previous=previous, next_=next_),
            row.step,
            row.repository_id,
        )

    def _version(self, row: Any, *, previous: Doi | None, next_: Doi | None) -> Version:
        known = Version(
            doi=Doi(row.doi),
            repo=Repo(row.type, row.name),
            revision=row.revision,
            consent=Consent(row.username, parse_moment(row.at), row.digest),
        )
        record = Version.from_json(json.loads(row.record))
        return self._completed(record, known, previous=previous, next_=next_, consent=known.consent)

    def _completed(
        self,
        record: Version,
        known: Version,
        *,
        previous: Doi | None,
        next_: Doi | None,
        **more: Any,
    ) -> Version:
        """The version with this stored record, of which its row says the rest."""
        assert known.repo
        return record.replace(
            doi=known.doi,
            repo=known.repo,
            revision=known.revision,
            url=known.repo.url(self.endpoint),
            endpoint=self.endpoint,
            state="outdated" if next_ else "current",
            previous=previous,
            next=next_,
            **more,
        )

    def _refusal(self, db: sa.Connection, version_id: int) -> AlreadyRegistered:
        version = self._entry(db, version_id).version
        if version.doi is None or version.revision is None:
            raise LedgerError("The ledger has a version without a DOI; restore it from a backup.")
        return already_registered(version.doi, version.revision, version)


def _in_order(moment: datetime) -> str:
    """A moment as text that sorts by time, whatever zone it was given in."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _to_the_second(moment: datetime) -> datetime:
    """A moment as it is read of what was stored."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _consent_values(consent: Consent) -> dict[str, str]:
    return {"username": consent.by, "at": show_moment(consent.at), "digest": consent.terms}


def record_text(version: Version) -> str:
    """`version` as it is stored, without what its row or its neighbours say."""
    data = version.to_json()
    for name in _DERIVED:
        data.pop(name, None)
    return json.dumps(data, ensure_ascii=False)


def _digest(body: Any) -> str:
    return sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _batches(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
