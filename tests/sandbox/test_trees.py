"""Trees are git's, and a commit stores what it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from hubdoi.minting.database import Database
from hubdoi.records import Person, Repo
from hubdoi.sandbox import trees as trees_module
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.git import Blob, blob_id, tree_body, tree_id
from hubdoi.sandbox.listing import Listing
from hubdoi.sandbox.refusal import Refusal
from hubdoi.sandbox.tables import METADATA, TREES
from hubdoi.sandbox.trees import EMPTY, Trees
from hubdoi.sandbox.world import World

BERT = Repo("model", "ada/tiny-bert")
ADA = Person("ada", "Ada Lovelace", ("analytical-engine",))
# What git itself made of these files.
CONTENTS = {"a/b/c.txt": b"hi\n", "a.b/d": b"x", "a0": b"", "ü.txt": "é".encode()}
ROOT = "6aa4cc7024054ff008e110bc26f14ad7d3aed547"

NAMES = st.sampled_from(["a", "b", "a.b", "a0", "a-", "ü", *(f"n{i:02}" for i in range(30))])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
BLOBS = st.integers(0, 9).map(lambda n: (blob_id(b"%d" % n), n))
EDITS = st.lists(st.dictionaries(PATHS, BLOBS | st.none(), max_size=25), max_size=6)


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[Trees]:
    database = Database(tmp_path / "trees.db")
    database.create(METADATA)
    yield Trees(database)
    database.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trees]:
    database = Database(tmp_path_factory.mktemp("trees") / "trees.db")
    database.create(METADATA)
    yield Trees(database)
    database.close()


def as_git_does(files: dict[str, Blob]) -> str:
    """The id of the root, from every file and folder anew."""
    entries: dict[str, str] = {}
    for name in {path.partition("/")[0] for path in files}:
        inside = {
            p.removeprefix(f"{name}/"): b for p, b in files.items() if p.startswith(f"{name}/")
        }
        if inside:
            entries[f"{name}/"] = as_git_does(inside)
        else:
            entries[name] = files[name][0]
    return tree_id(tree_body(sorted(entries.items(), key=lambda entry: entry[0].encode())))


def stored(world: World) -> tuple[int, int]:
    """How many bytes are in the trees, and in how many rows."""
    with world.reading() as connection:
        size = func.coalesce(func.sum(func.length(TREES.c.entries)), 0)
        rows = connection.execute(select(size, func.count())).one()
    return rows[0], rows[1]


def test_ids_are_those_of_git(trees: Trees) -> None:
    made = trees.write(EMPTY, {p: (blob_id(c), len(c)) for p, c in CONTENTS.items()})
    assert made == ROOT
    assert trees.at(made, "a/") == ("69c8a3a4454e996caff192fc33c25aeb34f4cd6f", 3, 1)
    assert trees.at(made, "a/b/") == ("25896496f6b0554bb044f093c679297b6edf5eb2", 3, 1)
    assert trees.write(made, dict.fromkeys(CONTENTS)) == EMPTY == tree_id(b"")


@given(EDITS)
def test_a_tree_is_what_its_edits_say(shared: Trees, steps: list[dict[str, Blob | None]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Few entries fill a part.
        patch.setattr(trees_module, "PART", 4)
        _follow(shared, steps)


def _follow(shared: Trees, steps: list[dict[str, Blob | None]]) -> None:
    root, files = EMPTY, dict[str, Blob]()
    for step in steps:
        # A path that would be a file and a folder has a test of its own.
        left = {p: b for p, b in step.items() if not any(o.startswith(p + "/") for o in step)}
        edits = {p: b for p, b in left.items() if b is None or not _clashes(p, {**files, **left})}
        after = {p: b for p, b in {**files, **edits}.items() if b is not None}
        made = shared.write(root, edits)
        listing = Listing(shared, made)
        assert made == as_git_does(after)
        assert dict(listing.items()) == after
        assert (len(listing), listing.size) == (len(after), sum(size for _, size in after.values()))
        assert {p: listing.get(p) for p in after} == after
        changed = {p: (files.get(p), after.get(p)) for p in files.keys() | after.keys()}
        changed = {p: pair for p, pair in changed.items() if pair[0] != pair[1]}
        assert shared.differences(root, made) == changed
        asked = {*edits, "a", "b", "a/b"}
        assert shared.changed(root, made, asked) == {
            p for p in asked if any(c == p or c.startswith(p + "/") for c in changed)
        }
        everything = [path for path, _ in listing.under("", recursive=True)]
        for after_path in everything[::7]:
            rest = [path for path, _ in listing.under("", recursive=True, after=after_path)]
            assert rest == everything[everything.index(after_path) + 1 :]
        root, files = made, after


def _clashes(path: str, files: dict[str, Blob | None]) -> bool:
    return any(f.startswith(path + "/") or path.startswith(f + "/") for f in files)


@pytest.mark.parametrize("edits", [{"a": 1, "a/b/c": 1}, {"a/b": 1}, {"f/g": 1}, {"d": 1}])
def test_a_file_cannot_be_a_folder_too(trees: Trees, edits: dict[str, int]) -> None:
    blob = (blob_id(b""), 0)
    root = trees.write(EMPTY, {"a": blob, "d/e": blob, "f": blob})
    with pytest.raises(Refusal, match="cannot be a file and a folder"):
        trees.write(root, dict.fromkeys(edits, blob))


def test_a_folder_that_is_deleted_gives_way(trees: Trees) -> None:
    blob = (blob_id(b""), 0)
    root = trees.write(EMPTY, {"d/e": blob, "d/f": blob, "x": blob})
    assert list(Listing(trees, trees.write(root, {"d/": None, "d": blob}))) == ["d", "x"]
    assert list(Listing(trees, trees.write(root, {"d/": None, "d/g/h": blob}))) == ["d/g/h", "x"]
    assert list(Listing(trees, trees.write(root, {"x": None, "x/y": blob}))) == [
        "d/e",
        "d/f",
        "x/y",
    ]


@pytest.mark.parametrize("name", ["data/{:03}/{:02}.json", "{:03}{:02}.json"], ids=["deep", "flat"])
def test_a_commit_stores_what_it_changes(world: World, name: str) -> None:
    uid = world.store.info(BERT, ADA).uid
    paths = [name.format(n // 50, n % 50) for n in range(20_000)]
    world.store.commits.commit(uid, ADA, Change(dict.fromkeys(paths, b"{}")), title="many")
    for change in ({paths[777]: b"[]"}, {paths[19_999]: b"[]"}, {paths[5] + "x": b""}):
        before = stored(world)
        world.store.commits.commit(uid, ADA, Change(change), title="one")
        after = stored(world)
        # The whole listing has more than a million bytes.
        assert after[0] - before[0] < 120_000
        assert after[1] - before[1] <= 4


def test_nobody_can_choose_names_that_make_a_part_grow(world: World) -> None:
    uid = world.store.info(BERT, ADA).uid
    for block in range(5):
        files = dict.fromkeys((f"{9 - block}-{n:04}" for n in range(1200)), b"")
        world.store.commits.commit(uid, ADA, Change(files), title="before all others")
    with world.reading() as connection:
        rows = [json.loads(row) for row in connection.execute(select(TREES.c.entries)).scalars()]
    assert max(len(row) for row in rows) <= trees_module.PART


def test_a_commit_of_too_many_folders_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees_module, "_MAX_FOLDERS", 300)
    info = world.store.info(BERT, ADA)
    files = {"/".join([str(n), *"abcdefgh"]): b"" for n in range(40)}
    with pytest.raises(Refusal, match="several commits") as refused:
        world.store.commits.commit(info.uid, ADA, Change(files), title="x")
    assert (refused.value.status, refused.value.code) == (413, "TooManyFolders")
    assert world.store.info(BERT, ADA).head == info.head


def test_a_folder_of_too_many_entries_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees_module, "PART", 4)
    info = world.store.info(BERT, ADA)
    commits, many = world.store.commits, {f"many/{n}": b"" for n in range(40)}
    commits.commit(info.uid, ADA, Change(many), title="before there was a bound")
    monkeypatch.setattr(trees_module, "MAX_ENTRIES", 30)
    head = world.store.info(BERT, ADA).head
    for files in ({"many/more": b""}, {"many/more/deep": b""}, {str(n): b"" for n in range(31)}):
        with pytest.raises(Refusal, match="more than 30 files and folders") as refused:
            commits.commit(info.uid, ADA, Change(files), title="x")
        assert (refused.value.status, refused.value.code) == (413, "TooManyEntries")
    assert world.store.info(BERT, ADA).head == head
    # What there is can change, and others can take its place.
    commits.commit(info.uid, ADA, Change({"many/1": b"x"}), title="changed")
    commits.commit(info.uid, ADA, Change({"many/x": b""}, ("many/2",)), title="another")
    made = commits.commit(info.uid, ADA, Change({}, ("many/3", "many/4")), title="fewer")
    assert len(list(commits.listing(made).under("many", recursive=False))) == 38


def test_a_data_directory_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    with World(tmp_path / "world") as world:
        info = world.store.info(BERT, ADA)
        files = {"a/b/c.txt": b"x", "a/d": b"y", "e": b"z"}
        world.store.commits.commit(info.uid, ADA, Change(files), title="deep")
        before = world.store.info(BERT, ADA)
        listed = dict(world.store.files(info.uid, before.head or "").items())
        _as_it_was(world)
    with World(tmp_path / "world") as world:
        assert world.store.info(BERT, ADA) == before
        assert dict(world.store.files(info.uid, before.head or "").items()) == listed
        made = world.store.commits.commit(info.uid, ADA, Change({"a/d": b"!"}), title="on top")
        assert made.parent == before.head
        assert world.store.commits.last_changes(info.uid, made.oid, {"a", "e"})["a"] == made
        with world.reading() as connection:
            assert not connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    with World(tmp_path / "world") as world:
        assert world.store.info(BERT, ADA).head == made.oid


def _as_it_was(world: World) -> None:
    """Give the database the table that there was before: the whole listing of each commit."""
    with world.transaction() as connection:
        roots = connection.exec_driver_sql("SELECT DISTINCT tree FROM hub_commits").scalars().all()
        listings = {root: dict(Listing(Trees(world.database), root).items()) for root in roots}
        connection.exec_driver_sql(
            "DELETE FROM hub_trees WHERE oid NOT IN (SELECT tree FROM hub_commits)"
        )
        for root, listing in listings.items():
            connection.exec_driver_sql(
                "UPDATE hub_trees SET entries = ? WHERE oid = ?", (json.dumps(listing), root)
            )
        connection.exec_driver_sql("ALTER TABLE hub_trees RENAME COLUMN entries TO files")
        connection.exec_driver_sql("ALTER TABLE hub_trees RENAME COLUMN oid TO tree")
        connection.exec_driver_sql("ALTER TABLE hub_trees RENAME TO hub_snapshots")
