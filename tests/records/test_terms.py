"""Terms, and the record that somebody agreed to them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from hubdoi.records import Consent, Terms
from hubdoi.records.errors import UnexpectedAnswer


def test_r03_the_digest_is_of_exactly_this_text() -> None:
    text = "The DOI is permanent – für immer.\n"
    assert Terms(text).digest == sha256(text.encode()).hexdigest()
    assert Terms(text).digest != Terms(text.strip()).digest
    assert Terms.from_json(Terms(text).to_json()) == Terms(text)


def test_r03_terms_whose_digest_does_not_fit_are_refused() -> None:
    with pytest.raises(UnexpectedAnswer, match="do not match their digest"):
        Terms.from_json({"text": "Nothing happens.", "digest": Terms("You pay.").digest})


@pytest.mark.parametrize(
    "data", [None, [], "text", {}, {"text": None}, {"text": " "}, {"text": 5}, {"text": "a\ud800"}]
)
def test_r03_an_answer_without_terms_is_refused(data: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        Terms.from_json(data)


def test_r03_a_consent_says_who_when_and_to_what() -> None:
    consent = Consent("ada", datetime(2026, 11, 23, 9, tzinfo=UTC), Terms("text").digest)
    assert consent.to_json() == {
        "by": "ada",
        "at": "2026-11-23T09:00:00Z",
        "terms": Terms("text").digest,
    }
    assert Consent.from_json(consent.to_json()) == consent


@pytest.mark.parametrize(
    "data", [None, [], {}, {"by": "ada"}, {"by": "ada", "at": "soon", "terms": "x"}]
)
def test_an_incomplete_consent_is_refused(data: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        Consent.from_json(data)
