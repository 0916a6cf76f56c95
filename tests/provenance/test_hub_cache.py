from __future__ import annotations

from pathlib import Path

import pytest

from hubdoi.provenance.hub_cache import cached_revision, hub_cache
from hubdoi.records import Repo

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
MODEL = Repo("model", "ada/engine")


def filled(cache: Path, repo: str = "models--ada--engine", **refs: str) -> Path:
    folder = cache / repo
    for name, commit in refs.items():
        ref = folder / "refs" / name.replace("__", "/")
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit)
        (folder / "snapshots" / commit.strip()).mkdir(parents=True, exist_ok=True)
    return cache


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/c", "HF_HOME": "/b"}, "/c"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/x"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({}, "~/.cache/huggingface/hub"),
    ],
)
def test_place_of_the_cache(
    environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert hub_cache() == Path(expected).expanduser()


def test_default_branch_branch_and_commit(tmp_path: Path) -> None:
    cache = filled(tmp_path, main=COMMIT + "\n", v1=OTHER, refs__pr__1=OTHER)
    assert cached_revision(MODEL, cache=cache) == COMMIT
    assert cached_revision(MODEL, "v1", cache) == OTHER
    assert cached_revision(MODEL, "refs/pr/1", cache) == OTHER
    assert cached_revision(MODEL, COMMIT, cache) == COMMIT
    assert cached_revision(MODEL, COMMIT[:8], cache) == COMMIT


def test_datasets_and_old_names(tmp_path: Path) -> None:
    filled(tmp_path, "datasets--ada--notes", main=COMMIT)
    filled(tmp_path, "models--gpt2", main=OTHER)
    assert cached_revision(Repo("dataset", "ada/notes"), cache=tmp_path) == COMMIT
    assert cached_revision(Repo("model", "gpt2"), cache=tmp_path) == OTHER
    assert cached_revision(Repo("model", "ada/notes"), cache=tmp_path) is None


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    cache = filled(tmp_path, main=COMMIT, broken="not a commit")
    (tmp_path / "models--ada--engine" / "refs" / "gone").write_text(OTHER)
    for revision in ("v9", "broken", "gone", OTHER, "", "a" * 300):
        found = cached_revision(MODEL, revision, cache)
        assert found == (COMMIT if revision == "" else None), revision


def test_a_revision_cannot_lead_out_of_the_cache(tmp_path: Path) -> None:
    cache = filled(tmp_path / "hub", main=COMMIT)
    (tmp_path / "secret").write_text(COMMIT)
    for revision in (
        "../../../secret",
        "/etc/passwd",
        str(tmp_path / "secret"),
        "a//b",
        "x\0y",
        "..",
        "a\nb",
    ):
        assert cached_revision(MODEL, revision, cache) is None


def test_two_commits_with_the_same_beginning_are_not_guessed(tmp_path: Path) -> None:
    cache = filled(tmp_path, main=COMMIT, v1=COMMIT[:10] + OTHER[:30])
    assert cached_revision(MODEL, COMMIT[:8], cache) is None
