from datetime import UTC, datetime

import pytest

from hubdoi.records import Person, Repo
from hubdoi.records.errors import RepoNotFound, RevisionNotFound
from hubdoi.sandbox.changes import Change

BERT = Repo("model", "ada/tiny-bert")
SECRET = Repo("model", "grace/secret-model")
ADA = Person("ada", "Ada Lovelace", ("analytical-engine",))
GRACE = Person("grace", "Grace Hopper", ("analytical-engine",))


def test_info(world):
    info = world.store.info(BERT, ADA)
    assert info.repo == BERT
    assert len(info.uid) == 24
    assert info.revision == info.head
    assert len(info.head) == 40
    assert info.can_write
    assert (info.owner_name, info.owner_is_organization) == ("Ada Lovelace", False)
    assert (info.license, info.language) == ("apache-2.0", "en")
    assert info.base_models == ("google-bert/bert-base-uncased",)
    assert info.datasets == ("ada/notes",)
    assert info.description.startswith("A BERT with two layers")
    assert info.formats == (".safetensors", "application/json", "text/markdown")
    total = sum(size for _, (_, size) in world.store.files(info.uid, info.head).items())
    assert info.sizes == (f"{total} bytes",)
    assert info.revision_date == datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC)
    assert "license:apache-2.0" in info.tags


def test_who_sees_and_who_writes(world):
    assert not world.store.info(BERT, None).can_write
    assert not world.store.info(BERT, GRACE).can_write
    assert world.store.info(SECRET, GRACE).private
    for other in (None, ADA):
        with pytest.raises(RepoNotFound):
            world.store.info(SECRET, other)


def test_members_write_to_what_belongs_to_their_organisation(world):
    repo = Repo("model", "analytical-engine/mill")
    world.store.repositories.create(repo, private=True)
    info = world.store.info(repo, GRACE)
    assert info.can_write
    assert (info.owner_name, info.owner_is_organization) == ("Analytical Engine", True)
    assert (info.head, info.revision, info.sizes, info.formats) == (None, None, (), ())
    with pytest.raises(RevisionNotFound):
        world.store.info(repo, GRACE, "main")


def test_revisions_by_id_beginning_branch_and_tag(world):
    commits, uid = world.store.commits, world.store.info(BERT, None).uid
    first = commits.resolve(uid, None).oid
    second = commits.commit(uid, ADA, Change({"x": b"x"}), title="second")
    commits.create_ref(uid, "refs/tags/v1", first)
    commits.create_ref(uid, "refs/heads/old", first)
    for name in (first, first[:7], first[:39], "v1", "old", "refs/tags/v1", "refs/heads/old"):
        info = world.store.info(BERT, None, name)
        assert (info.revision, info.head) == (first, second.oid), name
    assert world.store.info(BERT, None, "main").revision == second.oid
    for name in (first[:6], "0" * 40, "0" * 7, "v2", "", "refs/pr/1", "../x"):
        with pytest.raises(RevisionNotFound):
            world.store.info(BERT, None, name)


def test_a_moved_repository_is_found_under_both_names(world):
    uid = world.store.info(BERT, None).uid
    world.store.move(uid, "analytical-engine/bert")
    for name in ("ada/tiny-bert", "analytical-engine/bert"):
        info = world.store.info(Repo("model", name), None)
        assert (info.uid, info.repo.id) == (uid, "analytical-engine/bert")


def test_a_new_repository_takes_its_name_back(world):
    uid = world.store.info(BERT, None).uid
    world.store.move(uid, "ada/bert")
    other = world.store.repositories.create(BERT)
    assert world.store.info(BERT, None).uid == other.uid
    assert world.store.info(Repo("model", "ada/bert"), None).uid == uid


def test_the_revisions_of_a_deleted_repository_stay(world):
    info = world.store.info(BERT, None)
    files = world.store.files(info.uid, info.head)
    world.store.delete(info.uid)
    with pytest.raises(RepoNotFound):
        world.store.info(BERT, ADA)
    assert world.store.files(info.uid, info.head) == files
    assert world.store.info_of(info.uid, None, info.head).license == "apache-2.0"
    world.store.repositories.create(BERT)
    assert world.store.info(BERT, None).head is None


def test_support_can_do_several_things_or_none(world):
    uid = world.store.info(BERT, None).uid
    with pytest.raises(RuntimeError), world.transaction():
        world.store.set_private(uid, True)
        world.store.move(uid, "ada/other")
        world.store.delete(uid)
        raise RuntimeError
    info = world.store.info(BERT, None)
    assert (info.uid, info.private) == (uid, False)


def test_a_broken_card_is_no_obstacle(world):
    info = world.store.info(BERT, None)
    broken = Change({"README.md": b"---\nlicense: [\n---\n\xff\xfe Text"})
    world.store.commits.commit(info.uid, ADA, broken, title="broken")
    after = world.store.info(BERT, None)
    assert (after.license, after.tags) == (None, ())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM hub_repositories WHERE type='model' AND key='a/b' AND deleted IS NULL",
        "SELECT * FROM hub_repositories WHERE uid='x'",
        "SELECT * FROM hub_redirects WHERE type='model' AND key='a/b'",
        "SELECT target FROM hub_refs WHERE uid='x' AND name='refs/heads/main'",
        "SELECT * FROM hub_commits WHERE uid='x' AND oid='y'",
        "SELECT oid FROM hub_commits WHERE uid='x' AND oid >= 'abc' AND oid < 'abcg'",
        "SELECT entries FROM hub_trees WHERE oid='x'",
        "SELECT content FROM hub_blobs WHERE oid='x'",
        "SELECT uid FROM hub_tags WHERE tag='x'",
        "SELECT organization FROM hub_members WHERE username='x'",
        "SELECT * FROM hub_discussions WHERE uid='x' AND num=1",
        "SELECT * FROM hub_events WHERE uid='x' AND num=1 ORDER BY position",
    ],
)
def test_every_lookup_has_an_index(world, statement):
    with world.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert not [row for row in plan if row[3].startswith("SCAN") or "TEMP B-TREE" in row[3]], plan
