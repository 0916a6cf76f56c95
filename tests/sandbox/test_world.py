import os
import signal
import stat
import subprocess
import sys

import pytest

from hubdoi.records import Person, Repo
from hubdoi.records.errors import SandboxError
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.world import World

CLOCK = "2026-11-23T09:00:00Z"
ADA = Person("ada", "Ada Lovelace", ("analytical-engine",))
BERT = Repo("model", "ada/tiny-bert")


def test_a_temporary_world_leaves_nothing_behind():
    with World() as world:
        data = world.data
        assert data.is_dir()
    assert not data.exists()


def test_the_same_directory_holds_the_same_world(tmp_path):
    with World(tmp_path / "w") as world:
        users, bert = dict(world.credentials.users), world.store.info(BERT, None)
    with World(tmp_path / "w") as again:
        assert dict(again.credentials.users) == users
        assert again.store.info(BERT, None) == bert


def test_everything_in_the_directory_belongs_to_its_owner_alone(tmp_path):
    with World(tmp_path / "w") as world:
        world.endpoint = "http://127.0.0.1:1"
        assert stat.S_IMODE(world.data.stat().st_mode) == 0o700
        for path in world.data.rglob("*"):
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path.name


def test_an_empty_seed(tmp_path):
    with World(tmp_path / "w", seed="empty") as world:
        assert dict(world.credentials.users) == {}
        assert world.store.people.person("ada") is None
        token = world.add_user("alan", "Alan Turing")
        assert world.credentials.username_of(token) == "alan"
    with pytest.raises(SandboxError, match="not a seed"):
        World(tmp_path / "x", seed="other")


def test_two_worlds_cannot_share_a_directory(tmp_path):
    with World(tmp_path) as world:
        with pytest.raises(SandboxError, match=r"Another sandbox is using .*; stop that one"):
            World(tmp_path)
        assert world.store.info(BERT, None).head
    World(tmp_path).close()


def test_a_second_process_is_refused_and_a_killed_one_is_not_in_the_way(tmp_path):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from hubdoi.records import Person, Repo\n"
        "from hubdoi.sandbox.changes import Change\n"
        "from hubdoi.sandbox.world import World\n"
        "world = World(Path(sys.argv[1]))\n"
        "uid = world.store.info(Repo('model', 'ada/tiny-bert'), None).uid\n"
        "ada = world.store.people.person('ada')\n"
        "while True:\n"
        "    made = world.store.commits.commit(uid, ada, Change({'x': str(time.time()).encode()}), title='x')\n"
        "    print(made.oid, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        made = [child.stdout.readline().strip() for _ in range(20)]
        with pytest.raises(SandboxError, match="Another sandbox"):
            World(tmp_path)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        made += child.stdout.read().split()
        child.wait()
    with World(tmp_path) as world:
        info = world.store.info(BERT, None)
        known = {commit.oid for commit in world.store.commits.history(info.uid, info.head)}
        assert {oid for oid in made if len(oid) == 40} <= known


def test_the_same_clock_gives_the_same_ids(tmp_path):
    def story(path):
        with World(path, clock=CLOCK) as world:
            info = world.store.info(BERT, ADA)
            made = world.store.commits.commit(
                info.uid, ADA, Change({"x": b"x"}), title="a change", message="because"
            )
            other = world.store.repositories.create(Repo("dataset", "grace/more"))
            return info, made, other

    assert story(tmp_path / "a") == story(tmp_path / "b")


def test_a_directory_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="choose another"):
        World(tmp_path / "file" / "w")


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "sandbox.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(SandboxError, match="is not a database"):
        World(tmp_path)
