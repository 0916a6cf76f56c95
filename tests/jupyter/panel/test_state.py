"""The panel's states and events, without widgets and without a network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hubdoi.jupyter.panel.draft import Draft
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


def _ready() -> PanelState:
    return _open().ticked(True)


def test_loading_shows_no_form_and_then_the_minter_is_the_author() -> None:
    assert START.is_busy
    assert not START.shows_form
    state = _open()
    assert state.phase == "open"
    assert state.shows_form
    assert state.drafts == (Draft.of(ADA),)
    assert state.label == "Generate DOI"
    assert state.terms == TERMS


def test_r03_nothing_begins_without_a_tick() -> None:
    state = _open()
    assert not state.agreed
    assert state.reason == "Tick the box above first."
    assert state.began("key") is state
    assert _ready().can_begin
    assert _ready().began("key").phase == "minting"


def test_a_second_press_does_nothing() -> None:
    minting = _ready().began("one")
    assert minting.began("two") is minting
    assert minting.attempt is not None
    assert minting.attempt.key == "one"
    assert minting.ticked(False) is minting
    assert minting.edited((Draft("Other"),)) is minting


def test_changing_the_authors_keeps_the_tick_and_a_wrong_one_stops_it() -> None:
    state = _ready().edited((Draft("Babbage, Charles"), Draft("")))
    assert state.agreed
    assert state.can_begin
    attempt = state.began("key").attempt
    assert attempt is not None
    assert attempt.authors == (Author.person("Charles Babbage"),)
    wrong = state.edited((Draft("Babbage, Charles"), Draft("A", orcid="0000-0002-1825-0098")))
    assert wrong.agreed
    assert wrong.reason is not None
    assert wrong.reason.startswith("Author 2: The ORCID iD")
    assert wrong.began("key") is wrong
    assert state.edited(()).reason == "A DOI has at least one author."


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
    # Another request is another attempt: the same key with it would be refused.
    changed = lost.edited((Draft("Babbage, Charles"),)).began("three")
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
        (ServiceUnreachable("No network."), "load"),
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
    assert state.ticked(True) is state
    assert _open(CURRENT).notice is None
    assert not _open(CURRENT).shows_form


def test_a_hub_without_a_doi_api_hands_off_and_is_watched() -> None:
    state = _open(replace(MINE, has_doi_api=False))
    assert state.shows_form
    assert not state.shows_authors
    assert state.label == "Open the settings page"
    minting = state.ticked(True).began("key")
    assert minting.attempt is not None
    assert minting.attempt.authors is None
    watching = minting.handed_off(HandOff("Open it.", "https://x").message)
    assert watching.phase == "watching"
    assert not watching.agreed
    assert watching.reason == "Waiting for the DOI to appear."
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
    written = _open().edited((Draft("Babbage, Charles"),))
    assert written.loading().loaded(MINE).drafts == written.drafts
    later = written.ticked(True).began("key").minted_as(VERSION).loaded(CURRENT)
    assert later.drafts == (Draft.of(ADA),)
