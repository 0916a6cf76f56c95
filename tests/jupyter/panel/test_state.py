"""The panel's states and events, without widgets and without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubdoi.jupyter.panel.draft import Draft
from hubdoi.jupyter.panel.preview import Preview
from hubdoi.jupyter.panel.state import PanelState
from hubdoi.records import Author, Changes, Doi, Repo, Status, Terms, Version
from hubdoi.records.errors import (
    HandOff,
    InvalidMetadata,
    InvalidRepo,
    RepoNotEligible,
    RepoNotFound,
    ServiceUnreachable,
    SignInRequired,
    TermsChanged,
    WriteAccessRequired,
    already_registered,
)

REPO = Repo("model", "ada/tiny-bert")
OLD, HEAD = "a" * 40, "b" * 40
TERMS = Terms("What you agree to.")
ADA = Author.person("Ada Lovelace")
VERSION = Version.from_parts(doi="10.5072/hf/0001", repo=REPO, revision=OLD, state="current")
MINE = Status(
    repo=REPO, state="unregistered", head=OLD, endpoint="http://127.0.0.1:1", can_mint=True,
    terms=TERMS, suggested_authors=(ADA,),
)  # fmt: skip
CURRENT = replace(
    MINE, state="current", versions=(VERSION,), locked=True, can_mint=False,
    obstacle="The head has a DOI already.",
)  # fmt: skip
BEHIND = replace(CURRENT, state="behind", head=HEAD, can_mint=True, obstacle=None)
START = PanelState(repo="ada/tiny-bert")


def _open(status: Status = MINE) -> PanelState:
    return START.loaded(status)


def _ticked(state: PanelState, agreed: bool = True) -> PanelState:
    return state.edited(state.form.replace(by="view", n=state.form.n + 1, agreed=agreed))


def _edited(state: PanelState, *drafts: Draft, **changes: Any) -> PanelState:
    given = {"drafts": drafts} if drafts else {}
    return state.edited(state.form.replace(by="view", n=state.form.n + 1, **given, **changes))


def _ready() -> PanelState:
    return _ticked(_open())


def _told(state: PanelState) -> str:
    return state.notice.text if state.notice else ""


def test_loading_shows_no_form_and_then_the_minter_is_the_author() -> None:
    assert START.is_busy
    assert not START.shows_form
    state = _open()
    assert state.phase == "open"
    assert state.shows_form
    assert state.form.drafts == (Draft.of(ADA),)
    assert state.form.title == "tiny-bert"
    assert state.label == "Generate DOI"
    assert state.terms == TERMS


def test_a_notice_is_shown_where_the_latest_commit_has_a_doi_too() -> None:
    assert _told(_open(CURRENT)) == ""
    assert _told(_open(replace(CURRENT, notice="The library decides."))) == "The library decides."
    assert _told(_open(replace(BEHIND, notice="The library decides."))) == "The library decides."


def test_r03_nothing_begins_without_a_tick() -> None:
    state = _open()
    assert not state.agreed
    assert _told(state.began("key")) == "Tick the box to continue."
    assert state.began("key").phase == "open"
    assert _ready().can_begin
    assert _ready().began("key").phase == "minting"


def test_a_second_press_does_nothing() -> None:
    minting = _ready().began("one")
    assert minting.began("two") is minting
    assert minting.attempt is not None
    assert minting.attempt.key == "one"
    assert _ticked(minting, False) is minting
    assert _edited(minting, Draft("Other")) is minting


def test_changing_the_authors_keeps_the_tick_and_a_wrong_one_stops_it() -> None:
    state = _edited(_ready(), Draft("Babbage, Charles"), Draft(""))
    assert state.agreed
    assert state.can_begin
    attempt = state.began("key").attempt
    assert attempt is not None
    assert attempt.authors == (Author.person("Charles Babbage"),)
    wrong = _edited(state, Draft("Babbage, Charles"), Draft("A", orcid="0000-0002-1825-0098"))
    assert wrong.agreed
    refused = wrong.began("key")
    assert refused.phase == "open"
    assert _told(refused).startswith("Author 2: The ORCID iD")
    assert refused.notice is not None
    assert refused.notice.field == "authors"
    assert _told(_edited(state, Draft()).began("key")) == "A DOI has at least one author."
    same = [Draft(name, orcid="0000-0002-1825-0097") for name in ("Babbage, Charles", "King, Ada")]
    assert "Two authors have the ORCID iD" in _told(_edited(state, *same).began("key"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"title": " "}, "title"), ({"title": "x" * 1001}, "title"),
     ({"description": "x" * 20_001}, "description")],
)  # fmt: skip
def test_a_field_that_is_wrong_has_its_message(changes: dict[str, str], field: str) -> None:
    refused = _edited(_ready(), **changes).began("key")
    assert refused.phase == "open"
    assert refused.notice is not None
    assert refused.notice.field == field
    # The message goes as soon as somebody writes.
    assert _edited(refused, title="T").notice is None


def test_r03_another_revision_needs_another_tick() -> None:
    state = _edited(_ready(), revision="c" * 7)
    assert not state.agreed
    found = state.previewed(Preview(asked="c" * 7, revision="c" * 40))
    assert found.revision == "c" * 40
    attempt = _ticked(found).began("key").attempt
    assert attempt is not None
    assert attempt.revision == "c" * 40
    unknown = state.previewed(Preview(asked="c" * 7, problem="There is no such revision."))
    refused = _ticked(unknown).began("key")
    assert refused.notice is not None
    assert (refused.notice.text, refused.notice.field) == ("There is no such revision.", "revision")
    late = state.previewed(Preview(asked="", revision=OLD))
    assert late is state


def test_the_preview_fills_in_a_description_that_nobody_wrote() -> None:
    found = Preview(asked="", revision=OLD, description="What the card says.")
    assert _open().previewed(found).form.description == "What the card says."
    written = _edited(_open(), description="Mine.")
    assert written.previewed(found).form.description == "Mine."


def test_what_was_written_into_an_older_form_is_dropped() -> None:
    state = _ready()
    old = state.form.replace(serial=state.form.serial - 1, title="Old")
    assert state.edited(old) is state


def test_what_was_written_survives_a_refresh_and_a_failure() -> None:
    written = _edited(_open(), Draft("Babbage, Charles"))
    assert written.loading().loaded(MINE).form.drafts == (Draft("Babbage, Charles"),)
    failed = written.load_failed(ServiceUnreachable("Gone."))
    assert failed.loading().loaded(MINE).form.drafts == (Draft("Babbage, Charles"),)


def test_r05_the_next_doi_begins_with_the_names_that_were_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hubdoi.toml").write_text('[names]\n"Press, Tsinghua" = "{Tsinghua Press}"\n')
    monkeypatch.chdir(tmp_path)
    before = VERSION.replace(authors=(Author.person("Tsinghua Press"),))
    form = _open(replace(BEHIND, versions=(before,))).form
    assert form.drafts == (Draft.of(Author("Tsinghua Press", "organization")),)


def test_r07_the_next_doi_begins_with_what_was_entered_for_the_last() -> None:
    author = Author.person("Ada Lovelace", orcid="0000-0002-1825-0097", affiliation="Society")
    version = VERSION.replace(
        authors=(author,), title="Tiny (Revision aaaaaaa)", description="Small."
    )
    form = _open(replace(BEHIND, versions=(version,))).form
    assert form.drafts == (Draft.of(author),)
    assert (form.title, form.description) == ("Tiny", "Small.")


def test_a_look_in_the_background_disturbs_nothing_that_is_true() -> None:
    state = _ready()
    assert state.revalidated(replace(MINE), 5.0) == replace(state, checked=5.0)
    assert _ready().began("key").revalidated(MINE).phase == "minting"
    moved = state.revalidated(replace(MINE, head=HEAD))
    assert not moved.agreed
    assert moved.form.drafts == state.form.drafts
    after = state.minted_as(VERSION).revalidated(CURRENT)
    assert _told(after) == "Generated: 10.5072/hf/0001."


def test_r03_terms_that_changed_are_shown_unticked() -> None:
    new = Terms("Something else.")
    state = _ready().began("key").mint_failed(TermsChanged("They have changed.", new))
    assert (state.phase, state.terms, state.agreed, state.attempt) == ("open", new, False, None)
    assert state.notice is not None
    assert state.notice.text == "They have changed."
    assert state.shows_form


def test_r03_a_tick_does_not_outlive_its_text_its_revision_or_its_doi() -> None:
    assert _ready().loading().loaded(MINE).agreed
    assert not _ready().loading().loaded(replace(MINE, terms=Terms("Other."))).agreed
    assert not _ready().loading().loaded(replace(MINE, head=HEAD)).agreed
    minted = _ready().began("key").minted_as(VERSION)
    assert not minted.agreed
    behind = minted.loaded(CURRENT).loading().loaded(BEHIND)
    assert not behind.agreed
    assert behind.shows_form
    assert behind.label == "Generate new DOI"


def test_steps_are_shown_while_minting_and_gone_afterwards() -> None:
    state = _ready().began("key").stepped("Sending").stepped("Reading")
    assert state.steps == ("Sending", "Reading")
    done = state.minted_as(VERSION).loaded(CURRENT)
    assert done.steps == ()
    assert done.minted == VERSION
    assert done.notice is not None
    assert done.notice.text == "Generated: 10.5072/hf/0001."
    assert not done.shows_form
    assert _open().stepped("Nothing") == _open()


def test_r12_a_lost_connection_keeps_the_key_of_the_attempt() -> None:
    lost = _ready().began("one").mint_failed(ServiceUnreachable("No answer."))
    assert (lost.phase, lost.retry, lost.agreed) == ("open", "mint", True)
    again = lost.began("two")
    assert again.attempt is not None
    assert again.attempt.key == "one"
    # A preview that comes late fills in the default: it asks for nothing else.
    card = Preview(asked="", revision=OLD, description="What the card says.")
    for late in (lost.previewed(card), _edited(lost).previewed(card)):
        again = late.began("two")
        assert again.attempt is not None
        assert (again.attempt.key, again.attempt.description) == ("one", None)
    # Another request is another attempt: the same key with it would be refused.
    changed = _edited(lost, Draft("Babbage, Charles")).began("three")
    assert changed.attempt is not None
    assert changed.attempt.key == "three"


def test_r08_a_revision_that_has_a_doi_brings_it() -> None:
    error = already_registered(Doi("10.5072/hf/0001"), OLD, VERSION)
    state = _ready().began("key").mint_failed(error)
    assert state.phase == "loading"
    shown = state.loaded(CURRENT)
    assert shown.status == CURRENT
    assert shown.notice is not None
    assert "10.5072/hf/0001" in shown.notice.text


def test_the_mint_names_the_revision_that_was_shown() -> None:
    attempt = _ready().began("key").attempt
    assert attempt is not None
    assert attempt.revision == OLD
    assert attempt.terms is TERMS


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (RepoNotFound("There is none."), "load"),
        (SignInRequired("Sign in."), "load"),
        (RepoNotEligible("A Space.", "space"), None),
        (InvalidRepo("Not one."), None),
    ],
)
def test_what_cannot_be_loaded_is_one_sentence_and_the_way_out(error: Any, retry: Any) -> None:
    state = _open().loading().load_failed(error)
    assert state.phase == "failed"
    assert state.notice is not None
    assert state.notice.text == error.message
    assert state.retry == retry
    assert state.status is None
    assert not state.shows_form


def test_where_nobody_answers_the_panel_keeps_what_it_read() -> None:
    before = _edited(_ready(), Draft("Babbage, Charles"))
    state = before.loading().load_failed(ServiceUnreachable("No network."))
    assert state.notice is not None
    assert state.notice.text == "No network. The panel shows what was read before."
    assert (state.phase, state.retry) == ("open", "load")
    assert (state.status, state.form.drafts) == (before.status, before.form.drafts)
    assert not state.agreed


def test_what_was_read_before_a_mint_is_not_kept() -> None:
    error = ServiceUnreachable("No network.")
    taken = (
        _ready().began("key").mint_failed(already_registered(Doi("10.5072/hf/0001"), OLD, VERSION))
    )
    generated = _ready().began("key").minted_as(VERSION)
    never = PanelState(repo=str(REPO))
    for state in (taken, generated, generated.loading(), never):
        failed = state.load_failed(error)
        assert (failed.phase, failed.status) == ("failed", None)


def test_what_was_done_is_told_where_the_status_cannot_be_read_after_it() -> None:
    asked = _open(replace(MINE, waiting=("mint",)))
    withdrawn = asked.withdraw_began("mint").withdrawn("It was withdrawn.")
    corrected = _open(CURRENT).correcting().amended(VERSION)
    for state, done in (
        (withdrawn, "It was withdrawn."),
        (corrected, f"Corrected: {VERSION.doi}."),
    ):
        assert state.done == done
        failed = state.load_failed(ServiceUnreachable("Gone."))
        assert failed.notice is not None
        assert failed.notice.text == f"{done} Gone."
        again = failed.loading().load_failed(ServiceUnreachable("Gone."))
        assert again.notice == failed.notice
        assert failed.loading().loaded(CURRENT).done == ""


def test_a_notice_is_not_taken_for_something_that_was_done() -> None:
    told = _ready().loading().noticed("Read this.", "warn").load_failed(ServiceUnreachable("Gone."))
    assert (told.phase, told.status) == ("open", MINE)


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (WriteAccessRequired("Only its owner."), "load"),
        (RepoNotEligible("It is private.", "private"), "load"),
        (InvalidMetadata("A part cannot be used."), None),
    ],
)
def test_a_mint_that_is_refused_says_why(error: Any, retry: Any) -> None:
    state = _ready().began("key").mint_failed(error)
    assert state.phase == "open"
    assert state.attempt is None
    assert state.retry == retry
    assert state.notice is not None
    assert state.notice.text == error.message


def test_a_doi_that_was_generated_is_told_even_when_the_status_cannot_be_read() -> None:
    state = _ready().began("key").minted_as(VERSION).load_failed(ServiceUnreachable("Gone."))
    assert state.notice is not None
    assert state.notice.text == "Generated: 10.5072/hf/0001. Gone."


def test_what_is_not_mine_has_no_form() -> None:
    other = replace(MINE, can_mint=False, obstacle="Only its owner can.", suggested_authors=())
    state = _open(other)
    assert not state.shows_form
    assert state.retry == "load"
    assert state.notice is not None
    assert state.notice.text == "Only its owner can."
    assert _ticked(state) is state
    assert _open(CURRENT).notice is None
    assert not _open(CURRENT).shows_form


def test_a_hub_without_a_doi_api_hands_off_and_is_watched() -> None:
    state = _open(replace(MINE, has_doi_api=False))
    assert state.shows_form
    assert not state.shows_authors
    assert state.label == "Open the settings page"
    minting = _ticked(state).began("key")
    assert minting.attempt is not None
    assert minting.attempt.authors is None
    watching = minting.handed_off(HandOff("Open it.", "https://x").message)
    assert watching.phase == "watching"
    assert not watching.agreed
    assert watching.refusal is not None
    assert watching.refusal.text == "Waiting for the DOI to appear."
    assert watching.stopped_watching().phase == "open"
    seen = watching.minted_as(VERSION).loaded(CURRENT)
    assert seen.phase == "open"
    assert seen.status == CURRENT


def test_changes_belong_to_the_revisions_that_are_shown() -> None:
    changes = Changes(REPO, OLD, HEAD, ())
    state = _open(BEHIND).compared(changes)
    assert state.changes == changes
    assert state.loading().loaded(BEHIND).changes == changes
    assert state.loading().loaded(CURRENT).changes is None
    assert _open(CURRENT).compared(changes).changes is None


def test_authors_that_were_written_stay_until_there_is_a_doi() -> None:
    written = _edited(_open(), Draft("Babbage, Charles"))
    assert written.loading().loaded(MINE).form.drafts == written.form.drafts
    later = _ticked(written).began("key").minted_as(VERSION).loaded(CURRENT)
    assert later.form.drafts == (Draft.of(ADA),)
