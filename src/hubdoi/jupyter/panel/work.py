"""What a panel asks the client for, on threads, so that the kernel stays free."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, RLock, Thread
from time import time
from typing import TYPE_CHECKING
from uuid import uuid4

from ...identity import LookUp, Match
from ...minting.consent import shown_at
from ...net.operation import operation
from ...records import Author, Status, Version
from ...records.errors import (
    AlreadyRegistered,
    ConsentError,
    HandOff,
    HubdoiError,
    InReview,
    InvalidMetadata,
)
from ...records.request import RequestKind
from .cited import write_citations
from .correction import Correction
from .draft import Draft
from .form import Form
from .preview import read_preview
from .state import PanelState

if TYPE_CHECKING:
    from ...client import Client


_log = logging.getLogger(__name__)
_GOES_ON = "This panel continues by itself."


class PanelWork:
    """The state of one panel, and everything that changes it.

    `changed` is called with the state before and after, one change at a time, from whichever
    thread brought it; `lock` is held while it runs.
    """

    def __init__(
        self, client: Client, state: PanelState, changed: Callable[[PanelState, PanelState], None]
    ) -> None:
        self.client = client
        self.state = state
        self.lock = RLock()
        self._changed = changed
        self._asked = 0
        self._revalidating = self._again = False
        self._watching = Event()
        self.names = LookUp(client.config)
        self._looked_up = 0
        self._looking = Lock()
        self._style = client.config.style or ""

    def update(self, change: Callable[[PanelState], PanelState]) -> bool:
        """Make `change` of the state; whether there was anything to change."""
        with self.lock:
            before = self.state
            self.state = change(before)
            if self.state == before:
                return False
            self._changed(before, self.state)
            return True

    # What a person does

    def open(self, repo: str) -> None:
        """Look at another repository."""
        self.stop_watching()
        self.update(lambda state: PanelState(repo=repo, form=Form(serial=state.form.serial)))
        self.load()

    def load(self) -> None:
        """Ask for the status; an answer that a later question has overtaken is dropped."""
        self.update(lambda state: state.loading())
        self._load()

    def revalidate(self) -> None:
        """Ask again in the background: what is on the screen is left alone where it is still true.

        While an answer is waited for, any number of these ask once more after it.
        """
        if not self._is_at_rest or not self.state.repo:
            return
        with self.lock:
            self._again = True
            if self._revalidating:
                return
            self._revalidating = True
        self._on_thread(self._revalidate)

    def edit(self, form: Form) -> None:
        """Take what a person wrote; another revision is looked up."""
        asked = self.state.form.revision
        self.update(lambda state: state.edited(form))
        if self.state.form.revision != asked:
            self._on_thread(self._preview)

    def begin(self) -> bool:
        """Mint, unless a mint is under way or something is missing; whether it began."""
        with self.lock:
            was_minting = self.state.phase == "minting"
            self.update(lambda state: state.began(str(uuid4())))
            began = self.state.phase == "minting" and not was_minting
        if began:
            self._on_thread(self._mint)
        return began

    def withdraw(self, kind: RequestKind) -> None:
        """Take back what waits for an institution's decision."""
        with self.lock:
            began = self.update(lambda state: state.withdraw_began(kind))
        if began:
            self.stop_watching()
            self._on_thread(lambda: self._withdraw(kind))

    def correct(self) -> None:
        """Fill the form with the registered record."""
        self.update(lambda state: state.correcting())

    def stop_correcting(self) -> None:
        """Go back to what was on the screen before."""
        if self.state.phase == "open" and self.update(lambda state: state.uncorrected()):
            self._on_thread(self._preview)

    def propose(self) -> None:
        """Ask what the correction would change."""
        self._amend_on_thread(lambda state: state.proposing(), self._propose)

    def amend(self) -> None:
        """Correct the record as it was agreed to."""
        self._amend_on_thread(lambda state: state.amend_began(), self._amend)

    def retry(self) -> None:
        """Do again what failed."""
        if self.state.retry == "mint":
            self.begin()
        elif self.state.retry == "amend":
            self.amend()
        else:
            self.load()

    def ask_again(self) -> None:
        """The page showed other terms or another revision than count now: nothing is agreed to."""
        sentence = "This panel changed while you agreed. Read it again, then tick the box."
        self.update(lambda state: state.unticked().noticed(sentence, "warn"))

    def cite(self, style: str) -> None:
        """Write the text of the citation in another style."""
        self._style = style
        self._on_thread(self._cite)

    def me(self) -> tuple[Draft | None, str]:
        """Who is signed in, as an author, or why that is not known; this waits for the Hub."""
        try:
            person = self.client.whoami()
        except HubdoiError as error:
            return None, error.message
        if person is None:
            return None, "Nobody is signed in. Sign in with: hf auth login, or set HF_TOKEN."
        return Draft.of(Author.person(person.full_name or person.username)), ""

    def look_up(self, kind: str, text: str, done: Callable[[tuple[Match, ...], str], None]) -> None:
        """Give `done` the people or organisations that `text` may mean, or why there are none.

        One is looked up at a time; what a later one has overtaken is not asked for at all.
        """
        with self.lock:
            self._looked_up += 1
            mine = self._looked_up

        def look() -> None:
            with self._looking:
                if mine != self._looked_up:
                    return
                try:
                    found, said = self.names.find(kind, text), ""
                except HubdoiError as error:
                    found, said = (), error.message
            done(found, said)

        self._on_thread(look)

    def on_thread(self, work: Callable[[], None]) -> None:
        """Do something that waits for the network; what goes wrong is told in the panel."""
        self._on_thread(work)

    def stop_watching(self) -> None:
        """Wait for a hand-off's DOI no longer."""
        self._watching.set()

    # What the threads do

    def _load(self) -> None:
        asked = self._next()
        self._on_thread(lambda: self._read(asked))

    def _revalidate(self) -> None:
        try:
            while asked := self._next_quiet():
                self._read(asked, quietly=True)
        except Exception:
            self._revalidating = False
            raise

    def _next_quiet(self) -> int:
        """The number of the next look again; 0 where none is asked for, or something has begun that
        ends with a question of its own, which this must not overtake."""
        with self.lock:
            self._revalidating, self._again = self._again and self._is_at_rest, False
            return self._next() if self._revalidating else 0

    @property
    def _is_at_rest(self) -> bool:
        return self.state.phase in ("open", "failed")

    def _next(self) -> int:
        """The number of a question; the answers to earlier ones are dropped."""
        with self.lock:
            self._asked += 1
            return self._asked

    def _read(self, asked: int, *, quietly: bool = False) -> None:
        try:
            # A mint that a closed kernel left behind is finished before the status is read (R12).
            self.client.recover()
        except HubdoiError as error:
            _log.debug("an interrupted mint was not finished: %s", error.message)
        try:
            status = self.client.status(self.state.repo)
        except HubdoiError as error:
            failure = error
            if not quietly:
                self._answer(asked, lambda state: state.load_failed(failure))
            return
        at = time()
        if self._answer(
            asked,
            lambda state: state.revalidated(status, at) if quietly else state.loaded(status, at),
        ):
            self._compare(status)
            self._preview()
            self._cite()
            self._await_review(status)

    def _answer(self, asked: int, change: Callable[[PanelState], PanelState]) -> bool:
        with self.lock:
            return asked == self._asked and self.update(change)

    def _preview(self) -> None:
        """What the Hub says of the revision of the form, unless that is known."""
        state = self.state
        if state.status is None or not state.shows_authors or state.preview is not None:
            return
        try:
            found = read_preview(self.client, state.status, state.form.revision)
        except HubdoiError as error:
            _log.debug("the preview cannot be read: %s", error.message)
            return
        self.update(lambda state: state.previewed(found))

    def _cite(self) -> None:
        """The citation in the chosen style, unless that is on the screen."""
        status, style = self.state.status, self._style
        version = status.version if status else None
        if version is None:
            return
        cited = self.state.cited
        if cited and (cited.version, cited.style) == (version, style):
            return
        try:
            found = write_citations(self.client, version, style)
        except HubdoiError as error:
            _log.debug("the citation cannot be written: %s", error.message)
            return
        if style == self._style:
            self.update(lambda state: state.wrote(found))

    def _compare(self, status: Status) -> None:
        if status.state != "behind":
            return
        try:
            changes = self.client.changes(status)
        except HubdoiError as error:
            _log.debug("the changes cannot be read: %s", error.message)
            return
        self.update(lambda state: state.compared(changes))

    def _await_review(self, status: Status) -> None:
        """Go on waiting where an institution decides a request of before this panel was opened."""
        if status.obstacle_code == InReview.__name__ and status.obstacle:
            told = f"{status.obstacle} {_GOES_ON}"
            self.update(lambda state: state.handed_off(told))
            self._watch(status, told)

    def _mint(self) -> None:
        attempt, status = self.state.attempt, self.state.status
        if attempt is None or status is None:
            return
        self._step(f"Sending your consent and the authors to {self.client.endpoint}")
        try:
            version = self.client.mint(
                status.repo,
                agree=shown_at(attempt.terms, attempt.revision),
                authors=attempt.authors,
                revision=attempt.revision,
                title=attempt.title,
                description=attempt.description,
                idempotency_key=attempt.key,
            )
        except HandOff as handed:
            sentence = handed.message
            if isinstance(handed, InReview):
                told = f"{sentence} {_GOES_ON}"
                self.update(lambda state: state.asked(told))
                self._watch(status, told)
            else:
                self.update(lambda state: state.handed_off(sentence))
                self._watch(status)
        except AlreadyRegistered as error:
            failure = error
            self.update(lambda state: state.mint_failed(failure))
            self._load()
        except ConsentError as error:
            changed = error
            self.update(lambda state: state.mint_failed(changed))
            # The latest commit may be another one as well.
            self.revalidate()
        except HubdoiError as error:
            refusal = error
            self.update(lambda state: state.mint_failed(refusal))
        else:
            self._minted(version)

    def _minted(self, version: Version) -> None:
        self._step(f"Reading what was registered as {version.doi}")
        self.update(lambda state: state.minted_as(version))
        self._load()

    def _withdraw(self, kind: RequestKind) -> None:
        try:
            told = self.client.withdraw(self.state.repo, kind).text
        except HubdoiError as error:
            failure = error
            self.update(lambda state: state.withdraw_failed(failure))
        else:
            self.update(lambda state: state.withdrawn(told))
            self._load()

    def _amend_on_thread(
        self, begin: Callable[[PanelState], PanelState], work: Callable[[Correction], None]
    ) -> None:
        """Begin a part of a correction, once however often the button is pressed, and do it."""

        def guarded(correction: Correction) -> None:
            try:
                work(correction)
            except HubdoiError as error:
                failure = error
                self.update(lambda state: state.amend_failed(failure))
                if isinstance(error, ConsentError):
                    # The record may say something else by now.
                    self.revalidate()

        with self.lock:
            was_amending = self.state.phase == "amending"
            self.update(begin)
            correction = self.state.correction
            began = self.state.phase == "amending" and not was_amending
        if began and correction:
            found = correction
            self._on_thread(lambda: guarded(found))

    def _propose(self, correction: Correction) -> None:
        values = correction.values(self.state.form)
        if not values:
            raise InvalidMetadata(
                "Nothing has changed yet. Change a field, then review the correction."
            )
        amendment = self.client.preview_amendment(correction.doi, **values)
        self.update(lambda state: state.proposed(amendment))

    def _amend(self, correction: Correction) -> None:
        try:
            version = self.client.amend(
                correction.doi,
                agree=correction.amendment.terms if correction.amendment else None,
                idempotency_key=correction.key,
                **correction.values(self.state.form),
            )
        except InReview as handed:
            sentence = handed.message
            self.update(lambda state: state.amendment_asked(sentence))
        else:
            self.update(lambda state: state.amended(version))
        self._load()

    def _watch(self, status: Status, told: str | None = None) -> None:
        """Wait for the DOI; while nothing is wrong, `told` says for what, or else the backend."""
        self._watching = cancel = Event()
        waiting: str | None = None

        def say(sentence: str) -> None:
            nonlocal waiting
            waiting = waiting or sentence
            self._progress(cancel, told if told and sentence == waiting else sentence)

        try:
            version = self.client.wait_for_doi(
                status.repo,
                revision=status.head,
                progress=say,
                cancel=cancel,
            )
        except HubdoiError as error:
            failure = error
            if not cancel.is_set():
                self.update(lambda state: state.mint_failed(failure))
            return
        if version is None:
            self.update(lambda state: state.stopped_watching())
        else:
            self._minted(version)

    def _progress(self, cancel: Event, sentence: str) -> None:
        if not cancel.is_set():
            self.update(lambda state: state.noticed(sentence, "quiet"))

    def _step(self, sentence: str) -> None:
        self.update(lambda state: state.stepped(sentence))

    def _on_thread(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                with operation(lambda: self.client.config.timeout):
                    work()
            except Exception as error:
                # A panel that waits for ever tells nobody anything.
                _log.exception("the panel's work failed")
                wrong = HubdoiError(
                    f"An unexpected error occurred in hubdoi ({type(error).__name__}). Try again."
                )
                self.update(
                    lambda state: (
                        state.mint_failed(wrong)
                        if state.phase in ("minting", "watching")
                        else state.amend_failed(wrong)
                        if state.phase == "amending"
                        else state.withdraw_failed(wrong)
                        if state.phase == "withdrawing"
                        else state.load_failed(wrong)
                    )
                )

        # A daemon: closing the kernel does not wait for a server that does not answer.
        Thread(target=guarded, name="hubdoi-panel", daemon=True).start()
