"""Which files differ."""

from __future__ import annotations

import pytest

from hubdoi.records import Changes, Repo, group_of

BERT = Repo("model", "ada/tiny-bert")
NOTES = Repo("dataset", "ada/notes")


def test_what_was_added_removed_and_modified_by_path() -> None:
    changes = Changes.between(
        BERT,
        "a" * 40,
        "b" * 40,
        {"README.md": ("1", 10), "old.bin": ("2", 20), "same.txt": ("3", 30)},
        {"README.md": ("4", 11), "new.py": ("5", 50), "same.txt": ("3", 30)},
    )
    assert [(f.path, f.kind, f.size_before, f.size_after) for f in changes.files] == [
        ("README.md", "modified", 10, 11),
        ("new.py", "added", None, 50),
        ("old.bin", "removed", 20, None),
    ]
    assert not changes.only_card
    assert list(changes.groups) == ["card", "weights", "code"]


def test_only_the_card_changed() -> None:
    changes = Changes.between(BERT, "a", "b", {"README.md": ("1", 1)}, {"README.md": ("2", 1)})
    assert changes.only_card
    assert list(changes.groups) == ["card"]


def test_nothing_changed() -> None:
    changes = Changes.between(BERT, "a", "a", {"x": ("1", 1)}, {"x": ("1", 1)})
    assert changes.files == ()
    assert not changes.only_card
    assert changes.groups == {}


@pytest.mark.parametrize(
    ("path", "repo", "group"),
    [
        ("README.md", BERT, "card"),
        ("docs/README.md", BERT, "other"),
        ("model.SAFETENSORS", BERT, "weights"),
        ("data/train.parquet", NOTES, "data"),
        ("config.json", BERT, "other"),
        ("train.json", NOTES, "data"),
        ("src/run.py", BERT, "code"),
        ("LICENSE", BERT, "other"),
    ],
)
def test_the_group_of_a_file(path: str, repo: Repo, group: str) -> None:
    assert group_of(path, repo) == group
