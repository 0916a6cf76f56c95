"""Patterns, compared with what git itself says."""

import subprocess
from pathlib import Path

import pytest

from hubdoi.sandbox.patterns import ignored_by, large_by

PATHS = (
    "a",
    "a.txt",
    "b.bin",
    "a/b.bin",
    "a/b/c.txt",
    "build/x",
    "src/build/x",
    "src/a.txt",
    "src/deep/a.txt",
    "saved_model/x/y.pb",
    "x#y",
    "#y",
    "!z",
    "one two.txt",
    "logs/debug.log",
    "logs/keep/debug.log",
)
RULES = (
    "*.bin",
    "build/",
    "/build/",
    "src/*.txt",
    "src/**/a.txt",
    "**/b/**",
    "a",
    "/a",
    "*.txt\n!a.txt",
    "logs/\n!logs/keep/",
    "logs/*\n!logs/keep/",
    "\\#y",
    "\\!z",
    "# a comment\n\n[ab].txt",
    "[!a].txt",
    "?.bin",
    "one*",
    "a/**",
    "**",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize("rules", RULES)
def test_ignored_as_git_ignores(repository: Path, rules: str) -> None:
    (repository / ".gitignore").write_text(rules + "\n")
    # A file and a folder of one name cannot be asked about at the same time.
    done = subprocess.run(
        ["git", "-C", str(repository), "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(PATHS),
        capture_output=True,
        text=True,
    )
    is_ignored = ignored_by(rules)
    assert [path for path in PATHS if is_ignored(path)] == done.stdout.split("\0")[:-1]


@pytest.mark.parametrize(
    "attributes",
    [
        "*.bin filter=lfs diff=lfs merge=lfs -text",
        "saved_model/**/* filter=lfs",
        "*.bin filter=lfs\na/b.bin -filter",
        "*.bin filter=lfs\nb.bin !filter",
        "*.txt filter=other",
        "# *.bin filter=lfs",
        "src/*.txt filter=lfs text",
        "build filter=lfs",
    ],
)
def test_large_as_git_has_it(repository: Path, attributes: str) -> None:
    (repository / ".gitattributes").write_text(attributes + "\n")
    done = subprocess.run(
        ["git", "-C", str(repository), "check-attr", "-z", "--stdin", "filter"],
        input="\0".join(PATHS),
        capture_output=True,
        text=True,
    )
    told = done.stdout.split("\0")[:-1]
    large = [path for path, value in zip(told[::3], told[2::3], strict=True) if value == "lfs"]
    is_large = large_by(attributes)
    assert [path for path in PATHS if is_large(path)] == large


def test_rules_that_are_hard_to_match() -> None:
    is_ignored = ignored_by("*a" * 200 + "b\n[z-a]\n[\n" + "**/a/" * 80 + "b")
    assert not is_ignored("a" * 250)
    assert not is_ignored("/".join("a" * 200))
    assert not large_by("\0 filter=lfs\n[ filter=lfs")("a")
