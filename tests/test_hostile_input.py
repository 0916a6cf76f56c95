"""Every parser takes whatever there is, or says in one sentence why it does not.

The inputs are counted, and the count is printed at the end of the run. ``make fuzz`` feeds the same
parsers for as long as it is told to.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubdoi.jupyter.commands import _words
from tests.made_up import JSON, OBJECTS
from tests.parsers import PARSERS, Surroundings, Target


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    surroundings = Surroundings(tmp_path_factory.mktemp("parsers"))
    yield surroundings
    surroundings.close()


def _examples(target: Target) -> int:
    """Texts cost a hundredth of what objects cost to make up, so there are more of them."""
    present = settings.get_current_profile_name()
    of_objects = settings.get_profile(present).max_examples
    dear = target.inputs in (OBJECTS, JSON) or target.in_surroundings
    return of_objects if dear else 3 * of_objects


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_everything_or_says_why_not(
    name: str, around: Surroundings, record_property: Callable[[str, object], None]
) -> None:
    target = PARSERS[name]
    inputs = 0

    @settings(
        max_examples=_examples(target),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(target.inputs)
    def feed(value: Any) -> None:
        nonlocal inputs
        inputs += 1
        target.feed(value, around)

    feed()
    record_property("inputs", inputs)
    assert inputs >= _examples(target) // 2


@given(st.lists(st.sampled_from(["cite", "'a b'", "c"]), max_size=4).map(" ".join))
def test_words_of_a_magic_are_those_of_a_shell(line: str) -> None:
    assert _words(line) == shlex.split(line)
