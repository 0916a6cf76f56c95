"""What a panel is at one moment, and what each event makes of it; no widgets, no network.

::

    asking ──open──▶ loading ──loaded──▶ open ──began──▶ minting ──minted──▶ open
                        │                 ▲ ▲               │
                        └─load_failed─▶ failed              ├─mint_failed─▶ open, with the reason
                                                            └─handed_off──▶ watching ──loaded──▶ open
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...records import Author, Changes, Status, Terms, Version
from ...records.errors import (
    AlreadyRegistered,
    ConsentError,
    HubdoiError,
    InvalidInput,
    RepoNotEligible,
    ServiceError,
)
from .draft import Draft

Phase = Literal["asking", "loading", "open", "minting", "watching", "failed"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person, said aloud by a screen reader."""

    text: str
    tone: Literal["good", "warn", "bad", "quiet"] = "quiet"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One mint as it was asked for; the same attempt again has the same key (R12)."""

    key: str
    terms: Terms
    revision: str | None
    authors: tuple[Author, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """One moment of a panel.

    `terms` are the ones on the screen, and `agreed` is the tick under exactly them. `retry` says
    what **Try again** does. `minted` is the version that this panel has just minted.
    """

    repo: str
    phase: Phase = "loading"
    status: Status | None = None
    changes: Changes | None = None
    terms: Terms | None = None
    agreed: bool = False
    drafts: tuple[Draft, ...] = (Draft(),)
    attempt: Attempt | None = None
    steps: tuple[str, ...] = ()
    notice: Notice | None = None
    retry: Literal["load", "mint"] | None = None
    minted: Version | None = field(default=None)

    # What is shown

    @property
    def shows_form(self) -> bool:
        """Whether the person can do something about a DOI here."""
        status = self.status
        if (
            status is None
            or self.terms is None
            or self.phase not in ("open", "minting", "watching")
        ):
            return False
        return status.state != "current" and status.can_mint

    @property
    def hands_off(self) -> bool:
        """Whether a person generates the DOI on the settings page."""
        return self.status is not None and not self.status.has_doi_api

    @property
    def shows_authors(self) -> bool:
        return self.shows_form and not self.hands_off

    @property
    def label(self) -> str:
        """What the button says."""
        if self.hands_off:
            return "Open the settings page"
        if self.status is not None and self.status.state == "behind":
            return "Generate new DOI"
        return "Generate DOI"

    @property
    def reason(self) -> str | None:
        """Why the button cannot be pressed, in one sentence; None when it can."""
        if not self.shows_form:
            return "There is nothing to generate."
        if self.phase == "minting":
            return "The DOI is being generated."
        if self.phase == "watching":
            return "Waiting for the DOI to appear."
        if self.shows_authors:
            if not self.authors_given:
                return "A DOI has at least one author."
            for number, draft in enumerate(self.drafts, 1):
                if not draft.is_blank and draft.problem:
                    return f"Author {number}: {draft.problem}"
        if not self.agreed:
            return "Tick the box above first."
        return None

    @property
    def can_begin(self) -> bool:
        return self.reason is None

    @property
    def authors_given(self) -> tuple[Draft, ...]:
        """The rows that something stands in."""
        return tuple(draft for draft in self.drafts if not draft.is_blank)

    @property
    def is_busy(self) -> bool:
        return self.phase in ("loading", "minting")

    # What happens

    def loading(self) -> PanelState:
        """Somebody asked how things are; what is on the screen stays until the answer."""
        return self._with(phase="loading", notice=None, retry=None, steps=())

    def loaded(self, status: Status) -> PanelState:
        """How things are. A tick is for one DOI and one text: it does not outlive either (R3)."""
        before = self.status
        same = (
            before is not None
            and self.terms == status.terms
            and (before.repo, before.head, before.doi) == (status.repo, status.head, status.doi)
        )
        drafts = self.drafts
        if (
            before is None
            or before.repo != status.repo
            or before.doi != status.doi
            or all(draft.is_blank for draft in drafts)
        ):
            drafts = _default_drafts(status)
        changes = self.changes
        if changes and (changes.head != status.head or changes.base != status.revision):
            changes = None
        return self._with(
            repo=str(status.repo),
            phase="open",
            status=status,
            changes=changes,
            terms=status.terms,
            agreed=self.agreed and same,
            drafts=drafts,
            attempt=self.attempt if same else None,
            steps=(),
            retry="load" if _can_change(status) else None,
            notice=self.notice or _obstacle(status),
        )

    def compared(self, changes: Changes) -> PanelState:
        """Which files changed since the DOI's revision."""
        status = self.status
        if status is None or (changes.base, changes.head) != (status.revision, status.head):
            return self
        return self._with(changes=changes)

    def load_failed(self, error: HubdoiError) -> PanelState:
        """How things are cannot be told."""
        helps = not isinstance(error, InvalidInput | RepoNotEligible)
        done = f"Generated: {self.minted.doi}. " if self.minted else ""
        return self._with(
            phase="failed",
            status=None,
            changes=None,
            terms=None,
            agreed=False,
            attempt=None,
            steps=(),
            notice=Notice(done + error.message, "bad"),
            retry="load" if helps else None,
        )

    def ticked(self, agreed: bool) -> PanelState:
        if self.phase != "open" or not self.shows_form:
            return self
        return self._with(agreed=agreed)

    def edited(self, drafts: tuple[Draft, ...]) -> PanelState:
        """The authors are being written; the tick stays, because the terms are the same."""
        if self.phase != "open":
            return self
        return self._with(drafts=drafts or (Draft(),))

    def began(self, key: str) -> PanelState:
        """The button was pressed; a second press finds the phase changed and does nothing.

        `key` is used for a new attempt. The same request as the one whose answer was lost keeps
        the key that it had (R12).
        """
        if not self.can_begin or self.status is None or self.terms is None:
            return self
        authors = None
        if self.shows_authors:
            authors = tuple(draft.author() for draft in self.authors_given)
        attempt = Attempt(key, self.terms, self.status.head, authors)
        if self.attempt and replace(self.attempt, key=key) == attempt:
            attempt = self.attempt
        return self._with(
            phase="minting", attempt=attempt, steps=(), notice=None, retry=None, minted=None
        )

    def stepped(self, sentence: str) -> PanelState:
        """What is being done now; the steps before it are done."""
        if self.phase not in ("minting", "watching"):
            return self
        return self._with(steps=(*self.steps, sentence))

    def minted_as(self, version: Version) -> PanelState:
        """There is a new DOI. Nothing of the consent is kept for the next one (R3)."""
        return self._with(
            minted=version,
            agreed=False,
            attempt=None,
            notice=Notice(f"Generated: {version.doi}.", "good"),
        )

    def mint_failed(self, error: HubdoiError) -> PanelState:
        """No DOI came of it, or none that is known of."""
        notice = Notice(error.message, "bad")
        if isinstance(error, ConsentError) and error.terms is not None:
            return self._with(
                phase="open",
                terms=error.terms,
                agreed=False,
                attempt=None,
                steps=(),
                notice=Notice(error.message, "warn"),
                retry=None,
            )
        if isinstance(error, AlreadyRegistered):
            return self._with(
                phase="loading", agreed=False, attempt=None, steps=(), retry=None,
                notice=Notice(error.message, "warn"),
            )  # fmt: skip
        if isinstance(error, ServiceError):
            # Whether it was minted is not known: the same attempt again finds out.
            return self._with(phase="open", steps=(), notice=notice, retry="mint")
        retry = None if isinstance(error, InvalidInput) else "load"
        return self._with(phase="open", attempt=None, steps=(), notice=notice, retry=retry)

    def handed_off(self, sentence: str) -> PanelState:
        """The person is on the settings page; the panel watches."""
        return self._with(
            phase="watching", agreed=False, steps=(), notice=Notice(sentence, "quiet"), retry=None
        )

    def noticed(self, text: str, tone: Literal["good", "warn", "bad", "quiet"]) -> PanelState:
        return self._with(notice=Notice(text, tone))

    def stopped_watching(self) -> PanelState:
        """The person does not want to wait any longer."""
        return self._with(phase="open", steps=(), notice=None, retry="load")

    def _with(self, **changes: Any) -> PanelState:
        return replace(self, **changes)


def _default_drafts(status: Status) -> tuple[Draft, ...]:
    return tuple(Draft.of(author) for author in status.suggested_authors) or (Draft(),)


def _can_change(status: Status) -> bool:
    """Whether asking again can show something else that the person is waiting for."""
    return status.obstacle is not None and status.state != "current"


def _obstacle(status: Status) -> Notice | None:
    sentence = status.obstacle or status.notice
    if sentence is None or status.state == "current":
        return None
    return Notice(sentence, "warn")
