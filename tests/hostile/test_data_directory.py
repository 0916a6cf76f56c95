"""A data directory that somebody else prepared is refused in a sentence, and nothing starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hubdoi.commands.cli import main
from hubdoi.records.errors import SandboxError
from hubdoi.sandbox.data_directory import data_directory
from hubdoi.sandbox.world import World


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a sandbox that was stopped."""
    directory = tmp_path_factory.mktemp("kept") / "data"
    World(directory, seed="empty").close()
    return directory


def linked(name: str) -> Callable[[Path], None]:
    def prepare(directory: Path) -> None:
        (directory / name).rename(directory.parent / name)
        (directory / name).symlink_to(directory.parent / name)

    return prepare


def hard_linked(directory: Path) -> None:
    os.link(directory / "sandbox.db", directory.parent / "sandbox.db")


def fifo(directory: Path) -> None:
    os.mkfifo(directory / "terms.txt")


def mode(name: str, bits: int) -> Callable[[Path], None]:
    return lambda directory: (directory / name).chmod(bits)


def half_written(name: str) -> Callable[[Path], None]:
    def prepare(directory: Path) -> None:
        (directory / name).touch()
        (directory / name).chmod(0o644)

    return prepare


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (linked("credentials.json"), "is a link"),
        (linked("sandbox.db"), "is a link"),
        (lambda directory: (directory / "terms.txt").symlink_to("/etc/hostname"), "is a link"),
        (lambda directory: (directory / "running.json").symlink_to("nowhere"), "is a link"),
        (fifo, "special file"),
        (hard_linked, "hard link"),
        (mode(".", 0o770), "chmod go-w"),
        (mode(".", 0o707), "chmod go-w"),
        (mode("sandbox.db", 0o660), "chmod go-w"),
        (mode("credentials.json", 0o640), "chmod 600"),
        (mode("credentials.json", 0o604), "chmod 600"),
        (half_written("credentials.json.new"), "chmod 600"),
        (half_written("oauth-key.pem.new"), "chmod 600"),
    ],
)  # fmt: skip
def test_a_directory_that_others_prepared_is_refused(
    prepare: Callable[[Path], None], sentence: str, kept: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "data"
    shutil.copytree(kept, directory)
    directory.chmod(0o700)
    before = set(tmp_path.rglob("*"))
    prepare(directory)
    with pytest.raises(SandboxError, match=sentence) as got:
        World(directory)
    assert str(directory) in got.value.message
    assert {path.name for path in tmp_path.rglob("*")} - {path.name for path in before} <= {
        "terms.txt",
        "running.json",
        "credentials.json.new",
        "oauth-key.pem.new",
    }


def test_a_directory_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests need not run as root: it is this process that claims to be somebody else.
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SandboxError, match="belongs to another user"):
        data_directory(tmp_path)


def test_a_directory_of_ones_own_is_used_again(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "data")
    (tmp_path / "data" / "terms.txt").write_text("Other terms.")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for path in (tmp_path / "data", tmp_path / "link", tmp_path / "new" / "below"):
        World(path, seed="empty").close()
    assert (tmp_path / "new" / "below").stat().st_mode & 0o777 == 0o700


def test_the_command_says_it_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("file", "file/below", "circle"):
        assert main(["sandbox", "serve", "--data", str(tmp_path / name)]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert len(said.err.splitlines()) == 1 and "choose another" in said.err
