"""What a curator decides: mints, corrections and reservations.

While a mint waits, the ledger has its intent, and no worker takes it. Of the others the request has
what was agreed to, and the ledger gets it with the approval.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from ..minting.ledger import Entry, Ledger
from ..records import Repo, Terms, Version, parse_moment, show_moment
from ..records.errors import InReview, InvalidInput
from ..records.request import RequestKind
from .audit import AuditLog
from .tables import requests
from .work import MOST_REASON, Work

ReviewState = Literal["waiting", "approved", "refused", "withdrawn"]
REMEMBERED = timedelta(days=30)
"""How long a refusal is shown to the researcher."""
JUST_NOW = timedelta(minutes=10)
"""How long a notebook that waits for the decision can read that the request was withdrawn."""
ENDED = ("refused", "withdrawn")
"""How a request ends that comes to nothing."""
_ABOVE_ALL = 2**31 - 1
# One statement for every status, built once.
_LAST = (
    sa.select(requests)
    .where(
        *(getattr(requests.c, name) == sa.bindparam(name) for name in ("revision", "uid", "kind")),
        requests.c.id < sa.bindparam("before"),
    )
    .order_by(requests.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Review:
    """One request: what was asked for (`version`), by whom, and what was decided."""

    id: int
    version_id: int | None
    uid: str
    version: Version
    username: str
    state: ReviewState
    asked: datetime
    decided: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    kind: RequestKind = "mint"

    @property
    def is_recent(self) -> bool:
        """Whether it was decided so lately that who asked is shown it."""
        shown = JUST_NOW if self.state == "withdrawn" else REMEMBERED
        return self.decided is not None and datetime.now(UTC) - self.decided < shown

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "doi": str(self.version.doi),
            "repo": str(self.version.repo),
            "revision": self.version.revision,
            "title": self.version.title,
            "asked_by": self.username,
            "asked": show_moment(self.asked),
            "state": self.state,
            "decided": show_moment(self.decided) if self.decided else None,
            "decided_by": self.decided_by,
            "reason": self.reason,
            "kind": self.kind,
        }


class RequestNotFound(InvalidInput):
    """There is no request of that number."""

    http_status = 404


class Reviews:
    """The requests of one gateway. Each is decided once: a second curator finds it decided.

    `take_turns` lets one transaction at a time be at a repository, or at a revision of it.
    """

    def __init__(
        self, ledger: Ledger, work: Work, audit: AuditLog, take_turns: Callable[[str], None]
    ) -> None:
        self.ledger = ledger
        self.database = ledger.database
        self.work = work
        self.audit = audit
        self.take_turns = take_turns

    def ask(self, entry: Entry, username: str) -> None:
        """Have a curator decide `entry`; with the intent, in the transaction around it.

        What waits already is brought up to date.
        """
        with self.database.transaction():
            self.work.hold(entry, username)
            self.put("mint", entry.version, username, uid=entry.uid, version_id=entry.id)

    def put(
        self,
        kind: RequestKind,
        version: Version,
        username: str,
        *,
        uid: str,
        version_id: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Review:
        """Keep the request of `username` for `version`, and tell the curators; in a transaction.

        What waits already is brought up to date. `details` are for `taken`.

        Raises:
            InvalidInput: somebody else's request for the same waits already.
        """
        assert version.repo and version.doi
        revision = version.revision or ""
        values = {
            "record": json.dumps(version.replace(consent=None).to_json(), ensure_ascii=False),
            "details": json.dumps(details, ensure_ascii=False) if details is not None else None,
        }
        with self.database.transaction() as db:
            last = self.last(uid, revision, kind)
            if last is not None and last.state == "waiting":
                if last.username != username:
                    raise InvalidInput(another_waits(last))
                db.execute(requests.update().where(requests.c.id == last.id).values(values))
                return self.get(last.id)
            number = db.scalar(
                requests.insert()
                .values(
                    version_id=version_id,
                    uid=uid,
                    repo=str(version.repo),
                    revision=revision,
                    doi=version.doi.name,
                    username=username,
                    state="waiting",
                    asked=show_moment(datetime.now(UTC)),
                    kind=kind,
                    **values,
                )
                .returning(requests.c.id)
            )
            self.work.notices.add("request", str(version.doi), number)
            return self.get(int(number or 0))

    def taken(self, number: int, by: str, reason: str | None) -> tuple[Review, dict[str, Any]]:
        """Approve a request that has no intent: the decision, and its details. Raises as `decide`."""
        with self.database.transaction() as db:
            details = db.scalar(sa.select(requests.c.details).where(requests.c.id == number))
            return self.decide(number, "approved", by, reason), json.loads(details or "{}")

    def get(self, number: int) -> Review:
        """The request with that number.

        Raises:
            RequestNotFound: there is none.
        """
        with self.database.glancing() as db:
            row = db.execute(sa.select(requests).where(requests.c.id == number)).first()
        if row is None:
            raise RequestNotFound(f"There is no request {number}; look at the queue again.")
        return _review(row)

    def all(self, state: ReviewState | None = None, *, limit: int = 500) -> tuple[Review, ...]:
        """The requests in `state`: those that wait oldest first, the others newest first."""
        query = sa.select(requests).limit(limit)
        if state:
            query = query.where(requests.c.state == state)
        order = requests.c.id if state == "waiting" else requests.c.id.desc()
        with self.database.glancing() as db:
            return tuple(map(_review, db.execute(query.order_by(order))))

    def names(self, reviews: Sequence[Review]) -> dict[int, Repo]:
        """What the repository of each request is called now, as far as the ledger was told of it."""
        known = self.ledger.repositories([review.uid for review in reviews])
        found = {}
        for review in reviews:
            assert review.version.repo
            found[review.id] = known.get(review.uid, (review.version.repo, False))[0]
        return found

    def decided(self) -> tuple[Review, ...]:
        """The latest decisions, newest first."""
        query = sa.select(requests).where(requests.c.state != "waiting").limit(50)
        order = (requests.c.decided.desc(), requests.c.id.desc())
        with self.database.glancing() as db:
            return tuple(map(_review, db.execute(query.order_by(*order))))

    def count_waiting(self) -> int:
        """How many there are that wait, also where `all` gives the first of them."""
        query = sa.select(sa.func.count()).where(requests.c.state == "waiting")
        with self.database.glancing() as db:
            return db.scalar(query) or 0

    def waiting_of(
        self, username: str, repo: Repo | str, kind: RequestKind | None = None
    ) -> tuple[Review, ...]:
        """What `username` asked for a repository, and nobody decided; oldest first.

        The repository is given by its uid, or by the name that it had then.
        """
        query = sa.select(requests).where(
            requests.c.state == "waiting",
            requests.c.username == username,
            requests.c.uid == repo if isinstance(repo, str) else requests.c.repo == str(repo),
        )
        if kind:
            query = query.where(requests.c.kind == kind)
        with self.database.glancing() as db:
            return tuple(map(_review, db.execute(query.order_by(requests.c.id))))

    def last(
        self, uid: str, revision: str, kind: RequestKind = "mint", *, before: int | None = None
    ) -> Review | None:
        """The latest request of a kind for a revision, or the latest below the number `before`.

        A reservation has the revision "".
        """
        named = {"revision": revision, "uid": uid, "kind": kind, "before": before or _ABOVE_ALL}
        with self.database.glancing() as db:
            row = db.execute(_LAST, named).first()
        return _review(row) if row else None

    def approve(
        self,
        number: int,
        by: str,
        *,
        check: Callable[[Entry], None],
        change: Callable[[Version], Version] | None = None,
        reason: str | None = None,
    ) -> Review:
        """Let the workers register it, with what `change` makes of its metadata.

        `check` looks once more whether the DOI may be minted.

        Raises:
            InvalidInput: it is decided already.
            Whatever `check` and `change` raise; then it goes on waiting.
        """
        entry = self._entry(self.get(number))
        # The Hub is asked before anything is locked.
        check(entry)
        with self.database.transaction():
            review = self.decide(number, "approved", by, reason)
            entry = self._entry(review)
            if change is not None:
                entry = self._changed(entry, change(entry.version))
            self.work.add(entry)
            self.audit.add(by, "approved", str(entry.version.doi), reason)
        return review

    def refuse(self, number: int, by: str, reason: str) -> Review:
        """Refuse it, so that it can be asked for again, better; nothing was sent to DataCite.

        Raises:
            InvalidInput: it is decided already, or no reason is given.
        """
        if not reason.strip():
            raise InvalidInput("Give a reason; the researcher reads it.")
        return self._end(number, "refused", by, reason.strip()[:MOST_REASON])

    def withdraw(self, number: int, by: str) -> Review:
        """Take a request back, because who asked, `by`, wants it; nothing was sent to DataCite.

        Raises:
            InvalidInput: it is decided already.
        """
        return self._end(number, "withdrawn", by, None)

    def _end(self, number: int, state: ReviewState, by: str, reason: str | None) -> Review:
        """Decide that nothing comes of it; the intent goes, and no worker can take it any more."""
        with self.database.transaction():
            review = self.decide(number, state, by, reason)
            if review.kind == "mint":
                entry = self._entry(review)
                self.work.drop(entry)
                self.ledger.withdraw(entry)
            self.audit.add(by, state, str(review.version.doi), reason)
        return review

    def decide(self, number: int, state: ReviewState, by: str, reason: str | None) -> Review:
        """Note the decision; one of two people at the same time finds it made."""
        with self.database.transaction() as db:
            asked = self.get(number)
            # Nobody brings what waits up to date in between.
            revision = f" {asked.version.revision}" if asked.kind == "mint" else ""
            self.take_turns(f"{asked.uid}{revision}")
            done = db.execute(
                requests.update()
                .where(requests.c.id == number, requests.c.state == "waiting")
                .values(
                    state=state,
                    decided=show_moment(datetime.now(UTC)),
                    decided_by=by,
                    reason=reason,
                    # What was agreed to is in the ledger now, or counts no more.
                    details=None,
                )
            )
            review = self.get(number)
            if not done.rowcount:
                raise InvalidInput(
                    f"Request {number} was {review.state} by {review.decided_by} already; nothing was changed."
                )
            return review

    def _entry(self, review: Review) -> Entry:
        entry = self.ledger.entry(review.version_id) if review.version_id else None
        if entry is None or (review.state in ENDED and entry.step != "intended"):
            raise InvalidInput(
                f"Request {review.id} was {review.state} already; nothing was changed."
            )
        return entry

    def _changed(self, entry: Entry, version: Version) -> Entry:
        consent = version.consent
        assert consent is not None
        terms = Terms(self.ledger.terms_text(consent.terms) or "")
        return self.ledger.intend(
            version, uid=entry.uid, revision_date=version.created or consent.at, terms=terms
        )


def waits(review: Review, institution: str) -> str:
    """What a researcher reads while it waits, in the same words wherever that is noticed."""
    return f"The request for {asked_for(review)} was sent to {institution} on {review.asked:%Y-%m-%d} and is waiting for a decision. {STAYS[review.kind]} until it is approved."


def in_review(review: Review, institution: str) -> InReview:
    """The answer to who asks, while it waits."""
    return InReview(f"{waits(review, institution)} The status shows what is decided.")


def another_waits(review: Review) -> str:
    """What somebody else reads who asks for the same."""
    return f"Another request for {asked_for(review)} is waiting for a decision; ask again when it is decided."


def being_registered(review: Review) -> InReview:
    """What a researcher reads between the approval and the registration."""
    return InReview(
        f"The request for {asked_for(review)} was approved and is being registered. The status shows it in a minute."
    )


def withdrawn_sentence(review: Review) -> str:
    """What who asked reads when it is taken back."""
    return f"The request for {asked_for(review)} was withdrawn. {STAYS[review.kind]}."


def refusal_sentence(review: Review, institution: str) -> str:
    """What a researcher reads after a refusal."""
    again = "mint" if review.kind == "mint" else "ask"
    return f"{institution} refused the request for {asked_for(review)}: {_sentence(review.reason or '')} Correct that, then {again} again."


def notice_of(review: Review, institution: str) -> str | None:
    """What who asked has to know of `review`: that it waits, or that it was refused lately."""
    if review.state == "waiting":
        return waits(review, institution)
    if review.state == "refused" and review.is_recent:
        return refusal_sentence(review, institution)
    return None


def asked_for(review: Review) -> str:
    """What a request is for, in a few words."""
    version = review.version
    return {
        "mint": f"a DOI for revision {(version.revision or '')[:7]}",
        "correction": f"a correction of {version.doi}",
        "reservation": f"a reserved DOI for {version.repo}",
    }[review.kind]


STAYS: dict[RequestKind, str] = {
    "mint": "Nothing is registered",
    "correction": "The record stays as it is",
    "reservation": "Nothing is reserved",
}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _review(row: Any) -> Review:
    return Review(
        row.id,
        row.version_id,
        row.uid,
        Version.from_json(json.loads(row.record)),
        row.username,
        row.state,
        parse_moment(row.asked),
        parse_moment(row.decided) if row.decided else None,
        row.decided_by,
        row.reason,
        row.kind,
    )
