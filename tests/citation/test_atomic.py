from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubdoi.citation.atomic import write_atomically, write_file
from hubdoi.records.errors import InvalidInput


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "refs.bib"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    with pytest.raises(
        InvalidInput, match=r"refs\.bib cannot be written \(No space left on device\)"
    ):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["refs.bib"]


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    was = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"x")
    finally:
        os.umask(was)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
