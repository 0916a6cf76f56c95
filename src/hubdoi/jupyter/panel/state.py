"""What a panel is at one moment, and what each event makes of it; no front end, no network.

::

    asking ──open──▶ loading ──loaded──▶ open ──began──▶ minting ──minted──▶ open
                        │                 ▲ ▲               │
                        └─load_failed─▶ failed              ├─mint_failed─▶ open, with the reason
                                                            └─handed_off──▶ watching ──loaded──▶ open

With a `correction`, which an open panel takes up with `correcting`: proposing ──▶ amending
──proposed──▶ open, with the difference ──amend_began──▶ amending ──amended, loaded──▶ open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from ...records import Author, Changes, Status, Terms, Version
from ...records.amendment import Amendment
from ...records.errors import (
    AlreadyRegistered,
    ConsentError,
    HubdoiError,
    InvalidAuthor,
    InvalidInput,
    InvalidMetadata,
    InvalidRevision,
    RepoNotEligible,
    RevisionNotFound,
    ServiceError,
)
from ...records.request import RequestKind
from .cited import Cited
from .correction import Correction
from .form import Form
from .preview import Preview

Phase = Literal[
    "asking", "loading", "open", "minting", "watching", "amending", "withdrawing", "failed"
]
Tone = Literal["good", "warn", "bad", "quiet"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person, said aloud by a screen reader; `field` is the one it is about."""

    text: str
    tone: Tone = "quiet"
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One mint as it was asked for; the same attempt again has the same key (R12)."""

    key: str
    terms: Terms
    revision: str | None
    authors: tuple[Author, ...] | None
    title: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """One moment of a panel.

    `terms` are the ones on the screen; the tick of the `form` is under exactly them, for the
    revision that the form names. `retry` says what **Try again** does. `minted` is the version that
    this panel has just minted. `checked` is when the status was read, in seconds since the epoch,
    and `done` the sentence about what was done since. With a `correction` the form is that of a
    registered record, and the tick is under what it would change.
    """

    repo: str
    phase: Phase = "loading"
    status: Status | None = None
    changes: Changes | None = None
    terms: Terms | None = None
    form: Form = Form()  # noqa: RUF009 - frozen
    preview: Preview | None = None
    cited: Cited | None = None
    attempt: Attempt | None = None
    steps: tuple[str, ...] = ()
    notice: Notice | None = None
    retry: Literal["load", "mint", "amend"] | None = None
    minted: Version | None = None
    correction: Correction | None = None
    checked: float = 0.0
    done: str = ""

    # What is shown

    @property
    def shows_form(self) -> bool:
        """Whether the person can do something about a DOI here."""
        status = self.status
        if (
            status is None
            or self.terms is None
            or self.correction is not None
            or self.phase not in ("loading", "open", "minting", "watching")
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
    def agreed(self) -> bool:
        return self.form.agreed

    @property
    def label(self) -> str:
        if self.hands_off:
            return "Open the settings page"
        if self.status is not None and self.status.state == "behind":
            return "Generate new DOI"
        return "Generate DOI"

    @property
    def revision(self) -> str | None:
        """The revision that the next DOI names: the one that is asked for, or the latest commit."""
        if not self.form.revision:
            return self.status.head if self.status else None
        if self.preview and self.preview.asked == self.form.revision:
            return self.preview.revision
        return self.form.revision

    @property
    def refusal(self) -> Notice | None:
        """Why nothing can be generated now; None when it can."""
        if not self.shows_form:
            return Notice("There is nothing to generate.", "warn")
        if self.phase == "loading":
            return Notice("The status is being loaded.", "warn")
        if self.phase == "minting":
            return Notice("The DOI is being generated.", "warn")
        if self.phase == "watching":
            return Notice("Waiting for the DOI to appear.", "warn")
        if self.shows_authors:
            if wrong := self._wrong_field:
                return wrong
            preview = self.preview
            if preview and preview.problem and preview.asked == self.form.revision:
                return Notice(preview.problem, "bad", "revision")
        if not self.agreed:
            return Notice("Tick the box to continue.", "warn")
        return None

    @property
    def can_begin(self) -> bool:
        return self.refusal is None

    @property
    def can_correct(self) -> bool:
        """Whether the record of the newest DOI can be corrected here, and nobody does."""
        can = self.status is not None and self.status.can_amend
        return can and self.phase == "open" and self.correction is None

    @property
    def is_busy(self) -> bool:
        return self.phase in ("loading", "minting", "amending", "withdrawing")

    @property
    def withdrawable(self) -> tuple[RequestKind, ...]:
        """The kinds of what waits for an institution's decision and can be taken back here."""
        can = self.phase in ("open", "watching") and self.correction is None
        return self.status.waiting if can and self.status else ()

    # What happens

    def loading(self) -> PanelState:
        """Somebody asked for the status; what is on the screen stays until the answer."""
        return self._with(phase="loading", notice=None, retry=None, steps=())

    def loaded(self, status: Status, at: float = 0.0) -> PanelState:
        """The status. A tick is for one DOI and one text: it does not outlive either (R3)."""
        correction = self.correction
        if correction and (status.version != correction.version or not status.can_amend):
            sentence = "The record has changed since you began. Start the correction again."
            closed = self.uncorrected()._with(notice=Notice(sentence, "warn"))
            return closed.loaded(status, at)
        before = self.status
        same = (
            before is not None
            and self.terms == status.terms
            and before.repo == status.repo
            and (before.head, before.version) == (status.head, status.version)
        )
        form = self.form
        if correction:
            is_done = False
        elif form.by:
            # What a person wrote stays, until the DOI that they wrote it for is there.
            about = before and (before.repo, before.doi)
            is_done = about is not None and about != (status.repo, status.doi)
        else:
            is_done = not same
        if is_done:
            form = Form.for_next(status, form.serial + 1)
        changes = self.changes
        if changes and (changes.head != status.head or changes.base != status.revision):
            changes = None
        return self._with(
            repo=str(status.repo),
            phase="open",
            status=status,
            changes=changes,
            terms=status.terms,
            form=form if same else form.replace(agreed=False),
            preview=self.preview if same else None,
            cited=self.cited if before and before.version == status.version else None,
            attempt=self.attempt if same else None,
            steps=(),
            retry="load" if _can_change(status) else None,
            notice=self.notice or _obstacle(status),
            checked=at,
            done="",
        )

    def revalidated(self, status: Status, at: float = 0.0) -> PanelState:
        """The status, asked for in the background: nothing is disturbed that is still true."""
        if self.phase not in ("open", "failed"):
            return self
        if self.status is not None and _is_same(self.status, status):
            return self._with(status=status, terms=status.terms, checked=at)
        old = _obstacle(self.status) if self.status else None
        told = self.notice if self.status and self.notice != old else None
        known = {one.doi for one in (self.status, self.minted) if one}
        if told and told.tone == "good" and status.doi not in known:
            # It was done to another DOI.
            told = None
        return self._with(notice=told).loaded(status, at)

    def compared(self, changes: Changes) -> PanelState:
        """Which files changed since the DOI's revision."""
        status = self.status
        if status is None or (changes.base, changes.head) != (status.revision, status.head):
            return self
        return self._with(changes=changes)

    def previewed(self, preview: Preview) -> PanelState:
        """What the Hub says of the revision; nobody's words are replaced by it."""
        if not self.shows_form or preview.asked != self.form.revision:
            return self
        form = self.form
        if not form.by and not form.description:
            form = form.replace(description=preview.description)
        return self._with(preview=preview, form=form)

    def wrote(self, cited: Cited) -> PanelState:
        """The citation, in the formats and the style that are shown."""
        if self.status is None or cited.version != self.status.version:
            return self
        return self._with(cited=cited)

    def load_failed(self, error: HubdoiError) -> PanelState:
        """There is no status. What was read before stays where it is still true as far as is known."""
        is_as_read = self.status is not None and self.phase == "loading" and not self.done
        if is_as_read and isinstance(error, ServiceError):
            sentence = f"{error.message} The panel shows what was read before."
            return self._with(
                phase="open",
                form=self.form.replace(agreed=False),
                notice=Notice(sentence, "bad"),
                retry="load",
            )
        helps = not isinstance(error, InvalidInput | RepoNotEligible)
        return self._with(
            phase="failed",
            status=None,
            changes=None,
            terms=None,
            form=self.form.replace(agreed=False),
            preview=None,
            cited=None,
            attempt=None,
            steps=(),
            notice=Notice(f"{self.done} {error.message}".strip(), "bad"),
            retry="load" if helps else None,
        )

    def edited(self, form: Form) -> PanelState:
        """The form is being filled in. What was written into an older form is dropped.

        A tick is for the revision that was named when it was made (R3).
        """
        correction = self.correction
        is_shown = self.shows_form or correction is not None
        if self.phase != "open" or not is_shown or form.serial != self.form.serial:
            return self
        moved = form.revision != self.form.revision
        if correction and correction.values_of(form) != correction.values_of(self.form):
            # What was agreed to repeats every value.
            correction, moved = correction.proposing(None), True
        agreed = form.agreed and not (moved and self.form.agreed)
        notice = self.notice if self.notice and self.notice.field is None else None
        return self._with(
            correction=correction,
            form=form.replace(agreed=agreed),
            preview=None if moved else self.preview,
            notice=notice,
        )

    def began(self, key: str) -> PanelState:
        """The button was pressed; a second press finds the phase changed and does nothing.

        `key` is used for a new attempt. The same request as the one whose answer was lost keeps
        the key that it had (R12).
        """
        if self.phase == "open" and self.shows_form and self.refusal:
            return self._with(notice=self.refusal)
        if not self.can_begin or self.status is None or self.terms is None:
            return self
        attempt = Attempt(key=key, terms=self.terms, revision=self.revision, authors=None)
        if self.shows_authors:
            attempt = replace(
                attempt,
                authors=self.form.authors(),
                title=self.form.title.strip(),
                description=self._description(),
            )
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
        told = f"Generated: {version.doi}."
        return self._with(
            minted=version,
            form=self.form.replace(agreed=False),
            attempt=None,
            done=told,
            notice=Notice(told, "good"),
        )

    def mint_failed(self, error: HubdoiError) -> PanelState:
        """No DOI came of it, or none that is known of."""
        unticked = self.form.replace(agreed=False)
        if isinstance(error, ConsentError) and error.terms is not None:
            return self._with(
                phase="open",
                terms=error.terms,
                form=unticked,
                attempt=None,
                steps=(),
                notice=Notice(error.message, "warn"),
                retry=None,
            )
        if isinstance(error, AlreadyRegistered):
            return self._with(
                phase="loading", form=unticked, attempt=None, steps=(), retry=None,
                done=error.message, notice=Notice(error.message, "warn"),
            )  # fmt: skip
        notice = Notice(error.message, "bad", _field_of(error))
        if isinstance(error, ServiceError):
            # Whether it was minted is not known: the same attempt again finds out.
            return self._with(phase="open", steps=(), notice=notice, retry="mint")
        retry = None if isinstance(error, InvalidInput) else "load"
        return self._with(phase="open", attempt=None, steps=(), notice=notice, retry=retry)

    def handed_off(self, sentence: str) -> PanelState:
        """The person is on the settings page; the panel watches."""
        return self._with(
            phase="watching",
            form=self.form.replace(agreed=False),
            steps=(),
            notice=Notice(sentence, "quiet"),
            retry=None,
        )

    def asked(self, sentence: str) -> PanelState:
        """An institution decides the mint first; the panel watches."""
        status = self.status
        if status is not None and "mint" not in status.waiting:
            status = status.replace(waiting=("mint", *status.waiting))
        return self._with(status=status).handed_off(sentence)

    def withdraw_began(self, kind: RequestKind) -> PanelState:
        """The person takes back what waits; a second press finds the phase changed and does nothing."""
        if kind not in self.withdrawable:
            return self
        return self._with(phase="withdrawing", notice=None, retry=None, steps=())

    def withdrawn(self, sentence: str) -> PanelState:
        """Nothing waits any more; the status, which is read now, shows what can be done."""
        return self._with(done=sentence, notice=Notice(sentence, "good"))

    def withdraw_failed(self, error: HubdoiError) -> PanelState:
        """It is decided already, or nothing is known of it."""
        return self._with(phase="open", notice=Notice(error.message, "bad"), retry="load")

    def correcting(self) -> PanelState:
        """The person corrects the record of the newest DOI; the form for the next one comes back."""
        version = self.status.version if self.status else None
        if not self.can_correct or version is None:
            return self
        correction = Correction.of(version, self.form)
        return self._with(
            correction=correction, form=correction.registered, notice=None, retry=None
        )

    def uncorrected(self) -> PanelState:
        """The correction is over, done or not."""
        if self.correction is None:
            return self
        form = self.correction.aside.replace(serial=self.form.serial + 1, agreed=False)
        return self._with(
            correction=None, form=form, phase="open", notice=None, steps=(), retry=None
        )

    def proposing(self) -> PanelState:
        """The difference from the record is asked for."""
        if self.phase != "open" or self.correction is None:
            return self
        if wrong := self._wrong_field:
            return self._with(notice=wrong)
        return self._with(phase="amending", notice=None, retry=None)

    def proposed(self, amendment: Amendment) -> PanelState:
        """What the correction would change, to be read and agreed to (R3)."""
        if self.phase != "amending" or self.correction is None:
            return self
        return self._with(
            phase="open",
            correction=self.correction.proposing(amendment),
            form=self.form.replace(agreed=False),
            notice=Notice(amendment.notice, "warn") if amendment.notice else None,
        )

    def amend_began(self) -> PanelState:
        """The button under the difference was pressed."""
        correction = self.correction
        if self.phase != "open" or correction is None or correction.amendment is None:
            return self
        if not self.agreed:
            return self._with(notice=Notice("Tick the box to continue.", "warn"))
        return self._with(phase="amending", notice=None, retry=None)

    def amended(self, version: Version) -> PanelState:
        """The record says what was agreed to."""
        return self._corrected(Notice(f"Corrected: {version.doi}.", "good"))

    def amendment_asked(self, sentence: str) -> PanelState:
        """An institution decides the correction first; the status shows what becomes of it."""
        return self._corrected(Notice(sentence, "warn"))

    def _corrected(self, notice: Notice) -> PanelState:
        return self.uncorrected()._with(phase="amending", done=notice.text, notice=notice)

    def amend_failed(self, error: HubdoiError) -> PanelState:
        """The difference could not be shown, or nothing is known of a correction."""
        if self.correction is None:
            return self
        if isinstance(error, ServiceError):
            # The same correction again finds out whether it was made (R12).
            retry: Literal["amend"] | None = "amend" if self.correction.amendment else None
            return self._with(phase="open", notice=Notice(error.message, "bad"), retry=retry)
        tone: Tone = "warn" if isinstance(error, ConsentError) else "bad"
        return self._with(
            phase="open",
            correction=self.correction.proposing(None),
            form=self.form.replace(agreed=False),
            notice=Notice(error.message, tone, _field_of(error)),
        )

    def noticed(self, text: str, tone: Tone) -> PanelState:
        return self._with(notice=Notice(text, tone))

    def unticked(self) -> PanelState:
        return self._with(form=self.form.replace(agreed=False))

    def stopped_watching(self) -> PanelState:
        """The person does not want to wait any longer."""
        if self.phase != "watching":
            return self
        return self._with(phase="open", steps=(), notice=None, retry="load")

    @property
    def _wrong_field(self) -> Notice | None:
        if wrong := self.form.problem:
            field, sentence = wrong
            return Notice(sentence, "bad", field)
        if not self.form.title.strip():
            return Notice("The title is missing.", "bad", "title")
        return None

    def _description(self) -> str | None:
        """What the person wrote; None where a DOI says the same by itself.

        An empty field stands for that default, which it shows as its placeholder; the tick may come
        before the preview that fills it in.
        """
        before = self.status.version if self.status else None
        defaults = ("", before and before.description, self.preview and self.preview.description)
        return None if self.form.description in defaults else self.form.description

    def _with(self, **changes: Any) -> PanelState:
        return replace(self, **changes)


def _is_same(before: Status, now: Status) -> bool:
    """Whether nothing changed that a person sees."""
    return before.replace(terms=None, changes=None) == now.replace(terms=None, changes=None) and (
        before.terms == now.terms
    )


def _field_of(error: HubdoiError) -> str | None:
    if isinstance(error, InvalidAuthor):
        return "authors"
    if isinstance(error, InvalidRevision | RevisionNotFound):
        return "revision"
    if isinstance(error, InvalidMetadata):
        for name in ("title", "description"):
            if error.message.startswith(f"The {name} "):
                return name
    return None


def _can_change(status: Status) -> bool:
    """Whether asking again can show something else that the person is waiting for."""
    return status.obstacle is not None and status.state != "current"


def _obstacle(status: Status) -> Notice | None:
    # That there is a DOI already stands in nobody's way.
    obstacle = status.obstacle if status.state != "current" else None
    sentence = obstacle or status.notice
    return Notice(sentence, "warn") if sentence else None
