from __future__ import annotations

import os
import signal
import subprocess
import sys
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


def test_the_mask_of_the_process_stays_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To read it is to change it, and two threads that do so at once leave it changed.
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the mask was changed"))
    write_atomically(tmp_path / "a", b"x")


def test_a_file_that_is_replaced_keeps_owner_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_bytes(b"old")
    # Only root can give a file to somebody else.
    owner = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getgroups()[-1])
    os.chown(path, *owner)
    path.chmod(0o640)
    write_atomically(path, b"new")
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (*owner, 0o640)


def test_what_a_killed_writer_left_goes_with_a_later_write(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    killed = (
        "import os, pathlib, sys; from hubdoi.citation.atomic import write_atomically; "
        "os.fsync = lambda descriptor: os.kill(os.getpid(), 9); "
        "write_atomically(pathlib.Path(sys.argv[1]), b'new')"
    )
    for _ in range(2):
        ended = subprocess.run([sys.executable, "-c", killed, str(path)], check=False)
        assert ended.returncode == -signal.SIGKILL
    old, young = tmp_path.iterdir()
    # What others may have named so stays, and a link or a directory is none of ours.
    own = tmp_path / ".refs.bib.backup.hubdoi"
    other = tmp_path / ".notes.bib.0123abcd.hubdoi"
    link = tmp_path / ".refs.bib.01234567.hubdoi"
    own.touch()
    other.touch()
    link.symlink_to(own)
    for left in (old, own, other):
        os.utime(left, (0, 0))
    os.utime(link, (0, 0), follow_symlinks=False)
    write_atomically(path, b"newest")
    assert sorted(tmp_path.iterdir()) == sorted([path, young, own, other, link])
