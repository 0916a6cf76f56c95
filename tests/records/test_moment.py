"""Moments in UTC."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import parse_moment, show_moment


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
        ("2026-11-23T10:00:00.999999Z", "2026-11-23T10:00:00Z"),
        ("2026-11-23T12:30:00+02:30", "2026-11-23T10:00:00Z"),
        (" 2026-11-23 ", "2026-11-23T00:00:00Z"),
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00Z"),
    ],
)
def test_a_moment_is_read_in_utc(text: str, shown: str) -> None:
    moment = parse_moment(text)
    assert moment.tzinfo is UTC
    assert show_moment(moment) == shown


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_what_is_shown_can_be_read_again(moment: datetime) -> None:
    assert parse_moment(show_moment(moment)) == moment


def test_another_time_zone_is_shown_in_utc() -> None:
    eastern = timezone(timedelta(hours=-5))
    assert show_moment(datetime(2026, 1, 1, 20, tzinfo=eastern)) == "2026-01-02T01:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-10:00"],
)
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)


@given(st.text())
def test_no_text_does_anything_else(text: str) -> None:
    with suppress(ValueError):
        assert parse_moment(text).tzinfo is UTC
