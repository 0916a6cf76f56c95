"""The panel itself: widgets that show a `PanelState`, and tell `PanelWork` what a person does."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ...records import History, Status, Terms
from ..display import cards, commonmark, hypertext
from ..display.card import Card, Paragraph, Quote, text
from ..display.status import change_blocks
from ..display.version import consent_sentence, history_table
from .authors import AuthorsTable
from .citations import CitationTabs
from .parts import Announcement, LinkButton
from .progress import progress
from .state import PanelState
from .work import PanelWork

if TYPE_CHECKING:
    from ...client import Client


_WHAT_IT_IS = (
    "A DOI is a permanent name for one revision of this repository: with it everybody can cite "
    "exactly that revision, and it always resolves."
)
_NEXT_ONE = (
    "The next DOI names the present head. The one before it stays valid, and each of the two "
    "names the other."
)
_AGREEMENT = "I have read these terms and agree to them"


class Panel(widgets.VBox):  # type: ignore[misc]
    """Status, consent, mint and citation of one repository, with buttons.

    `work` holds the state; everything on the screen follows from it.
    """

    def __init__(self, client: Client, repo: str | None = None) -> None:
        state = PanelState(repo=repo or "", phase="loading" if repo else "asking")
        self.work = PanelWork(client, state, self._show)
        self._make()
        super().__init__(
            [
                widgets.HTML(f"<style>{hypertext.style()}{_style()}</style>"),
                self.ask,
                self.header,
                self.progress,
                self.notice,
                self._actions,
                self.changes,
                self.form,
                self.citations,
                self.history,
            ]
        )
        self.add_class("hubdoi-panel")
        self._show(None, state)
        if repo:
            self.work.load()

    def __repr__(self) -> str:
        return f"Panel({self.state.repo!r})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle = super()._repr_mimebundle_(include=include, exclude=exclude)
        title = f"Panel of {self.state.repo}" if self.state.repo else "Panel"
        sentence = "The panel needs a running kernel: run this cell again."
        described = (Card(text(title), blocks=(Paragraph(text(sentence)),)),)
        fallback = {
            "text/plain": f"{title}\n  {sentence}",
            "text/markdown": commonmark.write(described),
            "text/html": hypertext.write(described),
        }
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data.update(fallback)
        return bundle

    @property
    def state(self) -> PanelState:
        """What the panel is now."""
        return self.work.state

    # The parts

    def _make(self) -> None:
        self.ask_field = widgets.Text(
            description="Repository", placeholder="ada/tiny-bert", continuous_update=False
        )
        self.ask_field.add_class("hubdoi-field")
        self.ask_button = _button("Open", self._open, primary=True)
        self.ask = widgets.VBox([self.ask_field, self.ask_button])
        self.header = widgets.HTML()
        self.progress = widgets.HTML()
        self.notice = Announcement()
        self.retry = _button("Try again", self._retry)
        self.refresh = _button("Refresh", self.work.load)
        self.stop = _button("Stop waiting", self.work.stop_watching)
        self._actions = widgets.Box([self.retry, self.refresh, self.stop])
        self._actions.add_class("hubdoi-buttons")
        self.changes = widgets.HTML()
        self._make_form()
        self.citations = CitationTabs(self.work.cite)
        self.history = widgets.HTML()

    def _make_form(self) -> None:
        self.intro = widgets.HTML()
        self.authors = AuthorsTable(
            lambda drafts: self._update(lambda state: state.edited(drafts)), self._add_me
        )
        self.terms = widgets.HTML()
        self.agree = widgets.Checkbox(value=False, description=_AGREEMENT, indent=False)
        self.agree.add_class("hubdoi-agree")
        self.agree.observe(self._ticked, "value")
        self.reason = widgets.HTML()
        self.generate = _button("Generate DOI", self._generate, primary=True)
        self.generate.disabled = True
        self.settings = LinkButton(label="Open the settings page")
        self.settings.observe(lambda _: self._generate(), "followed")
        self.form = widgets.VBox(
            [
                self.intro,
                self.authors,
                self.terms,
                self.agree,
                self.generate,
                self.settings,
                self.reason,
            ]
        )
        self.form.add_class("hubdoi-form")

    # What a person does

    def _open(self) -> None:
        if repo := self.ask_field.value.strip():
            self.work.open(repo)

    def _generate(self) -> None:
        self.work.begin()

    def _retry(self) -> None:
        if self.state.retry == "mint":
            self.work.begin()
        else:
            self.work.load()

    def _ticked(self, change: Any) -> None:
        if self.state.agreed != change["new"]:
            self._update(lambda state: state.ticked(change["new"]))
            # A tick that came too late to count is taken off the screen.
            self.agree.value = self.state.agreed

    def _add_me(self) -> None:
        self.work.add_me(self._put, lambda sentence: self._say(sentence))

    def _put(self, draft: Any) -> None:
        with self.work.lock:
            self.authors.put(draft)

    def _say(self, sentence: str) -> None:
        self._update(lambda state: state.noticed(sentence, "warn"))

    def _update(self, change: Any) -> None:
        self.work.update(change)

    # What is shown

    def _show(self, before: PanelState | None, state: PanelState) -> None:
        """Bring the widgets to `state`; what did not change is left alone, above all the focus."""
        _present(self.ask, state.phase == "asking")
        _put(self.header, _header(state))
        _put(self.progress, progress(state))
        notice = state.notice
        self.notice.tone = notice.tone if notice else "quiet"
        self.notice.text = notice.text if notice else ""
        _present(self.retry, state.retry is not None and not state.is_busy)
        _present(self.refresh, state.phase == "open" and state.retry is None)
        _present(self.stop, state.phase == "watching")
        _put(self.changes, _changes(state))
        self._show_form(before, state)
        version = state.status.version if state.status else None
        _present(self.citations, version is not None)
        if version is not None:
            self.citations.show(version)
        _put(self.history, _history(state.status) if state.status else "")
        if before and before.phase == "minting" and state.phase == "open":
            (self.retry if state.retry else self.refresh).focus()

    def _show_form(self, before: PanelState | None, state: PanelState) -> None:
        if not state.shows_form:
            _present(self.form, False)
            self.agree.value = False
            return
        _present(self.authors, state.shows_authors)
        if before is None or before.drafts != state.drafts or not before.shows_form:
            self.authors.show(state.drafts)
        editable = state.phase == "open"
        self.authors.enable(editable)
        _put(self.intro, _intro(state))
        _put(self.terms, _terms(state.terms) if state.terms else "")
        self.agree.value = state.agreed
        self.agree.disabled = not editable
        _present(self.generate, not state.hands_off)
        _present(self.settings, state.hands_off)
        self.generate.description = state.label
        # Where only the card changed, a new DOI is offered and not urged.
        if state.changes is not None and state.changes.only_card:
            self.generate.remove_class("hubdoi-primary")
        else:
            self.generate.add_class("hubdoi-primary")
        self.generate.disabled = not state.can_begin
        self.settings.url = state.status.settings_url if state.status else ""
        self.settings.disabled = not (state.can_begin or state.phase == "watching")
        _put(self.reason, hypertext.inside(_quiet(state.reason)) if state.reason else "")
        _present(self.form, True)


def _header(state: PanelState) -> str:
    if state.status is None:
        if not state.repo or state.phase == "loading":
            return ""
        return hypertext.body((Card(text(state.repo)),))
    # The form below says what one may do, and the changes have their own place.
    status = state.status.replace(changes=None, obstacle=None, notice=None, has_doi_api=True)
    return hypertext.body(cards(status))


def _changes(state: PanelState) -> str:
    if state.changes is None:
        return ""
    return hypertext.heading("What changed") + hypertext.blocks(*change_blocks(state.changes))


def _intro(state: PanelState) -> str:
    behind = state.status is not None and state.status.state == "behind"
    heading = "The next DOI" if behind else "Give it a DOI"
    sentences = [Paragraph(text(_NEXT_ONE if behind else _WHAT_IT_IS))]
    if state.hands_off:
        more = "This Hub has no DOI API: you generate the DOI on the settings page, which asks for the authors as well; this panel goes on by itself when the DOI appears."
        sentences.append(Paragraph(text(more)))
    return hypertext.heading(heading) + hypertext.blocks(*sentences)


def _terms(terms: Terms) -> str:
    return hypertext.heading("Terms") + hypertext.blocks(Quote(terms.text))


def _history(status: Status) -> str:
    if not status.versions:
        return ""
    table = history_table(History(status.repo, status.versions))
    consents = [
        Paragraph(text(f"{version.doi}: {consent_sentence(version.consent)}"), "quiet")
        for version in status.versions
        if version.consent
    ]
    return hypertext.heading("History") + hypertext.blocks(table, *consents)


def _quiet(sentence: str) -> str:
    return f'<p class="hubdoi-quiet">{hypertext.escape(sentence)}</p>'


def _button(label: str, pressed: Any, *, primary: bool = False) -> Any:
    button = widgets.Button(description=label)
    button.add_class("hubdoi-button")
    if primary:
        button.add_class("hubdoi-primary")
    button.on_click(lambda _: pressed())
    return button


def _put(widget: Any, value: str) -> None:
    """Show HTML, or nothing at all: an empty widget would still take room."""
    if widget.value != value:
        widget.value = value
    _present(widget, bool(value))


def _present(widget: Any, present: bool) -> None:
    display = None if present else "none"
    if widget.layout.display != display:
        widget.layout.display = display


@cache
def _style() -> str:
    return (files("hubdoi.jupyter") / "static" / "panel.css").read_text(encoding="utf-8")
