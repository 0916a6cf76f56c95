from __future__ import annotations

from pathlib import Path

import pytest

from hubdoi.provenance.child_writes import note_child_writes
from hubdoi.provenance.recorder import Recorder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("main", [COMMIT, None])
def test_r13_a_ref_that_is_no_text_does_not_reach_the_watched_code(
    main: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--ada--engine"
    for file in ("x.txt", "sub/y.txt"):
        path = folder / "snapshots" / COMMIT / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (folder / "refs").mkdir()
    (folder / "refs" / "a").write_bytes(b"\xff\xfe")
    if main:
        (folder / "refs" / "main").write_text(main)
    own = Recorder()
    own.cell = 4
    note_child_writes(own, 0)
    ((key, found),) = own.noted()
    assert key == ("model", "ada/engine", COMMIT)
    assert (found["how"], found["ref"], found["cells"]) == ({"child"}, main and "main", {4})
    assert sorted(found["files"]) == ["sub/y.txt", "x.txt"]
