"""Libraries that are too large for these tests: what each did was recorded once, and is seen again.

A file of `traces/` has the events that the recorder's hook was given and the answers that its
client got while the library loaded a tiny model from the sandbox, first into an empty cache and
then from it; with the call, the versions and the date. Of events, those of snapshots are kept.
polars reads a file of the sandbox only where it is opened for it: its own client asks
huggingface.co whatever ``HF_ENDPOINT`` says, as the outcome of those steps shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubdoi.provenance.recorder import Recorder, _hook_of
from hubdoi.provenance.recording import recorded

TRACES = sorted((Path(__file__).parent / "traces").glob("*.json"))


def answer(method: str, path: str, status: int, headers: dict[str, str], body: Any) -> Any:
    """An answer of the Hub as huggingface_hub's client hands it to its hooks."""
    request = SimpleNamespace(method=method, url=SimpleNamespace(path=path))
    return SimpleNamespace(
        status_code=status,
        headers=headers,
        request=request,
        read=lambda: None,
        json=lambda: body,
    )


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_what_a_large_library_loads_is_seen(path: Path) -> None:
    trace = json.loads(path.read_text(encoding="utf-8"))
    for step in trace["steps"]:
        recorder = Recorder()
        recorder.active = True
        hook = _hook_of(recorder)
        for event, arguments in step["events"]:
            if event == "answer":
                recorder._note_answer(answer(*arguments))
            else:
                hook(event, tuple(arguments))
        seen = {load.repo_id: load for load in recorded(recorder).loads}
        assert set(seen) == {load["repo_id"] for load in step["seen"]}
        for load in step["seen"]:
            again = seen[load["repo_id"]]
            assert (again.commit, list(again.how), list(again.files)) == (
                load["commit"],
                load["how"],
                load["files"],
            )


def test_every_row_with_a_trace_has_one() -> None:
    assert [path.stem for path in TRACES] == [
        "diffusers",
        "peft",
        "polars",
        "sentence-transformers",
        "timm",
    ]
