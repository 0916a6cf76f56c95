"""Feed every parser made-up inputs for some seconds: ``python scripts/fuzz.py SECONDS [PARSER …]``.

The parsers and their inputs are those of ``tests/parsers.py``. An input that breaks one is printed
in its shortest form, and kept in ``.hypothesis``, so that the next run begins with it.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections import Counter
from itertools import chain, repeat
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from hypothesis import HealthCheck, given, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.parsers import PARSERS, Surroundings, Target

ROUNDS = (5, 15, 40)
"""Inputs for a parser before the next one has its turn: few at first, so that each has one."""


def round_of(
    name: str, target: Target, around: Surroundings, counts: Counter[str], most: int
) -> None:
    """Some inputs for one parser; raises what the parser raised for the shortest that breaks it."""

    @settings(
        max_examples=most,
        deadline=None,
        database=DirectoryBasedExampleDatabase(".hypothesis/fuzz"),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def feed(value: Any) -> None:
        counts[name] += 1
        target.feed(value, around)

    # Hypothesis keeps what it found by this name.
    feed.hypothesis.inner_test.__qualname__ = f"fuzz_{name}"  # type: ignore[attr-defined]
    feed()


def main(seconds: float, names: list[str]) -> int:
    unknown = sorted(set(names) - PARSERS.keys())
    if unknown:
        print(f"There is no parser {unknown[0]!r}; there are: {', '.join(PARSERS)}")
        return 2
    left = {name: PARSERS[name] for name in names or PARSERS}
    counts: Counter[str] = Counter()
    broken: dict[str, str] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="hubdoi-fuzz-") as folder:
        around = Surroundings(Path(folder))
        try:
            for most in chain(ROUNDS, repeat(ROUNDS[-1])):
                if not left or time.monotonic() >= end:
                    break
                for name in list(left):
                    if time.monotonic() >= end:
                        break
                    try:
                        round_of(name, left[name], around, counts, most)
                    except Exception as error:
                        broken[name] = "".join(traceback.format_exception(error))
                        del left[name]
        finally:
            around.close()
    for name, found in broken.items():
        print(f"{name} breaks:\n{found}")
    print(f"{sum(counts.values()):,} inputs to {len(counts)} of {len(names or PARSERS)} parsers.")
    if unfed := (names or PARSERS.keys()) - counts.keys():
        print(f"No time was left for {', '.join(sorted(unfed))}: give more seconds.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, sys.argv[2:]))
