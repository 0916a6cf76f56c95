"""The recorder: what it costs the events and the files that are not its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .harness import Result, in_turn

EVENTS = 200_000
_EVENT = f"""
import sys
from time import process_time
audit, turns = sys.audit, range({EVENTS})
start = process_time()
for _ in turns:
    audit("import", "json", None, None, None, None)
print(process_time() - start)
"""
# Opened and closed, as code does that has nothing to do with a Hub.
_OPEN = f"""
import os, sys
from time import process_time
path, turns = os.__file__, range({EVENTS // 10})
start = process_time()
for _ in turns:
    open(path, "rb").close()
print(process_time() - start)
"""
_ON = "import hubdoi.record\n"


def _seconds(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure() -> list[Result]:
    events = in_turn(lambda: _seconds(_ON + _EVENT), lambda: _seconds(_EVENT), warm_up=0)
    more = sorted(a - b for a, b in zip(events.ours, events.theirs, strict=True))
    each = more[len(more) // 2] / EVENTS * 1e6
    opened = in_turn(lambda: _seconds(_ON + _OPEN), lambda: _seconds(_OPEN), warm_up=0)
    return [
        Result("record, an event", each, "µs", "<= 1", "no recorder", events.detail),
        Result("record, a file", opened.ratio, "ratio", "<= 1.2", "no recorder", opened.detail),
    ]


@contextmanager
def subject() -> Iterator[Any]:
    from hubdoi.provenance.recorder import Recorder

    recorder = Recorder()
    recorder.start()
    yield lambda: [sys.audit("import", "json", None, None, None, None) for _ in range(EVENTS)]
    recorder.stop()
