"""Files that somebody else wrote: each is read within bounds, or refused in a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hubdoi.bibliography.cited import cited_in
from hubdoi.bibliography.settings import read_baseline, settings_of
from hubdoi.citation.atomic import locked, write_file
from hubdoi.citation.styles import find_style
from hubdoi.config import nearest_file, read_toml
from hubdoi.provenance.evidence import read_recording
from hubdoi.provenance.hub_cache import cached_revision
from hubdoi.provenance.scanner.document import cells_of_file
from hubdoi.records import Repo
from hubdoi.records.errors import InvalidInput
from hubdoi.regular_file import read_regular

NESTED = "[" * 100_000


READERS: list[tuple[Callable[[Path], object], str]] = [
    (read_baseline, "json"),
    (read_recording, "json"),
    (cells_of_file, "ipynb"),
    (cells_of_file, "py"),
    (cells_of_file, "md"),
    (read_toml, "toml"),
    (lambda path: find_style(str(path)), "csl"),
    (cited_in, "qmd"),
]


@pytest.mark.parametrize(("read", "ending"), READERS)
def test_a_pipe_is_not_waited_for(
    read: Callable[[Path], object], ending: str, tmp_path: Path
) -> None:
    pipe = tmp_path / f"known.{ending}"
    os.mkfifo(pipe)
    with pytest.raises(InvalidInput, match=rf"known.{ending}'? is"):
        read(pipe)


@pytest.mark.parametrize(("read", "ending"), READERS)
def test_a_link_to_a_device_is_not_read(
    read: Callable[[Path], object], ending: str, tmp_path: Path
) -> None:
    # To read it would take all the memory of the machine.
    (tmp_path / f"known.{ending}").symlink_to("/dev/zero")
    with pytest.raises(InvalidInput, match=rf"known.{ending}'? is"):
        read(tmp_path / f"known.{ending}")


def test_a_pipe_in_a_shared_cache_is_no_revision(tmp_path: Path) -> None:
    refs = tmp_path / "models--ada--tiny-bert" / "refs"
    refs.mkdir(parents=True)
    os.mkfifo(refs / "main")
    assert cached_revision(Repo("model", "ada/tiny-bert"), cache=tmp_path) is None


def test_a_file_that_fails_or_does_not_end_is_one_sentence(tmp_path: Path) -> None:
    # Both say that they are regular files.
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_regular(Path("/proc/self/mem"))
    assert Path("/proc/self/maps").stat().st_size == 0
    with pytest.raises(InvalidInput, match="is larger than"):
        read_regular(Path("/proc/self/maps"), at_most=10)


@pytest.mark.parametrize("read", [read_baseline, read_recording])
def test_what_is_nested_too_deeply_is_one_sentence(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "known.json"
    path.write_text(NESTED)
    with pytest.raises(InvalidInput):
        read(path)


def test_settings_that_are_nested_too_deeply_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"x = {NESTED}")
    with pytest.raises(InvalidInput, match="cannot be read"):
        settings_of(tmp_path)


@pytest.mark.parametrize("name", ["loop", "loop/refs.bib", "null\0byte"])
def test_a_path_that_leads_nowhere_is_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with locked(tmp_path / name), pytest.raises(InvalidInput, match="cannot be written"):
        write_file(tmp_path / name, b"anything")
    assert (tmp_path / "loop").is_symlink() and list(tmp_path.iterdir()) == [tmp_path / "loop"]
    assert nearest_file("hubdoi.toml", tmp_path / name) is None
