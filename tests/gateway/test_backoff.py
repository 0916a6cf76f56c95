"""The pauses between attempts."""

from __future__ import annotations

from hubdoi.gateway.backoff import LONGEST_PAUSE, SHORTEST_PAUSE, pause_after


def test_each_pause_is_twice_the_one_before_up_to_an_hour() -> None:
    assert [pause_after(n) for n in range(4)] == [SHORTEST_PAUSE * 2**n for n in range(4)]
    assert pause_after(0, 60.0) == 60.0
    assert pause_after(10) == pause_after(30) == LONGEST_PAUSE


def test_an_outage_of_weeks_has_pauses_still() -> None:
    assert pause_after(5000) == LONGEST_PAUSE
