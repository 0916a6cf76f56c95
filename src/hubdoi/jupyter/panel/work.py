"""What a panel asks the client for, on threads, so that the kernel stays free."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING
from uuid import uuid4

from ...records import Author, Status, Version
from ...records.errors import AlreadyRegistered, HandOff, HubdoiError, InReview
from .draft import Draft
from .state import PanelState

if TYPE_CHECKING:
    from ...citation import Citation
    from ...client import Client


_log = logging.getLogger(__name__)


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
        self._watching = Event()

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
        self.update(lambda _: PanelState(repo=repo))
        self.load()

    def load(self) -> None:
        """Ask how things are; an answer that a later question has overtaken is dropped."""
        self.update(lambda state: state.loading())
        self._load()

    def begin(self) -> bool:
        """Mint, unless a mint is under way or something is missing; whether it began."""
        began = self.update(lambda state: state.began(str(uuid4())))
        if began:
            self._on_thread(self._mint)
        return began

    def add_me(self, add: Callable[[Draft], None], failed: Callable[[str], None]) -> None:
        """Give `add` the person who is signed in, as a row of the authors table."""

        def look_up() -> None:
            try:
                person = self.client.whoami()
            except HubdoiError as error:
                failed(error.message)
                return
            if person is None:
                failed("Nobody is signed in; the way is: hf auth login, or set HF_TOKEN.")
                return
            add(Draft.of(Author.person(person.full_name or person.username)))

        self._on_thread(look_up)

    def cite(
        self,
        version: Version,
        format: str,
        style: str | None,
        done: Callable[[Citation | HubdoiError], None],
    ) -> None:
        """Give `done` the citation, or why there is none."""

        def write() -> None:
            try:
                done(self.client.cite(version, format=format, style=style))
            except HubdoiError as error:
                done(error)

        self._on_thread(write)

    def stop_watching(self) -> None:
        """Wait for a hand-off's DOI no longer."""
        self._watching.set()

    # What the threads do

    def _load(self) -> None:
        with self.lock:
            self._asked += 1
            asked = self._asked
        self._on_thread(lambda: self._read(asked))

    def _read(self, asked: int) -> None:
        try:
            # A mint that a closed kernel left behind is finished before the status is told (R12).
            self.client.recover()
        except HubdoiError as error:
            _log.debug("what was interrupted stays so: %s", error.message)
        try:
            status = self.client.status(self.state.repo)
        except HubdoiError as error:
            failure = error
            self._answer(asked, lambda state: state.load_failed(failure))
            return
        if self._answer(asked, lambda state: state.loaded(status)):
            self._compare(status)
            self._await_review(status)

    def _answer(self, asked: int, change: Callable[[PanelState], PanelState]) -> bool:
        with self.lock:
            return asked == self._asked and self.update(change)

    def _compare(self, status: Status) -> None:
        if status.state != "behind":
            return
        try:
            changes = self.client.changes(status)
        except HubdoiError as error:
            _log.debug("the changes cannot be told: %s", error.message)
            return
        self.update(lambda state: state.compared(changes))

    def _await_review(self, status: Status) -> None:
        """Go on waiting where an institution decides a request of before this panel was opened."""
        if status.obstacle_code == InReview.__name__ and status.obstacle:
            sentence = status.obstacle
            self.update(lambda state: state.handed_off(sentence))
            self._watch(status)

    def _mint(self) -> None:
        attempt, status = self.state.attempt, self.state.status
        if attempt is None or status is None:
            return
        self._step(f"Sending your consent and the authors to {self.client.endpoint}")
        try:
            version = self.client.mint(
                status.repo,
                agree=attempt.terms,
                authors=attempt.authors,
                revision=attempt.revision,
                idempotency_key=attempt.key,
            )
        except HandOff as handed:
            sentence = handed.message
            self.update(lambda state: state.handed_off(sentence))
            self._watch(status)
        except AlreadyRegistered as error:
            failure = error
            self.update(lambda state: state.mint_failed(failure))
            self._load()
        except HubdoiError as error:
            refusal = error
            self.update(lambda state: state.mint_failed(refusal))
        else:
            self._minted(version)

    def _minted(self, version: Version) -> None:
        self._step(f"Reading what was registered as {version.doi}")
        self.update(lambda state: state.minted_as(version))
        self._load()

    def _watch(self, status: Status) -> None:
        self._watching = cancel = Event()
        try:
            version = self.client.wait_for_doi(
                status.repo,
                revision=status.head,
                progress=lambda sentence: self._progress(cancel, sentence),
                cancel=cancel,
            )
        except HubdoiError as error:
            failure = error
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
                work()
            except Exception as error:
                # A panel that waits for ever tells nobody anything.
                _log.exception("the panel's work failed")
                wrong = HubdoiError(
                    f"Something went wrong that hubdoi did not expect ({type(error).__name__}); try again."
                )
                self.update(
                    lambda state: (
                        state.mint_failed(wrong)
                        if state.phase in ("minting", "watching")
                        else state.load_failed(wrong)
                    )
                )

        # A daemon: closing the kernel does not wait for a server that does not answer.
        Thread(target=guarded, name="hubdoi-panel", daemon=True).start()
