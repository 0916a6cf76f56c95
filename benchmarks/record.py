"""The recorder: what it costs the events and the files that are not its own, and a warm load."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .harness import ROOT, Result, clean_environment, in_turn, peer_version, served

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
# The events of one load from a warm cache are kept and given to the hook again: what that takes is
# the recorder's part. The difference of two loads would be lost in what loads differ by anyway.
_LOAD = """
import json, sys
from statistics import median
from time import process_time
import datasets
from hubdoi.provenance.recorder import Recorder, _hook_of

def taken(work):
    start = process_time()
    work()
    return process_time() - start

load = lambda: datasets.load_dataset("ada/notes")
load()
loads = median(taken(load) for _ in range(9))
events = []
sys.addaudithook(lambda event, arguments: events.append((event, arguments)))
load()
kept = list(events)
recorder = Recorder()
recorder.active = True
hook = _hook_of(recorder)

def again():
    for event, arguments in kept:
        hook(event, arguments)

again()
print(json.dumps([median(taken(again) for _ in range(9)), loads, len(kept)]))
"""
_WITH_DATASETS = ROOT / ".venv" / "bin" / "python"
"""The tests' environment, which has datasets."""


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
        _of_a_load(),
    ]


def _of_a_load() -> Result:
    """The recorder's part of `load_dataset` from a warm cache, without network."""
    with served() as sandbox, tempfile.TemporaryDirectory() as folder:
        home = clean_environment(Path(folder), HF_ENDPOINT=sandbox.endpoint)
        command = [str(_WITH_DATASETS), "-c"]
        fill = "import datasets; datasets.load_dataset('ada/notes')"
        subprocess.run([*command, fill], env=home, check=True, capture_output=True)
        warm = {**home, "HF_HUB_OFFLINE": "1"}
        runs = [
            json.loads(
                subprocess.run(
                    [*command, _LOAD], env=warm, check=True, capture_output=True, text=True
                ).stdout.splitlines()[-1]
            )
            for _ in range(3)
        ]
    own, load, count = min(runs)
    detail = f"{own * 1e6:.0f} µs of {load * 1e3:.1f} ms, {count} events"
    peer = peer_version("datasets", _WITH_DATASETS)
    return Result("record, a load", own / load * 100, "%", "<= 1", peer, detail)


@contextmanager
def subject() -> Iterator[Any]:
    from hubdoi.provenance.recorder import Recorder

    recorder = Recorder()
    recorder.start()
    yield lambda: [sys.audit("import", "json", None, None, None, None) for _ in range(EVENTS)]
    recorder.stop()
